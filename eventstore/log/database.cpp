#include "eventstore/log/database.h"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

#include "eventstore/log/keys.h"
#include "eventstore/log/retention_filters.h"
#include "eventstore/log/sync_guard.h"
#include "eventstore/log/wal_check.h"

namespace monitor {
namespace {

constexpr const char* kFamilyNames[] = {"default", "log",   "stream", "visitor", "account",
                                        "keys",    "relay", "meta",   "session"};
static_assert(std::size(kFamilyNames) == kFamilies);

// The one place that decides on durability: every batch is on disk before anybody is answered (docs/decisions/
// log-is-truth.md). With one write the data also becomes readable only after its sync, so no reader sees what a crash
// takes back.
constexpr bool kSyncEveryBatch = true;

constexpr std::size_t kMiB = 1 << 20;
// All bounds of memory: what is not yet in tables, and what is cached of tables (their indexes and filters included).
constexpr std::size_t kLogWriteBuffer = 64 * kMiB;
constexpr std::size_t kStreamWriteBuffer = 32 * kMiB;
constexpr std::size_t kStateWriteBuffer = 16 * kMiB;
constexpr std::size_t kAllWriteBuffers = 160 * kMiB;
constexpr std::size_t kBlockCache = 64 * kMiB;
constexpr int kMaxOpenFiles = 1'000;
// How much must at most be read again at open.
constexpr std::uint64_t kMaxWriteAheadLog = 256 * kMiB;
// A table of which something may be dropped is rewritten after so long, if nothing else did it before.
constexpr std::chrono::seconds kOldAtMost = std::chrono::days(7);

// Streams' names as prefixes, so that "is there such a stream" is mostly answered by a Bloom filter.
class StreamNamePrefix : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "MonitorStreamName"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), StreamKeyPrefixSize(ToView(key))};
  }
  bool InDomain(const rocksdb::Slice& key) const override { return ToView(key).find('\0') != std::string_view::npos; }
};

// Instead of RocksDB's own log file: with assertions, as Debian builds it, the second line that a full disk does not
// take ends the process. What matters comes as an error. Nor is it to be written to folders that are only read.
class SilentLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// After a full disk RocksDB goes on by itself, in a thread of its own, as soon as there is room. Whoever closes the
// database meanwhile waits for that thread, which waits for a flush that never comes (7.8): for ever.
class NoRecoveryByItself : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::CompressionType BestCompression() {
  auto supported = rocksdb::GetSupportedCompressions();
  for (auto wanted : {rocksdb::kLZ4Compression, rocksdb::kZSTD, rocksdb::kSnappyCompression}) {
    if (std::ranges::find(supported, wanted) != supported.end()) return wanted;
  }
  return rocksdb::kNoCompression;
}

rocksdb::DBOptions DatabaseWide(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // What may be missing at the end was judged by wal_check.h; here it is dropped.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // All families go to tables together: whatever the write-ahead log still holds, they agree with each other.
  options.atomic_flush = true;
  // After a failed write there is one way back: the store opens the database anew (log_writer.h).
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NoRecoveryByItself>());
  options.max_total_wal_size = kMaxWriteAheadLog;
  options.db_write_buffer_size = kAllWriteBuffers;
  options.max_background_jobs = 2;
  options.max_open_files = kMaxOpenFiles;
  options.bytes_per_sync = kMiB;
  // One writer: what serves several costs it time only.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = std::make_shared<SilentLog>();
  return options;
}

rocksdb::ColumnFamilyOptions OptionsOf(Family family, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  table.block_size = 16 << 10;

  rocksdb::ColumnFamilyOptions options;
  options.compression = BestCompression();
  options.write_buffer_size = kStateWriteBuffer;
  if (family == Family::kLog) {
    // Keys only ever grow: a hint finds the place in the memtable at once, and tables move down without being
    // rewritten.
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kOriginKeySize));
    options.write_buffer_size = kLogWriteBuffer;
    options.target_file_size_base = kLogWriteBuffer;
  } else {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }
  if (family == Family::kStream) {
    options.prefix_extractor = std::make_shared<StreamNamePrefix>();
    options.memtable_prefix_bloom_size_ratio = 0.05;
    options.write_buffer_size = kStreamWriteBuffer;
    table.whole_key_filtering = false;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::string Inaccessible(const std::string& path, const std::string& why) {
  return "cannot open the data folder " + path + ": " + why;
}

// What an operator can do about a damaged write-ahead log.
std::string CureOf(const std::string& path) {
  return "; restore a backup, or drop what stands there and behind it: monitorctl log repair --drop-damaged --data " +
         path;
}

std::string InUse(const OpenDatabaseOptions& options, pid_t holder) {
  return Inaccessible(options.path, "process " + std::to_string(holder) + " is using it");
}

std::string OpenFailure(const OpenDatabaseOptions& options, const rocksdb::Status& status) {
  std::string text = status.ToString();
  bool lock = text.find("LOCK") != std::string::npos;
  if (lock && text.find("current process") != std::string::npos) {
    return Inaccessible(options.path, "this process has it open already");
  }
  if (pid_t holder = lock ? UserOf(options.path) : 0) return InUse(options, holder);
  if (status.IsCorruption()) text += "; restore a backup";
  return Inaccessible(options.path, text);
}

// A database's first table is made long after its CURRENT.
bool HoldsTables(const std::string& path) {
  std::error_code error;
  std::filesystem::directory_iterator files(path, error);
  return !error && std::ranges::any_of(files, [](const auto& file) { return file.path().extension() == ".sst"; });
}

std::expected<void, std::string> CheckFolder(const OpenDatabaseOptions& options) {
  std::error_code error;
  bool exists = std::filesystem::exists(options.path + "/CURRENT", error);
  if (!exists && HoldsTables(options.path)) {
    return std::unexpected(Inaccessible(options.path, "its file CURRENT is missing, but there are tables of a log"));
  }
  if (options.read_only && !exists) return std::unexpected(Inaccessible(options.path, "there is no log in it"));
  if (!exists) {
    std::filesystem::create_directories(options.path, error);
    if (error) return std::unexpected(Inaccessible(options.path, error.message()));
  }
  return {};
}

}  // namespace

