#include "consumers/view_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <unordered_map>

#include "api/server/log.h"
#include "consumers/account_summary.h"
#include "consumers/stored_visitor.h"
#include "consumers/view_keys.h"
#include "consumers/view_records.h"
#include "domain/funnel_codec.h"
#include "domain/whole_number.h"

namespace monitor {
namespace {

constexpr std::size_t kBlockCacheBytes = 64 << 20;
constexpr std::size_t kWriteBufferBytes = 16 << 20;  // a family; two of each, five families: at most 160 MiB

constexpr std::array<const char*, kFamilies> kFamilyNames = {"default", "facts",    "visitors",
                                                             "marks",   "accounts", "progress"};

void Require(const rocksdb::Status& status) {
  if (!status.ok()) throw StoreFailure(status.ToString());
}

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

rocksdb::Options StoreOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = kWriteBufferBytes;
  options.compression = rocksdb::kLZ4Compression;
  options.max_open_files = 512;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 8 << 20;
  return options;
}

// The database and the writer's open batch. What the batch has is seen before what the disk has.
class Database : public ViewRecords {
 public:
  explicit Database(const std::string& folder) {
    const rocksdb::Options options = StoreOptions();
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    families.reserve(std::size(kFamilyNames));
    for (const char* name : kFamilyNames) families.emplace_back(name, options);
    rocksdb::DB* db = nullptr;
    Require(rocksdb::DB::Open(options, folder, families, &handles_, &db));
    db_.reset(db);
  }
  ~Database() override {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }

  std::optional<std::string> Get(Family family, const std::string& key) override {
    std::string value;
    const rocksdb::Status status = batch_.GetFromBatchAndDB(db_.get(), {}, handles_[family], key, &value);
    if (status.IsNotFound()) return std::nullopt;
    Require(status);
    return value;
  }

  void Put(Family family, const std::string& key, std::string_view value) override {
    Require(batch_.Put(handles_[family], key, rocksdb::Slice(value.data(), value.size())));
  }

  std::optional<std::string> GetFirst(Family family, const std::string& prefix, const std::string& key) override {
    const std::unique_ptr<rocksdb::Iterator> found(
        batch_.NewIteratorWithBase(handles_[family], db_->NewIterator({}, handles_[family])));
    found->Seek(key);
    Require(found->status());
    if (!found->Valid() || !found->key().starts_with(prefix)) return std::nullopt;
    return found->value().ToString();
  }

  // Committed records whose key begins with `prefix`, until `visit` returns false.
  void Scan(Family family, const std::string& prefix, const rocksdb::Snapshot* snapshot,
            const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    std::unique_ptr<rocksdb::Iterator> found(db_->NewIterator(options, handles_[family]));
    Walk(*found, prefix, visit);
  }

  // Not synced: after a power loss the view is that of an earlier batch, and its own offsets say from where to go on.
  rocksdb::Status Write() { return db_->Write({}, batch_.GetWriteBatch()); }
  void Clear() { batch_.Clear(); }

