// Drops what lies before the log's beginning while RocksDB rewrites a table: events, entries of sessions' streams,
// snapshots of sessions that are over. Entries of accounts' and visitors' streams stay: their versions count on, and an
// account's events are kept (keys.h).
#pragma once

#include <memory>

#include "eventstore/log/database.h"
#include "eventstore/log/log_start.h"

namespace monitor {

// nullptr for families of which nothing is dropped. `start` must outlive it.
std::unique_ptr<rocksdb::CompactionFilter> RetentionFilter(Family family, const LogStart& start);

}  // namespace monitor
