// The accounts in force: documents put, watched in a folder, or folded from the log; and the states of their skills.
//
// Find is called by every request and takes no lock. Changes are serialised per registry and are events first: an
// account-configured or skill-availability-changed is committed before the new state is published (campaigns.md).
// Threads: every function may be called from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/account/account.h"
#include "domain/account/account_snapshot.h"
#include "eventstore/event_store.h"

namespace monitor {

class AccountFolder;
class FolderWatch;
struct AccountFile;

struct AccountSummary {
  AccountId id;
  Revision revision;
  std::string name;
  std::string refused;  // not empty: its stored document is not in force (RefusedAccount::why), and has no name
};

// An account whose stored document was taken once and is refused by this program: it is not served until a good one is
// put. The states that its skills were told are kept.
struct RefusedAccount {
  AccountSnapshot kept;
  std::string why;  // all its errors
};

struct PutAccountRequest {
  AccountId id;
  std::string document;
  std::string by;                       // an admin token's name, or "file:NAME"
  std::optional<std::string> if_match;  // the header as sent
};

struct PutAccountResult {
  Revision revision;
  bool created = false;
  bool changed = false;  // false: the same bytes were in force, nothing was appended
};

struct PutAccountError {
  // kUnacknowledged: it is in force and in the log, but the broker did not acknowledge it in time (ack=kafka).
  enum class Code : std::uint8_t { kInvalid, kPreconditionFailed, kUnavailable, kUnacknowledged } code;
  std::string message;
  std::vector<DocumentError> errors;  // of kInvalid
};

// kUnchanged: it was so already, and nothing was appended. kUnacknowledged as above.
enum class AccountChange : std::uint8_t {
  kDone,
  kUnchanged,
  kUnknownAccount,
  kUnknownSkill,
  kUnavailable,
  kUnacknowledged
};

// The document if it could be put as this account's; all that is wrong with it otherwise. Pure.
std::expected<std::shared_ptr<const Account>, std::vector<DocumentError>> ValidateAccount(std::string document,
                                                                                          const AccountId& id);

class Accounts {
 public:
  // Both must outlive it, and be the same log. What is told and will be answered is appended by `told`, which may wait
  // for the broker (kafka_ack_store.h); what a file says by `store`, so that the node starts without one.
  Accounts(EventStore& store, EventStore& told);
  explicit Accounts(EventStore& store) : Accounts(store, store) {}
  ~Accounts();

  // Folds every account's state from the store, then puts each *.json of `folder` ("" = none) whose content differs
  // from what a file last brought to that account, then watches the folder until destruction. Find answers nothing
  // before. A document that is refused leaves the old one in force and is logged with all its errors; of two files for
  // one account the first by name counts. A stored document that is refused puts its account aside (Refused) until
  // another is put, by a file even with the content that it brought last. The error is one clear sentence: what is
  // stored can not be read, and nothing may be served.
  std::expected<void, std::string> Start(const std::string& folder);
  // Until Start has folded and read everything once.
  bool loading() const { return loading_.load(std::memory_order_acquire); }

  // The greatest age that a session may get by any document that was in force since the start.
  std::chrono::seconds LongestSession() const { return std::chrono::seconds(longest_session_s_.load()); }

  // nullptr: no such account, or nothing of it is in force.
  std::shared_ptr<const AccountState> Find(const AccountId& id) const { return loading() ? nullptr : Known(id); }
  std::vector<AccountSummary> List() const;
  std::map<AccountId, std::shared_ptr<const RefusedAccount>> Refused() const;
  bool IsRefused(const AccountId& id) const;  // as cheap as Find

  std::expected<PutAccountResult, PutAccountError> Put(const PutAccountRequest& request);
  AccountChange SetSkill(const AccountId& account, std::int64_t skill, SkillState state);

  // The account ends: nothing of it is in force from now on. Its visitors are another's to erase, who then calls Ended;
  // until then nothing can be put in its place.
  AccountChange Remove(const AccountId& id);
  std::vector<AccountId> Ending() const;
  std::expected<void, StoreError> Ended(const AccountId& id);

  // What was done, or is about to be shown, through the admin API: appended to the account's stream, without an id to
  // the node's own. It is on disk when this returns.
  std::expected<void, StoreError> Record(const AccountId& id, const AdminActionRecorded& action);

  // The document that was in force when the account's stream was at this version; nullptr if none was.
  std::shared_ptr<const Account> AtVersion(const AccountId& id, std::uint64_t version) const;

 private:
  struct AccountMap {
    std::unordered_map<AccountId, std::shared_ptr<const AccountState>> in_force;
    std::map<AccountId, std::shared_ptr<const RefusedAccount>> refused;
    std::map<AccountId, AccountSnapshot> removed;
  };
  // What AtVersion was asked, and found.
  struct OldDocument {
    AccountId id;
    std::uint64_t version;
    std::shared_ptr<const Account> account;
  };

  // The map in force. Each thread keeps the last one that it saw, so that reading takes no lock and touches nothing
  // that other threads write.
  const AccountMap& Map() const;
  std::shared_ptr<const AccountState> Known(const AccountId& id) const;  // also while loading

  // The right to change accounts, given back when it ends, on whichever thread that is: all that is held across an
  // append, and no lock.
  struct GiveBack {
    void operator()(std::binary_semaphore* turn) const { turn->release(); }
  };
  using Turn = std::unique_ptr<std::binary_semaphore, GiveBack>;
  Turn WaitForTurn() {
    turn_.acquire();
    return Turn(&turn_);
  }

  // All below are called by whoever has the turn.
  std::expected<void, StoreError> RecordOfNode(const AdminActionRecorded& action);
  std::expected<void, std::string> FoldAll();
  std::expected<void, std::string> FoldAccount(const AccountId& id);
  std::expected<void, std::string> FoldEvents(const AccountId& id, AccountSnapshot& snapshot) const;
  // What is kept of the account now; the initial one if there is none.
  AccountSnapshot Kept(const AccountId& id);
  bool WaitForEnd(const AccountId& id) const;  // false: it is still ending
  void LookAtFolder();
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
  std::atomic<std::int64_t> longest_session_s_ = 0;
  std::binary_semaphore turn_{1};                // one change after the other
  std::map<AccountId, Revision> files_;          // AccountSnapshot::file
  std::map<AccountId, std::string> file_names_;  // the file that speaks for the account
  std::unique_ptr<AccountFolder> folder_;
  std::uint64_t newest_action_ = 0;  // numbers all that was ever recorded

  mutable std::mutex map_mutex_;  // held to take or replace map_, never by a reader of an unchanged map
  std::shared_ptr<const AccountMap> map_ = std::make_shared<AccountMap>();
  std::atomic<std::uint64_t> map_version_ = 0;
  mutable std::condition_variable map_changed_;

  mutable std::mutex old_mutex_;
  mutable std::deque<OldDocument> old_;  // the last asked first

  std::unique_ptr<FolderWatch> watch_;  // last: its thread uses all of the above
};

}  // namespace monitor