 private:
  static void Walk(rocksdb::Iterator& found, const std::string& prefix,
                   const std::function<bool(std::string_view, std::string_view)>& visit) {
    for (found.Seek(prefix); found.Valid() && found.key().starts_with(prefix); found.Next()) {
      if (!visit(View(found.key()), View(found.value()))) return;
    }
    Require(found.status());
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  rocksdb::WriteBatchWithIndex batch_{rocksdb::BytewiseComparator(), 0, true};
};

// Feeds an account's facts of one bucket to a RowBuilder, session by session.
void AddBucket(const Database& database, const rocksdb::Snapshot* snapshot, const std::string& prefix,
               funnel::RowBuilder& rows) {
  std::string visitor, session;
  funnel::SessionTraits traits;
  std::vector<funnel::EventFacts> events;
  const auto finish_session = [&] {
    if (!events.empty()) rows.Add(traits, events);
    events.clear();
    traits = funnel::SessionTraits{};
  };
  database.Scan(kFacts, prefix, snapshot, [&](std::string_view key, std::string_view value) {
    const view::FactsAddress address = Decoded(view::ParseFactsKey(key));
    const bool new_visitor = address.visitor != visitor;
    if (new_visitor || address.session != session) {
      finish_session();
      if (new_visitor) rows.BeginVisitor();
      visitor = address.visitor;
      session = address.session;
    }
    if (address.ordinal == 0) {
      traits = Decoded(funnel::DecodeSessionTraits(value));
    } else {
      events.push_back(Decoded(funnel::DecodeFacts(address.ordinal, value)));
    }
    return true;
  });
  finish_session();
}

// The accounts whose keys begin with `prefix`: one key a bucket, one of which has the summary.
std::vector<AccountSummary> AccountsIn(const Database& database, const std::string& prefix) {
  std::vector<AccountSummary> accounts;
  database.Scan(kAccounts, prefix, nullptr, [&](std::string_view key, std::string_view value) {
    const std::string_view id = key.substr(0, key.find('\0'));
    if (accounts.empty() || accounts.back().id.str() != id) accounts.push_back({.id = AccountId(id)});
    if (const auto facts = ReadSummary(value)) {
      accounts.back().time_zone = facts->time_zone;
      accounts.back().json = value;
    }
    return true;
  });
  return accounts;
}

constexpr std::string_view kVersionKey = "version";
constexpr std::string_view kSeqPrefix = "seq/", kOffsetPrefix = "offset/", kPositionPrefix = "position/";

std::string SeqKey(const std::string& origin, Bucket bucket) {
  return std::string(kSeqPrefix) + static_cast<char>(bucket) + origin;
}

Positions ReadPositions(const Database& database, const rocksdb::Snapshot* snapshot) {
  Positions positions;
  database.Scan(kProgress, std::string(kPositionPrefix), snapshot, [&](std::string_view key, std::string_view value) {
    positions[std::string(key.substr(kPositionPrefix.size()))] = Decoded(view::ParseNumber(value));
    return true;
  });
  return positions;
}

struct OldView {
  std::string version;
};

// The events are counted anew into an empty view. The old one stays beside it: the events may reach less far back.
void PutAside(const std::string& folder, const OldView& old) {
  const std::string aside = folder + ".version-" + old.version;
  log::Warning("view_outdated", {{"version", old.version},
                                 {"reads_version", std::int64_t{funnel::kFactsVersion}},
                                 {"moved_to", aside}});
  std::error_code error;
  std::filesystem::remove_all(aside, error);
  if (!error) std::filesystem::rename(folder, aside, error);
  if (error) throw StoreFailure("the old view can not be moved to " + aside + ": " + error.message());
}

}  // namespace

class ViewStore::State {
 public:
  explicit State(const std::string& folder) : database(folder) {
    const std::string version = std::to_string(funnel::kFactsVersion);
    const auto found = database.Get(kProgress, std::string(kVersionKey));
    if (found && *found != version) {
      if (ParseWhole<std::uint32_t>(*found).value_or(0) < funnel::kFactsVersion) throw OldView{*found};
      throw StoreFailure("the view is of version " + *found + ", this program reads version " + version +
                         "; remove the folder to have it rebuilt");
    }
    if (!found) {
      database.Put(kProgress, std::string(kVersionKey), version);
      Require(database.Write());
    }
    Reload();
  }

  static std::unique_ptr<State> Open(const std::string& folder) {
    try {
      return std::make_unique<State>(folder);
    } catch (const OldView& old) {
      PutAside(folder, old);
      return std::make_unique<State>(folder);
    }
  }

