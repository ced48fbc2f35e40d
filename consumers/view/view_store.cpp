#include "consumers/view/view_store.h"

#include <rocksdb/env.h>
#include <rocksdb/snapshot.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <type_traits>

#include "consumers/view/account_outline.h"
#include "consumers/view/facts_reading.h"
#include "consumers/view/kept_rows.h"
#include "consumers/view/session_days.h"
#include "consumers/view/stored_visitor.h"
#include "consumers/view/view_database.h"
#include "consumers/view/view_keys.h"
#include "consumers/view/view_progress.h"
#include "consumers/view/view_queries.h"
#include "domain/funnel/funnel_codec.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

const std::string kVersionKey = "version", kIdKey = "id", kVersion = std::to_string(funnel::kFactsVersion);

}  // namespace

class ViewStore::State {
 public:
  State(const std::string& view_folder, std::uint64_t min_free_bytes)
      : folder(view_folder), database(folder), room(folder, min_free_bytes) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw StoreFailure(error.message());
    const auto too_little = room.TooLittle();
    if (too_little) {
      trouble = *too_little;
    } else if (OpenedToWrite()) {
      Reload();
      return;
    }
    try {
      OpenToRead();
      Reload();
    } catch (const NotOurs&) {
      throw;
    } catch (const StoreFailure&) {  // what is told is why it can not be written
      if (!too_little) throw StoreFailure(trouble);
      database.Close();
    }
  }

  bool OpenedToWrite() {
    try {
      OpenToWrite();
      return true;
    } catch (const NotOurs&) {
      throw;
    } catch (const StoreFailure& failure) {
      trouble = failure.what();
      return false;
    }
  }

  // Of this program's version afterwards.
  void OpenToWrite() {
    database.Open(ViewDatabase::Mode::kWrite);
    if (const auto found = FoundVersion()) {
      if (*found == kVersion) return;
      database.PutAside(*found);
      database.Open(ViewDatabase::Mode::kWrite);
    }
    database.Put(kProgress, kVersionKey, kVersion);
    database.Write();
  }

  void OpenToRead() {
    database.Open(ViewDatabase::Mode::kRead);
    if (FoundVersion() == kVersion) return;
    database.Close();
    throw StoreFailure("the view is not of this version");
  }

  // Not a newer one; nullopt: it was only just made.
  std::optional<std::string> FoundVersion() {
    auto found = database.Get(kProgress, kVersionKey);
    if (!found || ParseWhole<std::uint32_t>(*found).value_or(0) <= funnel::kFactsVersion) return found;
    database.Close();
    throw NotOurs("the view is of version " + *found + ", this program reads version " + kVersion +
                  "; remove the folder to have it rebuilt");
  }

  // What can no longer be written is closed without touching it and opened anew, at least for reading.
  void Mend() {
    if (const auto too_little = room.TooLittle()) throw StoreFailure(*too_little);
    if (database.writable()) return;
    reopening = true;
    std::unique_lock lock(database_mutex);
    reopening = false;
    try {
      OpenToWrite();
    } catch (const StoreFailure&) {
      try {
        OpenToRead();
      } catch (const StoreFailure&) {  // what is told is why it can not be written
      }
      throw;
    }
  }

  // Holding it, any thread may read the database.
  std::shared_lock<std::shared_mutex> Reading() const {
    if (reopening) throw StoreFailure("the view is being opened anew");
    return std::shared_lock(database_mutex);
  }

  template <class Question>
  std::expected<std::invoke_result_t<Question>, std::string> Ask(Question question) const {
    try {
      const auto reading = Reading();
      if constexpr (std::is_void_v<std::invoke_result_t<Question>>) {
        question();
        return {};
      } else {
        return question();
      }
    } catch (const StoreFailure& failure) {
      return std::unexpected(failure.what());
    }
  }

  void Trouble(const std::string& sentence) {
    std::lock_guard lock(mutex);
    trouble = sentence;
  }

  // Takes everything in memory back to what is committed.
  void Reload() {
    usable = false;
    database.Clear();
    days.Clear();
    known_accounts.clear();
    database.Scan(kAccounts, "", nullptr, [&](std::string_view key, std::string_view) {
      known_accounts.emplace(key);
      return true;
    });
    progress.Load(database);
    GetId();
    usable = database.writable();
    Publish();
  }

  // A view has its own for good; one that has none gets it as soon as it can be written.
  void GetId() {
    auto found = database.Get(kProgress, kIdKey);
    if (!found && database.writable()) {
      found = rocksdb::Env::Default()->GenerateUniqueId();
      database.Put(kProgress, kIdKey, *found);
      database.Write();
      database.Clear();
    }
    std::lock_guard lock(mutex);
    id = found.value_or("");
  }

  // Another view comes to the same numbers with other content.
  std::string VersionAt(std::uint64_t number) const {
    std::lock_guard lock(mutex);
    return id + '/' + std::to_string(number);
  }

  void Commit() {
    if (const auto too_little = room.TooLittle()) throw StoreFailure(*too_little);
    progress.Put(database);
    if (database.HasChanges()) days.Put(view::Number(progress.NextStamp(database)));
    database.Write();
    database.Clear();
    Publish();
  }

  void Publish() {
    {
      std::lock_guard lock(mutex);
      committed = progress.positions();
      committed_stamp = progress.stamp();
    }
    moved.notify_all();
  }

  void FoldVisitorEvent(const Event& event, const SourceEvent& source) {
    const std::string account_key = view::AccountKey(event.scope.account.str(), source.bucket);
    if (known_accounts.insert(account_key).second) database.Put(kAccounts, account_key, "");
    StoredVisitor visitor(database, days, view::VisitorKey(source.bucket, event.scope.account, event.scope.visitor));
    funnel::Fold(visitor, event, source.time);
  }

  // Several nodes may write the same account's stream; the newest document is the account's.
  void FoldAccountEvent(const Event& event, const SourceEvent& source) {
    if (event.scope.account.empty()) return;  // of the node itself
    const std::string key = view::AccountKey(event.scope.account.str(), source.bucket);
    const auto* configured = std::get_if<AccountConfigured>(&event.data);
    if (!configured) {
      if (known_accounts.insert(key).second) database.Put(kAccounts, key, "");
      return;
    }
    const auto before = database.Get(kAccounts, key);
    const auto facts = before ? ReadOutline(*before) : std::nullopt;
    if (facts && facts->time > source.time) return;
    known_accounts.insert(key);
    database.Put(kAccounts, key, OutlineAccount(event.scope.account.str(), configured->document, source.time));
  }

  const std::string folder;
  ViewDatabase database;  // exchanged by the writer while it holds the mutex alone
  mutable std::shared_mutex database_mutex;
  std::atomic<bool> reopening{false};  // askers step back, so that the writer gets it
  const DiskRoom room;

  // The writer's, what is in the batch included. Not usable after a failure until a Reload: folding on with forgotten
  // sequence numbers would count twice.
  bool usable = false;
  ViewProgress progress;
  SessionDays days{database};
  std::uint64_t stamp = 0;               // of the newest commit
  std::set<std::string> known_accounts;  // keys of the family `accounts`

  mutable std::mutex mutex;
  mutable std::condition_variable moved;
  Positions committed;
  std::string trouble;
  std::string id;
  std::atomic<std::uint64_t> committed_stamp = 0;
  bool stopping = false;
};

