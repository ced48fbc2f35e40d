// Owning a visitor: its room, its state loaded from the store when absent, and commits of what its owner decided
// (load → decide → append → retry, in this one place).
//
// Thread-safe; a VisitorLease belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "api/visits/visitor_records.h"
#include "api/visits/visitor_rooms.h"
#include "api/visits/visits.h"
#include "domain/events/event_codec.h"
#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

VisitFailure FailureOf(StoreError error);

// A visitor while it is owned: can be moved, and is all that is held of it across an append. Knows whether what is in
// memory is ahead of what is on disk.
class VisitorLease {
 public:
  VisitorLease(VisitorLease&&) = default;

  const AccountId& account() const { return scope_.account; }
  const VisitorId& visitor() const { return scope_.visitor; }
  const EventScope& scope() const { return scope_; }
  // Loaded by VisitorOwner before anyone sees it.
  const VisitorState& state() const { return *place_.room().visitor; }
  VisitorCipher& cipher() { return *place_.room().cipher; }

  // From here on the visitor's state and its sessions' may be changed, for Commit to keep or to forget.
  VisitorState& Change() {
    changed_ = true;
    return *place_.room().visitor;
  }
  // Not even what is committed holds in memory.
  void KeepNothing() { keeps_ = false; }

 private:
  friend class VisitorOwner;
  VisitorLease(AccountId account, VisitorId visitor, VisitorRooms::Lease lease)
      : scope_{.account = std::move(account), .visitor = std::move(visitor)}, place_(std::move(lease)) {}
  VisitorRoom& room() { return place_.room(); }
  void ForgetChanges() {
    if (std::exchange(changed_, false)) room().Forget();
    keeps_ = true;
  }

  EventScope scope_;
  VisitorRooms::Lease place_;
  bool changed_ = false;
  bool keeps_ = true;
};

class VisitorOwner {
 public:
  template <class T>
  using Outcome = std::expected<T, VisitFailure>;
  // All must outlive it.
  VisitorOwner(EventStore& store, const MasterKey& master_key, const VisitorRecords& records, VisitorRooms& rooms)
      : store_(store), master_key_(master_key), records_(records), rooms_(rooms) {}

  // Waits for the visitor until `deadline`. `fresh`: its id was just generated, so nothing is looked for.
  Outcome<VisitorLease> Own(const AccountId& account, const VisitorId& visitor,
                            std::chrono::steady_clock::time_point deadline, bool fresh = false);

  // The session's state, the initial one if it does not exist. It lives until the next LoadSession or the
  // commit, and may be changed only after VisitorLease::Change.
  Outcome<LoadedSession*> LoadSession(VisitorLease& lease, const SessionId& session);

  // The events' stored form; makes the visitor's key if one is needed.
  Outcome<std::vector<NewEvent>> Encode(VisitorLease& lease, std::span<const Event> events, bool keep_full_address);

  // Decides and appends; once more if the store knows more than the state did. What was changed and not committed is
  // forgotten here, and nowhere else. `decide(lease, now)` says what to append as an Outcome<AppendRequest>; nothing:
  // an empty request, and nothing changed. A value that holds all that it needs: the lease and it are all that is held
  // across the append. It is given back.
  template <class Decide>
  std::pair<Outcome<void>, Decide> Commit(VisitorLease lease, Decide decide) {
    Outcome<void> committed = Run(lease, [&](TimeMs now) { return decide(lease, now); });
    return {std::move(committed), std::move(decide)};
  }

  std::uint64_t folds() const { return folds_.load(std::memory_order_relaxed); }

 private:
  Outcome<void> Run(VisitorLease& lease, const std::function<Outcome<AppendRequest>(TimeMs now)>& decide);
  Outcome<void> LoadVisitor(VisitorLease& lease, bool fresh);

  EventStore& store_;
  const MasterKey& master_key_;
  const VisitorRecords& records_;
  VisitorRooms& rooms_;
  std::atomic<std::uint64_t> folds_ = 0;
};

}  // namespace monitor
