#include "consumers/alerts/alert_watch.h"

#include <algorithm>

#include "kafka/back_off.h"

namespace monitor {
namespace {

// A fifth of a core at most, as the keeper of rows takes: each look counts the day's sessions of accounts with alerts.
constexpr int kPausesOfItsWork = 4;

}  // namespace

AlertWatch::AlertWatch(Instances& instances, Alerts& alerts, std::chrono::milliseconds pause)
    : thread_([&instances, &alerts, shortest = pause](const std::stop_token& stop) {
        auto pause = shortest;
        while (!kafka::PauseFor(pause, stop)) {
          const auto began = std::chrono::steady_clock::now();
          alerts.Look(instances, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()),
                      [&] { return stop.stop_requested(); });
          const auto took = std::chrono::steady_clock::now() - began;
          pause = std::max(shortest, std::chrono::ceil<std::chrono::milliseconds>(kPausesOfItsWork * took));
        }
      }) {}

}  // namespace monitor
