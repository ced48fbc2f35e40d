// Backups of a running node (docs/decisions/backup.md): the database without the visitors' keys into one folder, the
// newest state of these into another.
//
// Thread-safe: one backup at a time, on its caller's thread. Nobody who appends waits for it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <mutex>
#include <string>

#include "eventstore/backup/backup_folder.h"
#include "eventstore/log/rocksdb_store.h"

namespace monitor {

struct BackupWanted {
  std::string folder, keys;  // absolute; `keys` not in `folder`, neither inside the store's own
  std::function<bool()> go_on = [] { return true; };  // asked now and then; false stops it
};

struct BackupFailure {
  enum class Code : std::uint8_t {
    kInvalid,  // the folders
    kBusy,     // another one is being made
    kFailed,   // a disk, or it was stopped; no backup was added
  } code;
  std::string message;  // one sentence; of kInvalid it begins with `dir` or `keys`
};

class NodeBackup {
 public:
  explicit NodeBackup(const RocksDbStore& store) : store_(store) {}  // must outlive it

  std::expected<Backup, BackupFailure> Make(const BackupWanted& wanted);

  // Removes what a backup left behind that was interrupted by the end of its process; before the store at `path` is
  // opened.
  static void RemoveDraft(const std::string& path);

 private:
  std::expected<Backup, std::string> MakeAlone(const BackupWanted& wanted);

  const RocksDbStore& store_;
  std::mutex running_;
};

}  // namespace monitor