// Who holds RocksDB's lock on it. That is a POSIX one: closing the file here would release it if this very process held
// it.
pid_t UserOf(const std::string& path) {
  int file = ::open((path + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return 0;
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  int asked = ::fcntl(file, F_GETLK, &lock);
  ::close(file);
  return asked == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

struct DatabaseOpener {
  static std::expected<std::unique_ptr<Database>, std::string> Open(const OpenDatabaseOptions& options) {
    std::unique_ptr<Database> database(new Database);
    database->env_ = rocksdb::NewCompositeEnv(GuardSyncs(rocksdb::FileSystem::Default(), options.on_sync_failure));

    auto cache = rocksdb::NewLRUCache(kBlockCache);
    const std::size_t count = options.read_only ? FamiliesIn(options.path) : kFamilies;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    families.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto family = static_cast<Family>(i);
      families.emplace_back(kFamilyNames[i], OptionsOf(family, cache));
      families.back().options.disable_auto_compactions = options.still;
      if (auto filter = RetentionFilter(family, *database->start_)) {
        families.back().options.compaction_filter = filter.get();
        families.back().options.periodic_compaction_seconds = kOldAtMost.count();
        database->filters_.push_back(std::move(filter));
      }
    }
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    auto wide = DatabaseWide(database->env_.get());
    rocksdb::Status status = options.read_only
                                 ? rocksdb::DB::OpenForReadOnly(wide, options.path, families, &handles, &db)
                                 : rocksdb::DB::Open(wide, options.path, families, &handles, &db);
    if (!status.ok()) return std::unexpected(OpenFailure(options, status));
    database->db_.reset(db);
    // A family that an older program did not know is read as an empty one: nothing is ever in the default family.
    database->handles_.fill(handles.front());
    std::ranges::copy(handles, database->handles_.begin());
    return database;
  }

 private:
  // New ones stand at the end of the list and are made when the folder is opened for writing.
  static std::size_t FamiliesIn(const std::string& path) {
    std::vector<std::string> there;
    if (!rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path, &there).ok()) return kFamilies;
    return static_cast<std::size_t>(std::ranges::count_if(
        kFamilyNames, [&](const char* name) { return std::ranges::find(there, name) != there.end(); }));
  }
};

Database::~Database() {
  std::ranges::sort(handles_);
  const auto doubles = std::ranges::unique(handles_);
  for (auto handle = handles_.begin(); handle != doubles.begin(); ++handle) {
    if (*handle) db_->DestroyColumnFamilyHandle(*handle);
  }
}

std::unique_ptr<rocksdb::Iterator> Database::NewIterator(Family which, const rocksdb::ReadOptions& options) const {
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, family(which)));
}

std::expected<std::unique_ptr<Database>, std::string> OpenDatabase(const OpenDatabaseOptions& options) {
  if (auto checked = CheckFolder(options); !checked) return std::unexpected(checked.error());
  if (pid_t holder = options.read_only ? UserOf(options.path) : 0) return std::unexpected(InUse(options, holder));
  const auto damage = CheckWriteAheadLogs(options.path);
  if (!damage || *damage) {
    if (pid_t holder = UserOf(options.path)) return std::unexpected(InUse(options, holder));
    return std::unexpected(
        Inaccessible(options.path, damage ? (*damage)->InWords() + CureOf(options.path) : damage.error()));
  }
  return DatabaseOpener::Open(options);
}

namespace {

// No file goes away while it lives: a compaction might replace one that is about to be read.
class FilesStay {
 public:
  explicit FilesStay(rocksdb::DB& db) : db_(db), held_(db.DisableFileDeletions().ok()) {}
  FilesStay(const FilesStay&) = delete;
  ~FilesStay() {
    if (held_) db_.EnableFileDeletions();
  }

