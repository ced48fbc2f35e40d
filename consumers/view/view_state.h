// What a view store holds: the writer's batch and numbers, and what askers see of it. Of view_store.cpp and
// view_asking.cpp only.
#pragma once

#include <rocksdb/env.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "consumers/view/account_outline.h"
#include "consumers/view/retirement.h"
#include "consumers/view/session_days.h"
#include "consumers/view/stored_visitor.h"
#include "consumers/view/view_database.h"
#include "consumers/view/view_keys.h"
#include "consumers/view/view_progress.h"
#include "consumers/view/view_store.h"
#include "domain/funnel/funnel_codec.h"
#include "domain/values/whole_number.h"

namespace monitor {

class ViewStore::State {
 public:
  static inline const std::string kVersionKey = "version", kIdKey = "id",
                                  kVersion = std::to_string(funnel::kFactsVersion);

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
    TakeRetirement();
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

  std::string Id() const {
    std::lock_guard lock(mutex);
    return id;
  }

  // Another view comes to the same numbers with other content.
  std::string VersionAt(std::uint64_t number) const { return Id() + '/' + std::to_string(number); }

  void Commit() {
    if (const auto too_little = room.TooLittle()) throw StoreFailure(*too_little);
    progress.Put(database);
    if (database.HasChanges()) days.Put(view::Number(progress.NextStamp(database)));
    database.Write();
    database.Clear();
    Publish();
  }

  void Plan(std::unique_ptr<view::Retirement> plan) {
    std::lock_guard lock(mutex);
    retirement = std::move(plan);
  }
  bool HasRetirement() const {
    std::lock_guard lock(mutex);
    return retirement != nullptr;
  }
  std::unique_ptr<view::Retirement> TakeRetirement() {
    std::lock_guard lock(mutex);
    return std::exchange(retirement, nullptr);
  }
  void FinishRetirement() {
    const auto plan = TakeRetirement();
    if (!plan || !plan->Do(database)) return;
    retired_sessions += plan->sessions();
    retired_since_flush = true;
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
    const bool is_new = known_accounts.insert(key).second;
    if (const auto outline = OutlineAfter(database.Get(kAccounts, key), event, source.time)) {
      database.Put(kAccounts, key, *outline);
    } else if (is_new) {
      database.Put(kAccounts, key, "");
    }
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
  std::set<std::string> known_accounts;  // keys of the family `accounts`

  mutable std::mutex mutex;
  mutable std::condition_variable moved;
  Positions committed;
  std::string trouble;
  std::string id;
  std::atomic<std::uint64_t> committed_stamp = 0;
  std::atomic<std::uint64_t> retired_sessions = 0;
  std::atomic<bool> retired_since_flush = false;
  view::RetirementPlace retires_from;  // of who plans retirements
  bool stopping = false;
  std::unique_ptr<view::Retirement> retirement;  // to be done with the next commit
};

}  // namespace monitor
