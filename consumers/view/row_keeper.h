// Brings the rows kept of whole days up to date, on a thread of its own, so that those who ask need not wait for it
// (docs/decisions/rows.md).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "consumers/view/view_store.h"

namespace monitor {

class RowKeeper {
 public:
  // `store`: the one that is asked at that moment; another one may take over. `pause`: between two looks.
  explicit RowKeeper(std::function<std::shared_ptr<const ViewStore>()> store,
                     std::chrono::milliseconds pause = std::chrono::seconds(5));

 private:
  const std::function<std::shared_ptr<const ViewStore>()> store_;
  const std::chrono::milliseconds pause_;
  std::jthread thread_;
};

}  // namespace monitor
