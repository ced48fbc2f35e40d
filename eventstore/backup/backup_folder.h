// The folder of backups: RocksDB's backup engine over it. Tables that several backups have in common are there once.
//
//   meta/ID            which files a backup consists of, with their sizes and checksums; made last: with it it counts
//   private/ID         its manifest
//   shared_checksum/   tables, by number, session and size; each with the one backup or more that need it
//   monitor.lock       held by who makes or drops a backup
//
// Errors are one sentence. Threads: any; who changes a folder holds it alone, over processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "domain/values/log_position.h"
#include "domain/values/timestamp.h"

namespace monitor {

struct Backup {
  std::uint32_t id = 0;
  TimeMs at;             // when it was made, in whole seconds
  LogPosition position;  // everything of that origin up to there is in it
  std::uint64_t bytes = 0;
};

struct Backups {
  std::vector<Backup> whole;  // oldest first
  std::vector<std::uint32_t> damaged;
};

// By the files' presence and sizes alone. A folder without backups is an error.
std::expected<Backups, std::string> ListBackups(const std::string& folder);

// Adds one of the database at `path`, which nobody has open. False from `go_on`, asked every few MiB, stops it.
std::expected<Backup, std::string> AddBackup(const std::string& folder, const std::string& path,
                                             const std::function<bool()>& go_on);

// Reads all of its files and compares their checksums.
std::expected<void, std::string> VerifyBackup(const std::string& folder, std::uint32_t id);

// Drops all but the newest `keep` (≥ 1), the damaged ones, too, and what no other needs of them; returns which.
std::expected<std::vector<std::uint32_t>, std::string> PruneBackups(const std::string& folder, std::size_t keep);

// Makes the folder `path` of its files, compared with their checksums while they are copied.
std::expected<void, std::string> CopyBackup(const std::string& folder, std::uint32_t id, const std::string& path);

// Empties the family of visitors' keys of the database at `path`, which nobody has open: afterwards none of its files,
// the write-ahead log among them, holds any.
std::expected<void, std::string> DropVisitorKeys(const std::string& path);

}  // namespace monitor
