// Where the log begins: of each origin the oldest seq that is kept, and from when on sessions' snapshots are. What lies
// before is neither read nor told; RocksDB drops it with whole tables, or when it rewrites one (retention_filters.h).
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "domain/values/log_position.h"
#include "domain/values/timestamp.h"

namespace monitor {

class LogStart {
 public:
  // 1: nothing was dropped.
  std::uint64_t FirstOf(Origin origin) const {
    std::shared_lock lock(mutex_);
    const auto known = firsts_.find(origin);
    return known == firsts_.end() ? 1 : known->second;
  }
  void Set(Origin origin, std::uint64_t first) {
    std::unique_lock lock(mutex_);
    firsts_[origin] = first;
  }
  bool Keeps(LogPosition position) const { return position.seq >= FirstOf(position.origin); }

  // Snapshots written before belong to sessions that are over.
  TimeMs sessions_from() const { return FromUnixMs(sessions_from_.load(std::memory_order_relaxed)); }
  void KeepSessionsFrom(TimeMs time) { sessions_from_.store(ToUnixMs(time), std::memory_order_relaxed); }

 private:
  mutable std::shared_mutex mutex_;
  std::map<Origin, std::uint64_t> firsts_;
  std::atomic<std::int64_t> sessions_from_{0};
};

}  // namespace monitor
