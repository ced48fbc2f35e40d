#include "consumers/view/view_database.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "domain/values/free_space.h"
#include "server/log.h"

namespace monitor {
namespace {

constexpr std::size_t kBlockCacheBytes = 64 << 20;
constexpr std::size_t kWriteBufferBytes = 16 << 20;  // a family; two of each, ten families: at most 320 MiB

constexpr std::size_t kDeletionWindow = 16'384;  // records

constexpr const char* kFamilyNames[] = {"default", "facts", "days",    "visitors", "marks",   "stamps",
                                        "changes", "rows",  "retired", "accounts", "progress"};
static_assert(std::size(kFamilyNames) == kFamilies);

void Require(const rocksdb::Status& status) {
  if (!status.ok()) throw StoreFailure(status.ToString());
}

// RocksDB has no code for it. The first is said of a lock of this process, the second of another's.
bool IsLocked(const rocksdb::Status& status) {
  const std::string words = status.ToString();
  return words.find("lock hold by current process") != words.npos || words.find("While lock file") != words.npos;
}

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Instead of RocksDB's own log file: with assertions, as Debian builds it, the second line that a full disk does not
// take ends the process. What matters comes as an error.
class SilentLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// After a full disk RocksDB goes on by itself, in a thread of its own, as soon as there is room; who closes the
// database meanwhile waits for ever (eventstore/log/database.cpp).
class NoRecoveryByItself : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::Options StoreOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // In parts: the filter of a whole table is larger than what a shard of the cache takes, and would be read from the
  // file for every single key.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.cache_index_and_filter_blocks = true;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = kWriteBufferBytes;
  options.compression = rocksdb::kLZ4Compression;
  options.max_open_files = 512;
  options.info_log = std::make_shared<SilentLog>();
  // After a failed write there is one way back: the database is closed without touching it and opened anew.
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NoRecoveryByItself>());
  options.avoid_flush_during_shutdown = true;
  // Where half of what is written are deletions, of retired sessions, the room is given back soon.
  options.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(kDeletionWindow, kDeletionWindow / 2));
  return options;
}

// From where it stands. False: `visit` has said so.
bool Walk(rocksdb::Iterator& found, const std::string& prefix, const ViewDatabase::Visit& visit) {
  for (; found.Valid() && found.key().starts_with(prefix); found.Next()) {
    if (!visit(View(found.key()), View(found.value()))) return false;
  }
  Require(found.status());
  return true;
}

}  // namespace

void ViewDatabase::Open(Mode mode) {
  Close();
  const rocksdb::Options options = StoreOptions();
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(std::size(kFamilyNames));
  for (const char* name : kFamilyNames) families.emplace_back(name, options);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = mode == Mode::kWrite
                                     ? rocksdb::DB::Open(options, folder_, families, &handles, &db)
                                     : rocksdb::DB::OpenForReadOnly(options, folder_, families, &handles, &db);
  if (IsLocked(status)) throw NotOurs(status.ToString());
  Require(status);
  db_.reset(db);
  std::ranges::copy(handles, handles_.begin());
  writable_ = mode == Mode::kWrite;
}

void ViewDatabase::Close() {
  batch_.Clear();
  writable_ = false;
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  handles_.fill(nullptr);
  db_.reset();
}

void ViewDatabase::PutAside(const std::string& version) {
  Close();
  const std::string aside = folder_ + ".version-" + version;
  log::Warning("view_outdated", {{"version", version}, {"moved_to", aside}});
  std::error_code error;
  std::filesystem::remove_all(aside, error);
  if (!error) std::filesystem::rename(folder_, aside, error);
  if (error) throw StoreFailure("the old view can not be moved to " + aside + ": " + error.message());
}

rocksdb::DB& ViewDatabase::db() const {
  if (!db_) throw StoreFailure("the view is closed");
  return *db_;
}

std::optional<std::string> ViewDatabase::Get(Family family, const std::string& key) {
  std::string value;
  const rocksdb::Status status = batch_.GetFromBatchAndDB(&db(), {}, handles_[family], key, &value);
  if (status.IsNotFound()) return std::nullopt;
  Require(status);
  return value;
}

