// Owning a visitor: its room, its state loaded from the store when absent, and commits of what its owner decided
// (load → decide → append → retry, in this one place; docs/decisions/visitor-lease.md). When and as what state is kept:
// docs/decisions/snapshots.md.
//
// Thread-safe. A visitor's requests wait for one another (bounded); different visitors' do not. A VisitorLease belongs
// to one thread at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/visits/leaving_snapshots.h"
#include "api/visits/visit_failure.h"
#include "api/visits/visitor_cipher.h"
#include "api/visits/visitor_records.h"
#include "api/visits/visitor_rooms.h"
#include "domain/events/event_codec.h"
#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

// A session of a visitor that is owned.
struct LoadedSession {
  SessionState state;
  std::string packed;                  // the state as it is to be kept; empty: it did not change
  std::uint64_t snapshot_version = 0;  // of the snapshot in the store; 0: there is none
};

// A visitor while it is owned: can be moved, and is all that is held of it across an append. Its states are the lease's
// own, unpacked from what rests in the room. What Commit brought to the disk replaces that; what was handed to the
// store and is not known to be there takes it along; a request that came to nothing leaves it as it was.
class VisitorLease {
 public:
  VisitorLease(VisitorLease&& other) noexcept
      : scope_(std::move(other.scope_)),
        place_(std::move(other.place_)),
        cipher_(std::move(other.cipher_)),
        state_(std::move(other.state_)),
        packed_(std::move(other.packed_)),
        sessions_(std::move(other.sessions_)),
        attempts_(other.attempts_),
        folded_time_(other.folded_time_),
        handed_over_(std::exchange(other.handed_over_, false)),
        keeps_(other.keeps_) {}
  VisitorLease& operator=(VisitorLease&&) = delete;
  ~VisitorLease() { Rest(); }

  const AccountId& account() const { return scope_.account; }
  const VisitorId& visitor() const { return scope_.visitor; }
  const EventScope& scope() const { return scope_; }
  // Loaded by VisitorOwner before anyone sees it.
  const VisitorState& state() const { return state_; }
  VisitorCipher& cipher() { return *cipher_; }

  // The lease's own copy, for a decision to change; what Commit brings to the disk replaces what rests.
  VisitorState& Change() { return state_; }
  // The changed state as it is to be kept: what rests once it is on the disk.
  const std::string& Pack();
  // Not even what is committed holds in memory.
  void KeepNothing() { keeps_ = false; }

 private:
  friend class VisitorOwner;
  VisitorLease(AccountId account, VisitorId visitor, VisitorRooms::Lease place)
      : scope_{.account = std::move(account), .visitor = std::move(visitor)}, place_(std::move(place)) {}
  RestingVisitor& resting() { return place_.visitor(); }
  void Keep();
  void ForgetChanges();
  void Rest();

  EventScope scope_;
  VisitorRooms::Lease place_;
  std::unique_ptr<VisitorCipher> cipher_;
  VisitorState state_;
  std::string packed_;  // the state as it is to be kept; empty: it did not change
  std::list<LoadedSession> sessions_;
  int attempts_ = 0;                   // appends that met a conflict
  std::optional<TimeMs> folded_time_;  // the state on its way to the disk is as of this time, if it knows any
  bool handed_over_ = false;           // to the store: what rests may no longer be what is on disk
  bool keeps_ = true;
};

class VisitorOwner {
 public:
  // Both must outlive it.
  VisitorOwner(EventStore& store, const MasterKey& master_key, VisitorRooms::Options rooms);

  // Waits for the visitor until `deadline`; `owned` is called once, here or when it is its turn, and must not throw.
  // `fresh`: its id was just generated, so nothing is looked for.
  using Owned = std::move_only_function<void(VisitOutcome<VisitorLease>)>;
  void OwnThen(const AccountId& account, const VisitorId& visitor, std::chrono::steady_clock::time_point deadline,
               bool fresh, Owned owned);
  // The same; blocks until then.
  VisitOutcome<VisitorLease> Own(const AccountId& account, const VisitorId& visitor,
                                 std::chrono::steady_clock::time_point deadline);

  // The session's state, the initial one if it does not exist: the lease's own, which lives until the commit. Requests
  // can be judged on it under `judge`; nullptr: none will be.
  VisitOutcome<LoadedSession*> LoadSession(VisitorLease& lease, const SessionId& session,
                                           const Account* judge = nullptr);
  // A changed session as it is to be kept, and the write of its snapshot where one is due. Its events were encoded.
  void Pack(VisitorLease& lease, LoadedSession& session, const Account& judge, std::vector<StateWrite>& out) const;

