#include "api/accounts/accounts.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>

#include "api/accounts/account_folder.h"
#include "api/accounts/folder_watch.h"
#include "domain/events/event_codec.h"
#include "domain/values/hash.h"
#include "eventstore/account_events.h"
#include "eventstore/keys/visitor_keys.h"
#include "server/log.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxAccounts = 100'000;
constexpr int kAttempts = 2;                  // changes wait for one another; a retry is for what was stale
constexpr std::size_t kMaxOldDocuments = 64;  // parsed documents kept for AtVersion

using StatePtr = std::shared_ptr<const AccountState>;

struct AccountMap {
  std::unordered_map<AccountId, StatePtr> in_force;
  std::map<AccountId, std::shared_ptr<const RefusedAccount>> refused;
};

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
  return std::unexpected("account " + id.str() + " can not be read; `monitorctl verify` names the damage");
}

// What AtVersion was asked, and found.
struct OldDocument {
  AccountId id;
  std::uint64_t version;
  std::shared_ptr<const Account> account;
};

}  // namespace

class Accounts::State {
 public:
  State(EventStore& store, EventStore& told) : store_(store), told_(told) {}

  std::expected<void, std::string> Start(const std::string& folder);
  bool loading() const { return loading_.load(std::memory_order_acquire); }

  // The map in force. Each thread keeps the last one that it saw, so that reading takes no lock and touches nothing
  // that other threads write.
  const AccountMap& Map() const;
  StatePtr Find(const AccountId& id) const {
    const AccountMap& map = Map();
    const auto found = map.in_force.find(id);
    return found == map.in_force.end() ? nullptr : found->second;
  }

  std::expected<PutAccountResult, PutAccountError> Put(const PutAccountRequest& request);
  AccountChange SetSkill(const AccountId& id, std::int64_t skill, SkillState state);
  std::shared_ptr<const Account> AtVersion(const AccountId& id, std::uint64_t version);

 private:
  // All below are called with change_ held, or while nobody else knows the object.
  std::expected<void, std::string> FoldAll();
  std::expected<void, std::string> FoldAccount(const AccountId& id);
  std::expected<void, std::string> FoldEvents(const AccountId& id, AccountSnapshot& snapshot) const;
  // What is kept of the account now; the initial one if there is none.
  AccountSnapshot Kept(const AccountId& id);
  void LookAtFolder() {
    for (const AccountFile& file : folder_->Changed()) TakeFile(file);
  }
  void TakeFile(const AccountFile& file);
  std::expected<PutAccountResult, PutAccountError> PutParsed(std::shared_ptr<const Account> account,
                                                             const PutAccountRequest& request, EventStore& store);
  // Loads, decides, appends, once more if the stream knows more than what was kept; then publishes. `put`: the document
  // about to be in force, if it is another.
  using Decide = std::function<AccountOutcome(const AccountSnapshot& kept)>;
  std::expected<AccountOutcome, StoreError> Commit(const AccountId& id, EventStore& store,
                                                   const std::shared_ptr<const Account>& put, const Decide& decide);
  // In force, or refused if its document is (only a newer server's stricter rules can: it was in force once). `put`:
  // parsed, perhaps this document.
  void Publish(const AccountId& id, AccountSnapshot snapshot, const std::shared_ptr<const Account>& put);
  void Replace(AccountMap map);
  std::shared_ptr<const Account> FindOld(const AccountId& id, std::uint64_t version) const;

  EventStore& store_;
  EventStore& told_;
  std::atomic<bool> loading_ = true;
  std::mutex change_;                            // one change after the other
  std::map<AccountId, Revision> files_;          // AccountSnapshot::file
  std::map<AccountId, std::string> file_names_;  // the file that speaks for the account
  std::unique_ptr<AccountFolder> folder_;

  mutable std::mutex map_mutex_;  // held to take or replace map_, never by a reader of an unchanged map
  std::shared_ptr<const AccountMap> map_ = std::make_shared<AccountMap>();
  std::atomic<std::uint64_t> map_version_ = 0;

  mutable std::mutex old_mutex_;
  std::deque<OldDocument> old_;  // the last asked first

  std::unique_ptr<FolderWatch> watch_;  // last: its thread uses all of the above
};