std::optional<std::string> ViewDatabase::GetAt(Family family, const std::string& key,
                                               const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const rocksdb::Status status = db().Get(options, handles_[family], key, &value);
  if (status.IsNotFound()) return std::nullopt;
  Require(status);
  return value;
}

void ViewDatabase::Put(Family family, const std::string& key, std::string_view value) {
  Require(batch_.Put(handles_[family], key, rocksdb::Slice(value.data(), value.size())));
}

void ViewDatabase::Delete(Family family, const std::string& key) { Require(batch_.Delete(handles_[family], key)); }

std::optional<std::string> ViewDatabase::GetFirst(Family family, const std::string& prefix, const std::string& key) {
  const std::unique_ptr<rocksdb::Iterator> found(
      batch_.NewIteratorWithBase(handles_[family], db().NewIterator({}, handles_[family])));
  found->Seek(key);
  Require(found->status());
  if (!found->Valid() || !found->key().starts_with(prefix)) return std::nullopt;
  return found->value().ToString();
}

void ViewDatabase::Scan(Family family, const std::string& prefix, const rocksdb::Snapshot* snapshot,
                        const Visit& visit) const {
  ScanFrom(family, prefix, prefix, snapshot, visit);
}

void ViewDatabase::ScanFrom(Family family, const std::string& prefix, const std::string& key,
                            const rocksdb::Snapshot* snapshot, const Visit& visit) const {
  const auto found = Iterate(family, snapshot);
  found->Seek(key);
  Walk(*found, prefix, visit);
}

void ViewDatabase::ScanEach(Family family, std::span<const std::string> prefixes, const rocksdb::Snapshot* snapshot,
                            const Visit& visit) const {
  const auto found = Iterate(family, snapshot);
  for (const std::string& prefix : prefixes) {
    // After the one before it stands here already if nothing lies between them.
    if (!found->Valid() || found->key().compare(prefix) < 0) found->Seek(prefix);
    if (!Walk(*found, prefix, visit)) return;
  }
}

std::unique_ptr<rocksdb::Iterator> ViewDatabase::Iterate(Family family, const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  return std::unique_ptr<rocksdb::Iterator>(db().NewIterator(options, handles_[family]));
}

std::uint64_t ViewDatabase::DiskBytes() const {
  std::uint64_t sum = 0;
  db().GetAggregatedIntProperty("rocksdb.total-sst-files-size", &sum);
  return sum;
}

void ViewDatabase::FlushSoon(Family family) const {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;  // or it waits until nothing would stall
  db().Flush(options, handles_[family]).PermitUncheckedError();
}

void ViewDatabase::Write(rocksdb::WriteBatch& batch) {
  const rocksdb::Status status = db().Write({}, &batch);
  writable_ &= status.ok();
  Require(status);
}

void ViewDatabase::Aside::Put(Family family, const std::string& key, std::string_view value) {
  Require(batch_.Put(database_.handles_[family], key, rocksdb::Slice(value.data(), value.size())));
}

void ViewDatabase::Aside::Delete(Family family, const std::string& key) {
  Require(batch_.Delete(database_.handles_[family], key));
}

void ViewDatabase::Aside::DeleteRange(Family family, const std::string& begin, const std::string& end) {
  Require(batch_.DeleteRange(database_.handles_[family], begin, end));
}

void ViewDatabase::Aside::Write() {
  if (batch_.Count() == 0 || !database_.writable()) return;
  database_.db().Write({}, &batch_).PermitUncheckedError();
  batch_.Clear();
}

void ViewDatabase::Aside::WriteOrThrow(ViewDatabase& database) { database.Write(batch_); }

std::optional<std::string> DiskRoom::TooLittle() const {
  struct statvfs disk;
  if (::statvfs(folder_.c_str(), &disk) != 0) return std::nullopt;
  const std::uint64_t free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free_bytes >= min_free_bytes_) return std::nullopt;
  return TooLittleFree(free_bytes, min_free_bytes_);
}

}  // namespace monitor
