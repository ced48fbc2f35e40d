// A file system that ends the process when a sync fails.
//
// After a failed fsync nobody knows what is on disk: the kernel may have dropped the dirty pages, and a second fsync
// says all is well (Rebello et al., "Can Applications Recover from fsync Failures?", 2020). RocksDB reports such a
// failure as one more I/O error, which can not be told from a disk that is full. So it is caught here, at its source,
// for every file and folder, and never becomes an error code.
//
// A write-ahead log that can not be made (no file descriptor, no room in its folder) fails at its first write instead:
// RocksDB 7.8 forgets references to its column families when making one fails, and asserts at closing that there are
// none. Threads: as rocksdb::FileSystem.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "eventstore/log/database.h"

namespace monitor {

// `on_sync_failure` must not return.
std::shared_ptr<rocksdb::FileSystem> GuardSyncs(std::shared_ptr<rocksdb::FileSystem> files,
                                                std::function<void(const std::string&)> on_sync_failure);

}  // namespace monitor