const AccountMap& Accounts::State::Map() const {
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

void Accounts::State::Publish(const AccountId& id, AccountSnapshot snapshot,
                              const std::shared_ptr<const Account>& put) {
  files_[id] = snapshot.file;
  AccountMap map = Map();
  const StatePtr current = Find(id);
  const auto known = current && current->account->document == snapshot.document ? current->account
                     : put && put->document == snapshot.document                ? put
                                                                                : nullptr;
  auto account = known ? decltype(ParseAccount({}))(known) : ParseAccount(snapshot.document);
  if (account) {
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

void Accounts::State::Replace(AccountMap map) {
  // Never the same number twice in a process, so that a thread's view of one registry is not taken for another's.
  static std::atomic<std::uint64_t> versions = 0;
  auto shared = std::make_shared<AccountMap>(std::move(map));
  std::lock_guard lock(map_mutex_);
  map_ = std::move(shared);
  map_version_.store(++versions, std::memory_order_release);
}

std::expected<void, std::string> Accounts::State::Start(const std::string& folder) {
  {
    std::lock_guard lock(change_);
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

std::expected<void, std::string> Accounts::State::FoldAll() {
  constexpr std::string_view kPrefix = "account/";
  const auto streams = store_.StreamsWithPrefix(kPrefix, kMaxAccounts);
  if (!streams) return std::unexpected("the accounts' streams can not be read; `monitorctl verify` names the damage");
  for (const StreamName& stream : *streams) {
    if (auto folded = FoldAccount(AccountId(std::string_view(stream.str()).substr(kPrefix.size()))); !folded) {
      return folded;
    }
  }
  return {};
}

// The snapshot, and what was appended after it (nothing, unless events came from elsewhere).
std::expected<void, std::string> Accounts::State::FoldAccount(const AccountId& id) {
  AccountSnapshot snapshot;
  const auto kept = store_.ReadState(StateTable::kAccount, id.str());
  if (!kept) return CanNotBeRead(id);
  if (*kept) snapshot = AccountSnapshot::FromJson(**kept).value_or(AccountSnapshot{});
  if (auto folded = FoldEvents(id, snapshot); !folded) return folded;
  Publish(id, std::move(snapshot), nullptr);
  return {};
}

// Folds what was appended after the snapshot.
std::expected<void, std::string> Accounts::State::FoldEvents(const AccountId& id, AccountSnapshot& snapshot) const {
  const auto events = store_.ReadStream(AccountStream(id), snapshot.version + 1);
  if (!events) return CanNotBeRead(id);
  for (const StoredEvent& stored : *events) {
    auto event = ReadAccountEvent(stored);
    if (!event) return std::unexpected("the log is damaged: " + event.error());
    Evolve(snapshot, std::move(event->data));
  }
  return {};
}

AccountSnapshot Accounts::State::Kept(const AccountId& id) {
  if (const StatePtr current = Find(id)) {
    return {current->version, current->account->document, current->skills, files_[id]};
  }
  const auto& refused = Map().refused;
  const auto found = refused.find(id);
  return found == refused.end() ? AccountSnapshot{} : found->second->kept;
}

void Accounts::State::TakeFile(const AccountFile& file) {
  auto account = ParseAccount(file.content);
  if (!account) {
    log::Error("account_document_refused", {{"file", file.name}, {"errors", Joined(account.error())}});
    return;
  }
  const AccountId id = (*account)->id;
  std::lock_guard lock(change_);
  std::string& speaker = file_names_[id];
  if (speaker != file.name && folder_->Has(speaker)) {
    log::Error("account_file_ignored", {{"file", file.name}, {"account", id.str()}, {"told_by", speaker}});
    return;
  }
  speaker = file.name;
  if (Find(id) && files_[id] == (*account)->revision) return;
  const auto result =
      PutParsed(*account, {.id = id, .document = {}, .by = "file:" + file.name, .if_match = {}}, store_);
  if (!result) {
    folder_->Forget(file.name);  // and is taken again at the next look
    log::Error("account_document_not_taken", {{"file", file.name}, {"reason", result.error().message}});
  } else if (result->changed) {
    log::Info("account_configured", {{"account", id.str()}, {"revision", result->revision.str()}, {"file", file.name}});
  }
}

std::expected<PutAccountResult, PutAccountError> Accounts::State::Put(const PutAccountRequest& request) {
  auto account = ParseAccount(request.document);
  if (!account) return std::unexpected(Invalid(account.error()));
  if ((*account)->id != request.id) {
    return std::unexpected(Invalid({{"accountId", "must be the account's in the path"}}));
  }
  if (!told_.Writable()) return std::unexpected(TakesNothing());
  std::lock_guard lock(change_);
  return PutParsed(*account, request, told_);
}

std::expected<PutAccountResult, PutAccountError> Accounts::State::PutParsed(std::shared_ptr<const Account> account,
                                                                            const PutAccountRequest& request,
                                                                            EventStore& store) {
  using Code = PutAccountError::Code;
  const AccountMap& map = Map();
  // With If-Match a new account is refused for that.
  if (!request.if_match && !map.in_force.contains(request.id) && !map.refused.contains(request.id) &&
      map.in_force.size() + map.refused.size() >= kMaxAccounts) {
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
  return PutAccountResult{account->revision, changed && outcome->after->version == 1, changed};
}

AccountChange Accounts::State::SetSkill(const AccountId& id, std::int64_t skill, SkillState state) {
  if (!told_.Writable()) return AccountChange::kUnavailable;
  std::lock_guard lock(change_);
  const StatePtr current = Find(id);
  if (!current) return AccountChange::kUnknownAccount;
  const auto written = Commit(id, told_, nullptr, [&](const AccountSnapshot& kept) {
    return DecideSkill(kept, *current->account, skill, state);
  });
  if (written) return *written ? AccountChange::kDone : AccountChange::kUnknownSkill;
  return written.error() == StoreError::kUnacknowledged ? AccountChange::kUnacknowledged : AccountChange::kUnavailable;
}

std::expected<AccountOutcome, StoreError> Accounts::State::Commit(const AccountId& id, EventStore& store,
                                                                  const std::shared_ptr<const Account>& put,
                                                                  const Decide& decide) {
  AccountSnapshot kept = Kept(id);
  for (int attempt = 1;; ++attempt) {
    AccountOutcome outcome = decide(kept);
    if (!outcome || !outcome->after) return outcome;
    AppendRequest request{.key = PartitionKey(id, VisitorId()), .now = store_.Now()};
    if (outcome->event) {
      const Event event{{.account = id}, *outcome->event};
      request.streams.push_back(
          {AccountStream(id), kept.version, {{std::string(TypeName(event.data)), EncodeEventData(event, NoKey())}}});
    }
    request.states.push_back({StateTable::kAccount, id.str(), outcome->after->ToJson()});
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

std::shared_ptr<const Account> Accounts::State::FindOld(const AccountId& id, std::uint64_t version) const {
  std::lock_guard lock(old_mutex_);
  for (const OldDocument& old : old_) {
    if (old.version == version && old.id == id) return old.account;
  }
  return nullptr;
}

std::shared_ptr<const Account> Accounts::State::AtVersion(const AccountId& id, std::uint64_t version) {
  const StatePtr current = Find(id);
  if (!current || version > current->version) return nullptr;
  if (version == current->version) return current->account;
  if (auto old = FindOld(id, version)) return old;
  const auto events = store_.ReadStream(AccountStream(id));
  if (!events) return nullptr;
  AccountSnapshot then;
  for (std::size_t i = 0; i < std::min<std::size_t>(version, events->size()); ++i) {
    auto event = ReadAccountEvent((*events)[i]);
    if (!event) {
      log::Error("log_damaged", {{"reason", event.error()}});
      return nullptr;
    }
    Evolve(then, std::move(event->data));
  }
  if (then.document.empty()) return nullptr;
  const bool same = then.document == current->account->document;
  auto account = same ? current->account : ParseAccount(std::move(then.document)).value_or(nullptr);
  if (!account) return nullptr;
  std::lock_guard lock(old_mutex_);
  old_.push_front({id, version, account});
  if (old_.size() > kMaxOldDocuments) old_.pop_back();
  return account;
}

Accounts::Accounts(EventStore& store, EventStore& told) : state_(std::make_unique<State>(store, told)) {}
Accounts::~Accounts() = default;

std::expected<void, std::string> Accounts::Start(const std::string& folder) { return state_->Start(folder); }
bool Accounts::loading() const { return state_->loading(); }

std::shared_ptr<const AccountState> Accounts::Find(const AccountId& id) const {
  return state_->loading() ? nullptr : state_->Find(id);
}

std::vector<AccountSummary> Accounts::List() const {
  std::vector<AccountSummary> list;
  const AccountMap& map = state_->Map();
  for (const auto& [id, state] : map.in_force) list.push_back({id, state->account->revision, state->account->name, {}});
  for (const auto& [id, refused] : map.refused) {
    list.push_back({id, RevisionOf(refused->kept.document), {}, refused->why});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return list;
}

std::map<AccountId, std::shared_ptr<const RefusedAccount>> Accounts::Refused() const { return state_->Map().refused; }

bool Accounts::IsRefused(const AccountId& id) const { return state_->Map().refused.contains(id); }

std::expected<PutAccountResult, PutAccountError> Accounts::Put(const PutAccountRequest& request) {
  return state_->Put(request);
}

AccountChange Accounts::SetSkill(const AccountId& account, std::int64_t skill, SkillState state) {
  return state_->SetSkill(account, skill, state);
}

std::shared_ptr<const Account> Accounts::AtVersion(const AccountId& id, std::uint64_t version) const {
  return state_->AtVersion(id, version);
}

}  // namespace monitor
