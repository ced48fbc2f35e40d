// Pauses between tries: the first, doubled up to the greatest, the first again after progress. A value.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace monitor::kafka {

class BackOff {
 public:
  using Pause = std::chrono::milliseconds;

  BackOff(Pause first, Pause greatest) : first_(first), greatest_(greatest), next_(first) {}

  // How long to wait now. `progressed`: the last try achieved something before it failed.
  Pause Next(bool progressed) {
    const Pause pause = progressed ? first_ : next_;
    next_ = std::min(2 * pause, greatest_);
    return pause;
  }

 private:
  Pause first_, greatest_, next_;
};

// Waits; true, at once, if it is stopped.
inline bool PauseFor(std::chrono::milliseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, pause, [] { return false; });
  return stop.stop_requested();
}

}  // namespace monitor::kafka
