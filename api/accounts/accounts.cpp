#include "api/accounts/accounts.h"

#include <algorithm>
#include <utility>

#include "api/accounts/account_folder.h"
#include "api/accounts/account_revisions.h"
#include "api/accounts/admin_actions.h"
#include "api/accounts/folder_watch.h"
#include "domain/values/hash.h"
#include "eventstore/account_events.h"
#include "eventstore/new_event.h"
#include "server/log.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxAccounts = 100'000;
constexpr int kAttempts = 2;                  // changes wait for one another; a retry is for what was stale
constexpr std::size_t kMaxOldDocuments = 64;  // parsed documents kept for AtVersion

PutAccountError IsEnding() {
  return {PutAccountError::Code::kUnavailable, "the account was removed, and its visitors are not all erased yet", {}};
}

PutAccountError TakesNothing() { return {PutAccountError::Code::kUnavailable, "the log takes nothing now", {}}; }

std::string Joined(const std::vector<DocumentError>& errors) {
  std::string text;
  for (const DocumentError& error : errors) {
    if (!text.empty()) text += "; ";
    text += error.path.empty() ? error.message : error.path + ": " + error.message;
  }
  return text;
}

PutAccountError Invalid(std::vector<DocumentError> errors) {
  std::string message = Joined({errors.begin(), errors.begin() + (errors.empty() ? 0 : 1)});
  return {PutAccountError::Code::kInvalid, std::move(message), std::move(errors)};
}

std::unexpected<std::string> CanNotBeRead(const AccountId& id) {
  return std::unexpected("account " + id.str() + " can not be read; `monitorctl log verify` names the damage");
}

}  // namespace

Accounts::Accounts(EventStore& store, EventStore& told) : store_(store), told_(told) {}
Accounts::~Accounts() = default;

const Accounts::AccountMap& Accounts::Map() const {
  struct Seen {
    std::uint64_t version = 0;
    std::shared_ptr<const AccountMap> map = std::make_shared<AccountMap>();
  };
  thread_local Seen seen;
  const std::uint64_t version = map_version_.load(std::memory_order_acquire);
  if (seen.version != version) {
    std::lock_guard lock(map_mutex_);
    seen.map = map_;
    seen.version = map_version_.load(std::memory_order_relaxed);
  }
  return *seen.map;
}

void Accounts::Publish(const AccountId& id, AccountSnapshot snapshot, const std::shared_ptr<const Account>& put) {
  files_[id] = snapshot.file;
  AccountMap map = Map();
  map.removed.erase(id);
  if (snapshot.document.empty()) {
    map.in_force.erase(id);
    map.refused.erase(id);
    map.removed[id] = std::move(snapshot);
    return Replace(std::move(map));
  }
  const auto current = Known(id);
  const auto known = current && current->account->document == snapshot.document ? current->account
                     : put && put->document == snapshot.document                ? put
                                                                                : nullptr;
  // What is refused stays so while nothing else is put: it is judged, and told of, once.
  if (const auto old = map.refused.find(id);
      old != map.refused.end() && old->second->kept.document == snapshot.document) {
    old->second = std::make_shared<const RefusedAccount>(RefusedAccount{std::move(snapshot), old->second->why});
    return Replace(std::move(map));
  }
  auto account = known ? decltype(ParseAccount({}))(known) : ParseAccount(snapshot.document);
  if (account) {
    longest_session_s_ = std::max(longest_session_s_.load(), (*account)->settings.max_age_s);
    map.refused.erase(id);
    map.in_force[id] =
        std::make_shared<AccountState>(*std::move(account), std::move(snapshot.skills), snapshot.version);
  } else {
    std::string why = Joined(account.error());
    log::Error("account_document_refused", {{"account", id.str()}, {"errors", why}});
    map.in_force.erase(id);
    map.refused[id] = std::make_shared<const RefusedAccount>(RefusedAccount{std::move(snapshot), std::move(why)});
  }
  Replace(std::move(map));
}

void Accounts::Replace(AccountMap map) {
  // Never the same number twice in a process, so that a thread's view of one registry is not taken for another's.
  static std::atomic<std::uint64_t> versions = 0;
  auto shared = std::make_shared<AccountMap>(std::move(map));
  std::lock_guard lock(map_mutex_);
  map_ = std::move(shared);
  map_version_.store(++versions, std::memory_order_release);
  map_changed_.notify_all();
}

std::expected<std::shared_ptr<const Account>, std::vector<DocumentError>> ValidateAccount(std::string document,
                                                                                          const AccountId& id) {
  auto account = ParseAccount(std::move(document));
  if (account && (*account)->id != id) {
    return std::unexpected(std::vector<DocumentError>{{"accountId", "must be the account's in the path"}});
  }
  return account;
}

std::expected<void, std::string> Accounts::Start(const std::string& folder) {
  {
    const Turn turn = WaitForTurn();
    if (auto folded = FoldAll(); !folded) return folded;
  }
  if (!folder.empty()) {
    folder_ = std::make_unique<AccountFolder>(folder);
    LookAtFolder();
  }
  loading_.store(false, std::memory_order_release);
  if (!folder.empty()) watch_ = std::make_unique<FolderWatch>(folder, [this] { LookAtFolder(); });
  return {};
}

