// Tells a torn tail of RocksDB's write-ahead log from damage, before RocksDB reads it.
//
// Why not leave it to RocksDB: its recovery modes either stop silently at the first bad byte (and so forget
// acknowledged events behind it), or take a flipped bit in a length for the end of the file, or refuse a tail whose
// pages reached the disk out of order. What decides here: the writer syncs every batch before it writes the next, and a
// batch is one logical record of the log. So only the very last record may be incomplete. A bad record with a later one
// behind it was synced once: that is damage, and so is a bad last record that is all there (neither cut short nor with
// a sector in it that ends in zeros, as a lost write leaves it).
//
// Threads: pure functions over files that nobody writes.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/log_position.h"

namespace monitor {

struct WalDamage {
  std::string file = {};  // its path
  std::size_t at = 0;     // byte
  std::string what = {};
  std::optional<LogPosition> last = {};  // the last event before it, if one is in the file

  std::string InWords() const;
};

// The first damage in any *.log of the folder, nullopt if there is none. The error is one sentence: a file can not be
// read.
std::expected<std::optional<WalDamage>, std::string> CheckWriteAheadLogs(const std::string& folder);
// One log's bytes; of the damage `at` and `what`.
std::expected<void, WalDamage> CheckWriteAheadLog(std::string_view bytes);

// Paths of the folder's logs, oldest first.
std::vector<std::string> WriteAheadLogs(const std::string& folder);
std::expected<std::string, std::string> ReadWriteAheadLog(const std::string& path);

}  // namespace monitor
