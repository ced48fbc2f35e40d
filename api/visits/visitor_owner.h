// Owning a visitor: its room, its state loaded from the store when absent, and commits of what its owner decided
// (load → decide → append → retry, in this one place).
//
// Thread-safe; an OwnedVisitor belongs to the thread that entered.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <vector>

#include "api/visits/visitor_records.h"
#include "api/visits/visitor_rooms.h"
#include "api/visits/visits.h"
#include "domain/events/event_codec.h"
#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

VisitFailure FailureOf(StoreError error);

// A visitor while this thread owns it.
class OwnedVisitor {
 public:
  const AccountId& account() const { return account_; }
  const VisitorId& visitor() const { return visitor_; }
  VisitorRoom& room() { return stay_.room(); }
  // Loaded by VisitorOwner before anyone sees it.
  VisitorState& state() { return *room().visitor; }
  VisitorCipher& cipher() { return *room().cipher; }

 private:
  friend class VisitorOwner;
  OwnedVisitor(AccountId account, VisitorId visitor, VisitorRooms::Stay stay)
      : account_(std::move(account)), visitor_(std::move(visitor)), stay_(std::move(stay)) {}
  AccountId account_;
  VisitorId visitor_;
  VisitorRooms::Stay stay_;
};

class VisitorOwner {
 public:
  template <class T>
  using Outcome = std::expected<T, VisitFailure>;
  // Decides on the owned state at `now` and says what to append; may change that state, for it is forgotten if the
  // append fails. Nothing to append: an empty request.
  using Decide = std::function<Outcome<AppendRequest>(TimeMs now)>;

  // All must outlive it.
  VisitorOwner(EventStore& store, const MasterKey& master_key, const VisitorRecords& records, VisitorRooms& rooms)
      : store_(store), master_key_(master_key), records_(records), rooms_(rooms) {}

  // Waits for the visitor until `deadline`. `fresh`: its id was just generated, so nothing is looked for.
  Outcome<OwnedVisitor> Own(const AccountId& account, const VisitorId& visitor,
                            std::chrono::steady_clock::time_point deadline, bool fresh = false);

  // The session's state, the initial one if it does not exist. The reference lives until the next LoadSession or
  // Forget.
  Outcome<LoadedSession*> LoadSession(OwnedVisitor& owned, const SessionId& session);

  // The events' stored form; makes the visitor's key if one is needed.
  Outcome<std::vector<NewEvent>> Encode(OwnedVisitor& owned, std::span<const Event> events, bool keep_full_address);

  // Decides and appends; once more if the store knows more than the state did.
  Outcome<void> Commit(OwnedVisitor& owned, const Decide& decide);

  std::uint64_t folds() const { return folds_.load(std::memory_order_relaxed); }

 private:
  Outcome<void> LoadVisitor(OwnedVisitor& owned, bool fresh);

  EventStore& store_;
  const MasterKey& master_key_;
  const VisitorRecords& records_;
  VisitorRooms& rooms_;
  std::atomic<std::uint64_t> folds_ = 0;
};

}  // namespace monitor