std::expected<void, std::string> Accounts::FoldAll() {
  constexpr std::string_view kPrefix = "account/";
  const auto streams = store_.StreamsWithPrefix(kPrefix, kMaxAccounts);
  const auto newest = NewestAction(store_);
  if (!streams || !newest) {
    return std::unexpected("the accounts' streams can not be read; `monitorctl log verify` names the damage");
  }
  newest_action_ = *newest;
  for (const StreamName& stream : *streams) {
    if (auto folded = FoldAccount(AccountId(std::string_view(stream.str()).substr(kPrefix.size()))); !folded) {
      return folded;
    }
  }
  return {};
}

// The snapshot, and what was appended after it (nothing, unless events came from elsewhere).
std::expected<void, std::string> Accounts::FoldAccount(const AccountId& id) {
  AccountSnapshot snapshot;
  const auto kept = store_.ReadState(StateTable::kAccount, id.str());
  if (!kept) return CanNotBeRead(id);
  if (*kept) snapshot = AccountSnapshot::FromJson(**kept).value_or(AccountSnapshot{});
  if (auto folded = FoldEvents(id, snapshot); !folded) return folded;
  // Where nothing can be written now, the next start makes the index.
  if (!snapshot.document.empty()) (void)IndexOlderRevisions(store_, id, RevisionOf(snapshot.document));
  Publish(id, std::move(snapshot), nullptr);
  return {};
}

// Folds what was appended after the snapshot.
std::expected<void, std::string> Accounts::FoldEvents(const AccountId& id, AccountSnapshot& snapshot) const {
  const auto events = store_.ReadStream(AccountStream(id), snapshot.version + 1);
  if (!events) return CanNotBeRead(id);
  for (const StoredEvent& stored : *events) {
    auto event = ReadAccountEvent(stored);
    if (!event) return std::unexpected("the log is damaged: " + event.error());
    Evolve(snapshot, std::move(event->data));
  }
  return {};
}

AccountSnapshot Accounts::Kept(const AccountId& id) {
  if (const auto current = Known(id)) {
    return {current->version, current->account->document, current->skills, files_[id]};
  }
  const AccountMap& map = Map();
  if (const auto found = map.refused.find(id); found != map.refused.end()) return found->second->kept;
  const auto removed = map.removed.find(id);
  return removed == map.removed.end() ? AccountSnapshot{} : removed->second;
}

void Accounts::LookAtFolder() {
  for (const AccountFile& file : folder_->Changed()) TakeFile(file);
}

void Accounts::TakeFile(const AccountFile& file) {
  auto account = ParseAccount(file.content);
  if (!account) {
    log::Error("account_document_refused", {{"file", file.name}, {"errors", Joined(account.error())}});
    return;
  }
  const AccountId id = (*account)->id;
  const Turn turn = WaitForTurn();
  std::string& file_in_charge = file_names_[id];
  if (file_in_charge != file.name && folder_->Has(file_in_charge)) {
    log::Error("account_file_ignored", {{"file", file.name}, {"account", id.str()}, {"told_by", file_in_charge}});
    return;
  }
  file_in_charge = file.name;
  const bool had_it = Known(id) || Map().removed.contains(id);
  if (had_it && files_[id] == (*account)->revision) return;
  const auto result =
      PutParsed(*account, {.id = id, .document = {}, .by = "file:" + file.name, .if_match = {}}, store_);
  if (!result) {
    folder_->Forget(file.name);  // and is taken again at the next look
    log::Error("account_document_not_taken", {{"file", file.name}, {"reason", result.error().message}});
  } else if (result->changed) {
    log::Info("account_configured", {{"account", id.str()}, {"revision", result->revision.str()}, {"file", file.name}});
  }
}

std::expected<PutAccountResult, PutAccountError> Accounts::Put(const PutAccountRequest& request) {
  auto account = ValidateAccount(request.document, request.id);
  if (!account) return std::unexpected(Invalid(account.error()));
  if (!told_.Writable()) return std::unexpected(TakesNothing());
  if (!WaitForEnd(request.id)) return std::unexpected(IsEnding());
  const Turn turn = WaitForTurn();
  return PutParsed(*account, request, told_);
}

std::expected<PutAccountResult, PutAccountError> Accounts::PutParsed(std::shared_ptr<const Account> account,
                                                                     const PutAccountRequest& request,
                                                                     EventStore& store) {
  using Code = PutAccountError::Code;
  const AccountMap& map = Map();
  const auto removed = map.removed.find(request.id);
  if (removed != map.removed.end() && removed->second.ending) return std::unexpected(IsEnding());
  const bool known = map.in_force.contains(request.id) || map.refused.contains(request.id);
  // With If-Match a new account is refused for that.
  if (!request.if_match && !known && map.in_force.size() + map.refused.size() >= kMaxAccounts) {
    return std::unexpected(PutAccountError{Code::kUnavailable, "too many accounts", {}});
  }
  const auto written = Commit(request.id, store, account, [&](const AccountSnapshot& kept) {
    return DecideDocument(kept, *account, request.by, request.if_match);
  });
  if (!written && written.error() == StoreError::kUnacknowledged) {
    return std::unexpected(PutAccountError{Code::kUnacknowledged, "the broker did not acknowledge it", {}});
  }
  if (!written) return std::unexpected(TakesNothing());
  const AccountOutcome& outcome = *written;
  if (!outcome) {
    return std::unexpected(
        PutAccountError{Code::kPreconditionFailed, "If-Match: the account is at another revision", {}});
  }
  const bool changed = outcome->event.has_value();
  return PutAccountResult{account->revision, changed && !known, changed};
}