ViewStore::ViewStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
ViewStore::~ViewStore() = default;

std::expected<std::unique_ptr<ViewStore>, std::string> ViewStore::Open(const std::string& folder,
                                                                       std::uint64_t min_free_bytes) {
  try {
    return std::unique_ptr<ViewStore>(new ViewStore(std::make_unique<State>(folder, min_free_bytes)));
  } catch (const StoreFailure& failure) {
    return std::unexpected("the view in " + folder + " can not be opened: " + failure.what());
  }
}

std::optional<std::uint64_t> ViewStore::HighestSeq(const std::string& origin, Bucket bucket) const {
  return state_->progress.HighestSeq(origin, bucket);
}

Positions ViewStore::HighestSeqs() const { return state_->progress.HighestSeqs(); }

std::expected<void, FoldFailure> ViewStore::Fold(const SourceEvent& source) {
  if (!state_->usable) return std::unexpected(FoldFailure{FoldError::kStore, "the view could not be read again"});
  try {
    state_->progress.SetHighestSeq(source.origin, source.bucket, source.seq);
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

std::optional<std::int64_t> ViewStore::Offset(int partition) const { return state_->progress.Offset(partition); }

void ViewStore::SetOffset(int partition, std::int64_t offset) { state_->progress.SetOffset(partition, offset); }

void ViewStore::SetPosition(const std::string& origin, std::uint64_t seq, std::optional<TimeMs> time) {
  state_->progress.SetPosition(origin, seq, time);
}

std::expected<std::optional<TimeMs>, std::string> ViewStore::PositionTime(const std::string& origin) const {
  return state_->Ask([&] { return ViewProgress::ReadPositionTime(state_->database, origin); });
}

std::expected<void, std::string> ViewStore::AnswerFor(const Coverage& coverage) {
  if (!state_->usable) return std::unexpected("the view could not be read again");
  if (coverage == state_->progress.coverage()) return {};
  try {
    state_->progress.Cover(coverage, state_->database);
    view::DropRowsOfOthers(state_->database, coverage.buckets);
  } catch (const StoreFailure& failure) {
    return std::unexpected(failure.what());
  }
  return Commit();
}

Coverage ViewStore::answered_for() const { return state_->progress.coverage(); }

std::expected<void, std::string> ViewStore::Commit() {
  if (!state_->usable) return std::unexpected("the view could not be read again");
  try {
    state_->Commit();
    return {};
  } catch (const StoreFailure& failure) {
    state_->usable = false;
    state_->Trouble(failure.what());
    return std::unexpected(failure.what());
  }
}

std::expected<void, std::string> ViewStore::Discard() {
  state_->usable = false;
  try {
    state_->Mend();
    state_->Reload();
    state_->Trouble("");
    return {};
  } catch (const StoreFailure& failure) {
    state_->Trouble(failure.what());
    return std::unexpected(failure.what());
  }
}

std::string ViewStore::Trouble() const {
  if (auto too_little = state_->room.TooLittle()) return *std::move(too_little);
  std::lock_guard lock(state_->mutex);
  return state_->trouble;
}

Positions ViewStore::CommittedPositions() const {
  std::lock_guard lock(state_->mutex);
  return state_->committed;
}

std::string ViewStore::Version() const { return state_->VersionAt(state_->committed_stamp); }

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

std::expected<std::vector<AccountOutline>, std::string> ViewStore::Accounts() const {
  return state_->Ask([&] { return view::Accounts(state_->database, ""); });
}

std::expected<std::optional<AccountOutline>, std::string> ViewStore::Account(std::string_view id) const {
  auto found = state_->Ask([&] { return view::Accounts(state_->database, std::string(id) + '\0'); });
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

std::expected<FunnelReport, std::string> ViewStore::Funnel(const AccountId& account, const funnel::Query& query,
                                                           const BucketSet& buckets,
                                                           const std::function<bool()>& abandoned) const {
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    FunnelReport report{.as_of = ViewProgress::ReadPositions(state_->database, snapshot.snapshot()),
                        .version = state_->VersionAt(ViewProgress::ReadStamp(state_->database, snapshot.snapshot()))};
    view::FactsReading reading(state_->database, snapshot.snapshot(), abandoned, !state_->room.TooLittle());
    auto rows = view::Rows(reading, account, query, buckets);
    report.complete = rows.has_value();
    if (rows) report.rows = std::move(*rows);
    return report;
  });
}

std::expected<void, std::string> ViewStore::KeepRows(const std::function<bool()>& abandoned) const {
  if (auto too_little = state_->room.TooLittle()) return std::unexpected(*std::move(too_little));
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    const std::function<bool()> ends = [&] { return state_->reopening || abandoned(); };
    view::FactsReading reading(state_->database, snapshot.snapshot(), ends, true);
    view::KeepChangedDays(reading, ViewProgress::ReadCoverage(state_->database, snapshot.snapshot()).buckets);
  });
}

std::uint64_t ViewStore::DiskBytes() const {
  const auto bytes = state_->Ask([&] { return state_->database.DiskBytes(); });
  return bytes.value_or(0);
}

}  // namespace monitor