  // Takes everything in memory back to what is committed.
  void Reload() {
    usable = false;
    database.Clear();
    progress.clear();
    highest.clear();
    offsets.clear();
    known_accounts.clear();
    database.Scan(kProgress, std::string(kSeqPrefix), nullptr, [&](std::string_view key, std::string_view value) {
      const auto bucket = static_cast<Bucket>(key[kSeqPrefix.size()]);
      highest[{std::string(key.substr(kSeqPrefix.size() + 1)), bucket}] = Decoded(view::ParseNumber(value));
      return true;
    });
    database.Scan(kProgress, std::string(kOffsetPrefix), nullptr, [&](std::string_view key, std::string_view value) {
      int partition = 0;
      std::from_chars(key.data() + kOffsetPrefix.size(), key.data() + key.size(), partition);
      offsets[partition] = static_cast<std::int64_t>(Decoded(view::ParseNumber(value)));
      return true;
    });
    database.Scan(kAccounts, "", nullptr, [&](std::string_view key, std::string_view) {
      known_accounts.emplace(key);
      return true;
    });
    positions = ReadPositions(database, nullptr);
    usable = true;
    Publish();
  }

  // Progress moves with every event; only where it stands at the end of a batch is written.
  void SetProgress(std::string key, std::uint64_t value) { progress.insert_or_assign(std::move(key), value); }

  void Commit() {
    for (const auto& [key, value] : progress) database.Put(kProgress, key, view::Number(value));
    Require(database.Write());
    database.Clear();
    progress.clear();
    Publish();
  }

  void Publish() {
    {
      std::lock_guard lock(mutex);
      committed = positions;
    }
    moved.notify_all();
  }

  void FoldVisitorEvent(const Event& event, const SourceEvent& source) {
    const std::string account_key = view::AccountKey(event.scope.account.str(), source.bucket);
    if (known_accounts.insert(account_key).second) database.Put(kAccounts, account_key, "");
    StoredVisitor visitor(database, view::VisitorKey(source.bucket, event.scope.account, event.scope.visitor));
    funnel::Fold(visitor, event, source.time);
  }

  // Several nodes may write the same account's stream; the newest document is the account's.
  void FoldAccountEvent(const Event& event, const SourceEvent& source) {
    const std::string key = view::AccountKey(event.scope.account.str(), source.bucket);
    const auto* configured = std::get_if<AccountConfigured>(&event.data);
    if (!configured) {
      if (known_accounts.insert(key).second) database.Put(kAccounts, key, "");
      return;
    }
    const auto before = database.Get(kAccounts, key);
    const auto facts = before ? ReadSummary(*before) : std::nullopt;
    if (facts && facts->time > source.time) return;
    known_accounts.insert(key);
    database.Put(kAccounts, key, SummariseAccount(event.scope.account.str(), configured->document, source.time));
  }

  Database database;

  // The writer's, what is in the batch included. Not usable after a Reload that failed: folding on with forgotten
  // sequence numbers would count twice.
  bool usable = false;
  std::unordered_map<std::string, std::uint64_t> progress;  // key → value, of this batch
  std::map<std::pair<std::string, Bucket>, std::uint64_t> highest;
  std::map<int, std::int64_t> offsets;
  Positions positions;
  std::set<std::string> known_accounts;  // keys of the family `accounts`

