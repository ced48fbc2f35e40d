#include "consumers/view/row_keeper.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace monitor {

RowKeeper::RowKeeper(std::function<std::shared_ptr<const ViewStore>()> store, std::chrono::milliseconds pause)
    : store_(std::move(store)), pause_(pause) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopping;
    std::unique_lock lock(mutex);
    while (!stopping.wait_for(lock, stop, pause_, [&] { return stop.stop_requested(); })) {
      // What is in the way of it, the writer meets as well and tells; what is not kept, a question counts itself.
      static_cast<void>(store_()->KeepRows([&] { return stop.stop_requested(); }));
    }
  });
}

}  // namespace monitor