 private:
  rocksdb::DB& db_;
  const bool held_;  // read-only databases refuse, and delete nothing
};

rocksdb::Status CheckTable(const std::string& path, rocksdb::Env* env) {
  rocksdb::Options options;
  options.env = env;
  rocksdb::SstFileReader reader(options);
  rocksdb::Status status = reader.Open(path);
  return status.ok() ? reader.VerifyChecksum() : status;
}

// The last event before the first block that can not be read.
std::optional<LogPosition> ReadableUpTo(const std::string& path, rocksdb::Env* env) {
  rocksdb::Options options;
  options.env = env;
  rocksdb::SstFileReader reader(options);
  if (!reader.Open(path).ok()) return std::nullopt;
  std::optional<LogPosition> last;
  const std::unique_ptr<rocksdb::Iterator> events(reader.NewIterator(rocksdb::ReadOptions()));
  for (events->SeekToFirst(); events->Valid(); events->Next()) last = ParseLogKey(ToView(events->key()));
  return last;
}

std::string DamagedTable(const rocksdb::LiveFileMetaData& table, const std::string& path, rocksdb::Env* env,
                         const rocksdb::Status& status) {
  std::string text = "the table " + table.relative_filename + " of the family " + table.column_family_name;
  auto first = ParseLogKey(table.smallestkey), last = ParseLogKey(table.largestkey);
  if (table.column_family_name == kFamilyNames[static_cast<std::size_t>(Family::kLog)] && first && last) {
    text += ", which holds events from " + first->ToString() + " to " + last->ToString();
    const auto readable = ReadableUpTo(path, env);
    text += readable ? " and can be read up to " + readable->ToString() + "," : ",";
  }
  return text + " is damaged: " + status.ToString();
}

}  // namespace

std::expected<void, std::string> CheckTables(const Database& database, std::uint64_t max_bytes) {
  const FilesStay stay(database.db());
  std::vector<rocksdb::LiveFileMetaData> tables;
  database.db().GetLiveFilesMetaData(&tables);
  std::ranges::sort(tables, std::greater(), &rocksdb::LiveFileMetaData::file_number);
  std::uint64_t bytes = 0;
  for (const auto& table : tables) {
    if (bytes >= max_bytes) break;
    const std::string path = table.directory + "/" + table.relative_filename;
    const auto status = CheckTable(path, database.db().GetEnv());
    if (!status.ok()) return std::unexpected(DamagedTable(table, path, database.db().GetEnv(), status));
    bytes += table.size;
  }
  return {};
}

void DropTablesBefore(const Database& database, Origin origin, std::uint64_t first) {
  const auto begin = LogKey({origin, 0}), end = LogKey({origin, first});
  const rocksdb::Slice from = ToSlice(begin), to = ToSlice(end);
  // What could not be dropped now is tried again with the next ones.
  rocksdb::DeleteFilesInRange(&database.db(), database.family(Family::kLog), &from, &to, /*include_end=*/false)
      .PermitUncheckedError();
}

std::expected<void, std::string> CopyByLinks(const Database& database, const std::string& folder) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&database.db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
  if (!status.ok()) return std::unexpected(status.ToString());
  return {};
}

std::string_view NameOf(Family family) { return kFamilyNames[static_cast<std::size_t>(family)]; }

std::vector<std::pair<std::string, std::uint64_t>> FamilyBytes(const Database& database) {
  std::vector<std::pair<std::string, std::uint64_t>> bytes;
  for (std::size_t i = 1; i < kFamilies; ++i) {  // the default one is empty
    std::uint64_t size = 0;
    database.db().GetIntProperty(database.family(static_cast<Family>(i)), rocksdb::DB::Properties::kTotalSstFilesSize,
                                 &size);
    bytes.emplace_back(kFamilyNames[i], size);
  }
  return bytes;
}

std::expected<void, std::string> CommitBatch(Database& database, rocksdb::WriteBatch& batch,
                                             const std::function<void(const std::string&)>& on_sync_failure) {
  rocksdb::WriteOptions options;
  options.sync = kSyncEveryBatch;
  rocksdb::Status status = database.db().Write(options, &batch);
  if (status.ok()) return {};
  const std::string error = status.ToString();
  // Syncs that fail never come back here (sync_guard.h), so an I/O error means that the record in the write-ahead log
  // is missing or cut short: recovery drops it. Of any other failure nobody knows what it left behind.
  if (!status.IsIOError()) on_sync_failure("a write failed in an unknown way: " + error);
  return std::unexpected(error);
}

Family FamilyOf(StateTable table) {
  switch (table) {
    case StateTable::kVisitor:
      return Family::kVisitor;
    case StateTable::kAccount:
      return Family::kAccount;
    case StateTable::kVisitorKey:
      return Family::kKeys;
    case StateTable::kMeta:
      return Family::kMeta;
    case StateTable::kSession:
      return Family::kSession;
  }
  std::unreachable();
}

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace monitor
