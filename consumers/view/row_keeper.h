// Brings the rows kept of whole days up to date, on a thread of its own, so that those who ask need not wait for it
// (docs/decisions/rows.md).
#pragma once

#include <chrono>
#include <thread>

#include "consumers/view/view_store.h"

namespace monitor {

class RowKeeper {
 public:
  // The store must outlive it. `pause`: between two looks.
  explicit RowKeeper(const ViewStore& store, std::chrono::milliseconds pause = std::chrono::seconds(5));

 private:
  const ViewStore& store_;
  const std::chrono::milliseconds pause_;
  std::jthread thread_;
};

}  // namespace monitor
