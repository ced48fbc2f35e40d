#include "consumers/view/row_keeper.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace monitor {
namespace {

// It takes a fifth of a core at most, however dear what changes is: one session may have a hundred thousand facts.
constexpr int kPausesOfItsWork = 4;

}  // namespace

RowKeeper::RowKeeper(std::function<std::shared_ptr<const ViewStore>()> store, std::chrono::milliseconds pause)
    : store_(std::move(store)), pause_(pause) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopping;
    std::unique_lock lock(mutex);
    auto pause = pause_;
    while (!stopping.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      const auto began = std::chrono::steady_clock::now();
      // What is in the way of it, the writer meets as well and tells; what is not kept, a question counts itself.
      static_cast<void>(store_()->KeepRows([&] { return stop.stop_requested(); }));
      const auto took = std::chrono::steady_clock::now() - began;
      pause = std::max(pause_, std::chrono::ceil<std::chrono::milliseconds>(kPausesOfItsWork * took));
    }
  });
}

}  // namespace monitor