  mutable std::mutex mutex;
  mutable std::condition_variable moved;
  Positions committed;
  bool stopping = false;
};

ViewStore::ViewStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
ViewStore::~ViewStore() = default;

std::expected<std::unique_ptr<ViewStore>, std::string> ViewStore::Open(const std::string& folder) {
  try {
    return std::unique_ptr<ViewStore>(new ViewStore(State::Open(folder)));
  } catch (const StoreFailure& failure) {
    return std::unexpected("the view in " + folder + " can not be opened: " + failure.what());
  }
}

std::optional<std::uint64_t> ViewStore::HighestSeq(const std::string& origin, Bucket bucket) const {
  const auto found = state_->highest.find({origin, bucket});
  if (found == state_->highest.end()) return std::nullopt;
  return found->second;
}

std::expected<void, FoldFailure> ViewStore::Fold(const SourceEvent& source) {
  if (!state_->usable) return std::unexpected(FoldFailure{FoldError::kStore, "the view could not be read again"});
  try {
    state_->SetProgress(SeqKey(source.origin, source.bucket), source.seq);
    state_->highest[{source.origin, source.bucket}] = source.seq;
    if (!source.content) return std::unexpected(FoldFailure{FoldError::kUnreadable, source.content.error()});
    if (source.content->scope.visitor.empty()) {
      state_->FoldAccountEvent(*source.content, source);
    } else {
      state_->FoldVisitorEvent(*source.content, source);
    }
    return {};
  } catch (const StoreFailure& failure) {
    return std::unexpected(FoldFailure{FoldError::kStore, failure.what()});
  }
}

std::optional<std::int64_t> ViewStore::Offset(int partition) const {
  const auto found = state_->offsets.find(partition);
  if (found == state_->offsets.end()) return std::nullopt;
  return found->second;
}

void ViewStore::SetOffset(int partition, std::int64_t offset) {
  state_->offsets[partition] = offset;
  state_->SetProgress(std::string(kOffsetPrefix) + std::to_string(partition), static_cast<std::uint64_t>(offset));
}

void ViewStore::SetPosition(const std::string& origin, std::uint64_t seq) {
  auto [position, inserted] = state_->positions.try_emplace(origin, seq);
  if (!inserted && position->second >= seq) return;
  position->second = seq;
  state_->SetProgress(std::string(kPositionPrefix) + origin, seq);
}

std::expected<void, std::string> ViewStore::Commit() {
  if (!state_->usable) return std::unexpected("the view could not be read again");
  try {
    state_->Commit();
    return {};
  } catch (const StoreFailure& failure) {
    return std::unexpected(failure.what());
  }
}

std::expected<void, std::string> ViewStore::Discard() {
  try {
    state_->database.db().Resume().PermitUncheckedError();  // after a full disk; without an error it does nothing
    state_->Reload();
    return {};
  } catch (const StoreFailure& failure) {
    return std::unexpected(failure.what());
  }
}

Positions ViewStore::CommittedPositions() const {
  std::lock_guard lock(state_->mutex);
  return state_->committed;
}

bool ViewStore::WaitFor(const std::string& origin, std::uint64_t seq, std::chrono::milliseconds max_wait) const {
  const auto reached = [&] {
    const auto found = state_->committed.find(origin);
    return seq == 0 || (found != state_->committed.end() && found->second >= seq);
  };
  std::unique_lock lock(state_->mutex);
  state_->moved.wait_for(lock, max_wait, [&] { return reached() || state_->stopping; });
  return reached();
}

void ViewStore::StopWaiting() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->moved.notify_all();
}

std::vector<AccountSummary> ViewStore::Accounts() const { return AccountsIn(state_->database, ""); }

std::optional<AccountSummary> ViewStore::Account(std::string_view id) const {
  std::vector<AccountSummary> found = AccountsIn(state_->database, std::string(id) + '\0');
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::expected<FunnelReport, std::string> ViewStore::Funnel(const AccountId& account, const funnel::Query& query,
                                                           const BucketSet& buckets) const {
  rocksdb::ManagedSnapshot snapshot(&state_->database.db());
  try {
    funnel::RowBuilder rows(query);
    FunnelReport report{.as_of = ReadPositions(state_->database, snapshot.snapshot())};
    for (int bucket = 0; bucket < 256; ++bucket) {
      if (!buckets[static_cast<std::size_t>(bucket)]) continue;
      AddBucket(state_->database, snapshot.snapshot(), view::AccountPrefix(static_cast<Bucket>(bucket), account.str()),
                rows);
    }
    report.complete = !rows.overflowed();
    report.rows = rows.Finish();
    return report;
  } catch (const StoreFailure& failure) {
    return std::unexpected(failure.what());
  }
}

std::uint64_t ViewStore::DiskBytes() const {
  std::uint64_t bytes = 0;
  state_->database.db().GetAggregatedIntProperty("rocksdb.total-sst-files-size", &bytes);
  return bytes;
}

}  // namespace monitor
