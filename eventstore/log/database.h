// The RocksDB database beneath the store: its column families, its options, how it is opened, and the end of the
// process when a sync fails. rocksdb/ is named in database.h and database.cpp only; no port includes them.
//
// Threads: OpenDatabase from one thread; a Database is as thread-safe as rocksdb::DB.
#pragma once

#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/write_batch.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/values/enumerators.h"
#include "eventstore/event_store.h"
#include "eventstore/log/log_start.h"

namespace monitor {

enum class Family : std::uint8_t { kDefault, kLog, kStream, kVisitor, kAccount, kKeys, kRelay, kMeta, kSession };
constexpr std::size_t kFamilies = kEnumerators<Family>;

Family FamilyOf(StateTable table);

class Database {
 public:
  ~Database();
  Database(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family family) const { return handles_[static_cast<std::size_t>(family)]; }
  std::unique_ptr<rocksdb::Iterator> NewIterator(Family family, const rocksdb::ReadOptions& options) const;
  LogStart& start() const { return *start_; }

 private:
  friend struct DatabaseOpener;
  Database() = default;

  std::unique_ptr<rocksdb::Env> env_;  // these outlive db_
  std::unique_ptr<LogStart> start_ = std::make_unique<LogStart>();
  std::vector<std::unique_ptr<rocksdb::CompactionFilter>> filters_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> handles_{};
  std::unique_ptr<rocksdb::DB> db_;
};

struct OpenDatabaseOptions {
  std::string path;
  bool read_only = false;
  // Called by whichever thread's sync failed, RocksDB's own among them; must not return.
  std::function<void(const std::string&)> on_sync_failure;
  bool still = false;  // no table is rewritten by itself
};

// Makes the folder's database if there is none (unless read_only). Refuses a damaged write-ahead log (wal_check.h) and
// a folder that another process uses. The error is one clear sentence. Read-only: not in a process that has the folder
// open already (it would lose its lock).
std::expected<std::unique_ptr<Database>, std::string> OpenDatabase(const OpenDatabaseOptions& options);

// The process that uses the folder; 0 if none does. Not to be asked in a process that does itself.
pid_t UserOf(const std::string& path);

// Reads the tables of all families, the newest first, until at least `max_bytes` were read, and compares the checksum
// of every block. The error names the first damaged table, its family, and for the log the events that it holds and how
// far they can be read.
std::expected<void, std::string> CheckTables(const Database& database, std::uint64_t max_bytes);

// Gives back the tables that hold nothing but events of this origin before `first`. Others go when they are rewritten.
void DropTablesBefore(const Database& database, Origin origin, std::uint64_t first);

// Makes `folder`, which must not exist and lies on the same file system, a database of its own that holds all that is
// committed by now. Its tables are the same files, linked; what is not in tables yet is flushed, or copied.
std::expected<void, std::string> CopyByLinks(const Database& database, const std::string& folder);

std::string_view NameOf(Family family);

// The tables' bytes of each family, by its name.
std::vector<std::pair<std::string, std::uint64_t>> FamilyBytes(const Database& database);

// Writes and syncs. With an error nothing of it is or ever will be on disk, and the database takes no more writes until
// it is opened anew. Anything else ends the process by `on_sync_failure`.
std::expected<void, std::string> CommitBatch(Database& database, rocksdb::WriteBatch& batch,
                                             const std::function<void(const std::string&)>& on_sync_failure);

rocksdb::Slice ToSlice(std::string_view text);
template <std::size_t N>
rocksdb::Slice ToSlice(const std::array<char, N>& bytes) {
  return {bytes.data(), N};
}
std::string_view ToView(const rocksdb::Slice& slice);

}  // namespace monitor