AccountChange Accounts::SetSkill(const AccountId& id, std::int64_t skill, SkillState state) {
  if (!told_.Writable()) return AccountChange::kUnavailable;
  const Turn turn = WaitForTurn();
  const auto current = Known(id);
  if (!current) return AccountChange::kUnknownAccount;
  const auto written = Commit(id, told_, nullptr, [&](const AccountSnapshot& kept) {
    return DecideSkill(kept, *current->account, skill, state);
  });
  if (written && *written) return (*written)->event ? AccountChange::kDone : AccountChange::kUnchanged;
  if (written) return AccountChange::kUnknownSkill;
  return written.error() == StoreError::kUnacknowledged ? AccountChange::kUnacknowledged : AccountChange::kUnavailable;
}

std::expected<AccountOutcome, StoreError> Accounts::Commit(const AccountId& id, EventStore& store,
                                                           const std::shared_ptr<const Account>& put,
                                                           const Decide& decide) {
  AccountSnapshot kept = Kept(id);
  for (int attempt = 1;; ++attempt) {
    AccountOutcome outcome = decide(kept);
    if (!outcome || !outcome->after) return outcome;
    AppendRequest request{.key = PartitionKey(id, VisitorId()), .now = store_.Now()};
    if (outcome->event) {
      const Event event{{.account = id}, *outcome->event};
      request.streams.push_back({AccountStream(id), kept.version, {EncodeNew(event, NoKey())}});
    }
    if (outcome->keeps) request.states.push_back({StateTable::kAccount, id.str(), outcome->after->ToJson()});
    if (const auto* put_now = outcome->event ? std::get_if<AccountConfigured>(&*outcome->event) : nullptr) {
      request.states.push_back(IndexRevision(id, outcome->after->version, put_now->revision));
    } else if (outcome->event && std::holds_alternative<AdminActionRecorded>(*outcome->event)) {
      request.states.push_back(IndexAction(++newest_action_, id, outcome->after->version));
    }
    const auto appended = store.Append(std::move(request));
    if (appended || appended.error() == StoreError::kUnacknowledged) {
      Publish(id, *outcome->after, put);
      if (appended) return outcome;
    }
    if (appended.error() != StoreError::kConflict || attempt == kAttempts) return std::unexpected(appended.error());
    // Events came from elsewhere (a restore): the stream is what counts, and this change comes after it.
    kept = {.file = kept.file};
    if (!FoldEvents(id, kept)) return std::unexpected(StoreError::kCorrupt);
  }
}

std::shared_ptr<const Account> Accounts::FindOld(const AccountId& id, std::uint64_t version) const {
  std::lock_guard lock(old_mutex_);
  for (const OldDocument& old : old_) {
    if (old.version == version && old.id == id) return old.account;
  }
  return nullptr;
}

std::shared_ptr<const Account> Accounts::AtVersion(const AccountId& id, std::uint64_t version) const {
  const auto current = Known(id);
  if (!current || version > current->version) return nullptr;
  if (version == current->version) return current->account;
  if (auto old = FindOld(id, version)) return old;
  auto document = ReadDocumentAt(store_, id, version);
  if (!document || !*document) return nullptr;
  const bool same = **document == current->account->document;
  auto account = same ? current->account : ParseAccount(**std::move(document)).value_or(nullptr);
  if (!account) return nullptr;
  std::lock_guard lock(old_mutex_);
  old_.push_front({id, version, account});
  if (old_.size() > kMaxOldDocuments) old_.pop_back();
  return account;
}

std::shared_ptr<const AccountState> Accounts::Known(const AccountId& id) const {
  const AccountMap& map = Map();
  const auto found = map.in_force.find(id);
  return found == map.in_force.end() ? nullptr : found->second;
}

std::vector<AccountSummary> Accounts::List() const {
  std::vector<AccountSummary> list;
  const AccountMap& map = Map();
  for (const auto& [id, state] : map.in_force) list.push_back({id, state->account->revision, state->account->name, {}});
  for (const auto& [id, refused] : map.refused) {
    list.push_back({id, RevisionOf(refused->kept.document), {}, refused->why});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return list;
}

std::map<AccountId, std::shared_ptr<const RefusedAccount>> Accounts::Refused() const { return Map().refused; }

bool Accounts::IsRefused(const AccountId& id) const { return Map().refused.contains(id); }

}  // namespace monitor
