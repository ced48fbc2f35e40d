// Snapshots of sessions that left memory, until the next append takes them along: they need no sync of their own, and
// losing one costs a longer tail to fold and nothing else. Bounded: what does not fit is dropped. Thread-safe.
#pragma once

#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "eventstore/event_store.h"

namespace monitor {

class LeavingSnapshots {
 public:
  static constexpr std::size_t kMaxBytes = 1 << 20;

  void Add(StateWrite snapshot) {
    const std::size_t bytes = snapshot.key.size() + snapshot.value.value_or("").size();
    std::lock_guard lock(mutex_);
    if (bytes_ + bytes > kMaxBytes) return;
    bytes_ += bytes;
    waiting_.push_back(std::move(snapshot));
  }

  // In front of what an append writes itself: that is newer.
  void TakeAll(std::vector<StateWrite>& out) {
    std::lock_guard lock(mutex_);
    out.insert(out.begin(), std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    bytes_ = 0;
  }

 private:
  std::mutex mutex_;
  std::vector<StateWrite> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace monitor