  // The events' stored form; makes the visitor's key if one is needed.
  VisitOutcome<std::vector<NewEvent>> Encode(VisitorLease& lease, std::span<const Event> events,
                                             bool keep_full_address);

  // Decides and appends; once more if the store knows more than the state did. What was changed and not committed is
  // forgotten. `decide(lease, now)` says what to append as a VisitOutcome<AppendRequest>; nothing: an empty request,
  // and nothing changed. A value that holds all that it needs: the lease and it are all that is held across the append.
  // `done(committed, decide)` is called once, on whatever thread, when the visitor is left and nobody is waited for.
  template <class Decide, class Done>
  void CommitThen(VisitorLease lease, Decide decide, Done done) {
    Attempt(std::make_unique<Turn<Decide, Done>>(std::move(done), std::move(decide), std::move(lease)));
  }
  // The same; blocks until then.
  template <class Decide>
  std::pair<VisitOutcome<void>, Decide> Commit(VisitorLease lease, Decide decide) {
    std::promise<std::pair<VisitOutcome<void>, Decide>> promise;
    auto done = promise.get_future();
    CommitThen(std::move(lease), std::move(decide), [&promise](VisitOutcome<void> committed, Decide decided) {
      promise.set_value({std::move(committed), std::move(decided)});
    });
    return done.get();
  }

  EventStore& store() const { return store_; }
  const MasterKey& master_key() const { return master_key_; }
  const VisitorRecords& records() const { return records_; }
  std::uint64_t cached() const { return rooms_.count(); }  // visitors whose state is in memory
  std::uint64_t cached_bytes() const { return rooms_.bytes(); }
  std::uint64_t max_cached_bytes() const { return rooms_.max_bytes(); }
  std::uint64_t forgotten() const { return rooms_.forgotten(); }
  // Visitors that were owned and found in memory; that had to be looked for in the store. New ones are neither.
  std::uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  std::uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }
  std::uint64_t folds() const { return folds_.load(std::memory_order_relaxed); }

 private:
  template <class Decide, class Done>
  struct Turn {
    Done done;  // first, so that where it goes without a call, and whoever waits is told so, the visitor is left before
    Decide decide;
    VisitorLease lease;
  };
  template <class Decide, class Done>
  void Attempt(std::unique_ptr<Turn<Decide, Done>> turn) {
    VisitOutcome<AppendRequest> request = Prepare(turn->lease, turn->decide(turn->lease, store_.Now()));
    if (!request) return End(std::move(turn), std::unexpected(std::move(request.error())));
    if (request->streams.empty() && request->states.empty()) return End(std::move(turn), {});
    store_.AppendThen(*std::move(request), [this, turn = std::move(turn)](auto appended) mutable {
      if (auto settled = Settle(turn->lease, appended)) return End(std::move(turn), *std::move(settled));
      Attempt(std::move(turn));
    });
  }
  template <class Decide, class Done>
  static void End(std::unique_ptr<Turn<Decide, Done>> turn, VisitOutcome<void> committed) {
    Decide decide = std::move(turn->decide);
    Done done = std::move(turn->done);
    turn.reset();
    done(std::move(committed), std::move(decide));
  }

  VisitOutcome<VisitorLease> Load(const AccountId& account, const VisitorId& visitor, bool fresh,
                                  std::expected<VisitorRooms::Lease, VisitorRooms::Refusal> place);
  VisitOutcome<void> LoadVisitor(VisitorLease& lease, bool fresh);
  // The two sides of an append, with nothing but the lease between them. nullopt: to be decided once more.
  VisitOutcome<AppendRequest> Prepare(VisitorLease& lease, VisitOutcome<AppendRequest> request);
  void OnForgotten(std::string_view partition_key, const RestingVisitor& visitor);
  std::optional<VisitOutcome<void>> Settle(VisitorLease& lease, const std::expected<Appended, StoreError>& appended);

  EventStore& store_;
  const MasterKey& master_key_;
  const VisitorRecords records_;
  LeavingSnapshots leaving_;
  VisitorRooms rooms_;
  std::atomic<std::uint64_t> folds_ = 0, hits_ = 0, misses_ = 0;
};

}  // namespace monitor
