// A disk that fails on command, for this test program and RocksDB in it: the C library's write, fsync and fdatasync are
// replaced (broken_disk_test.cpp) and go through to the system unless told otherwise.
#pragma once

#include <atomic>
#include <cstdint>

namespace monitor {

struct BrokenDisk {
  std::atomic<bool> syncs_fail{false};
  // Writes to *.log write half of what they should, once, and from then on nothing: the disk is full.
  std::atomic<bool> log_writes_fail{false};

  // What a power loss leaves for certain: how much of each file (by the number in its name) was synced.
  static constexpr int kFiles = 4'096;
  std::atomic<std::uint64_t> synced_log_bytes[kFiles]{};
};

// One for the test and the children that it forks: lives in shared memory.
BrokenDisk& Disk();

}  // namespace monitor
