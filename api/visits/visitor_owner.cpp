#include "api/visits/visitor_owner.h"

#include <algorithm>
#include <utility>

#include "domain/deciding/session_texts.h"
#include "domain/deciding/snapshots.h"
#include "eventstore/new_event.h"

namespace monitor {
namespace {

constexpr int kAttempts = 2;  // an owner is alone with its visitor; one retry is for state that was stale
constexpr int kOverloadedRetryAfterS = 2;
constexpr int kUnavailableRetryAfterS = 10;

// A session that is read back is its snapshot and at most so many events since; one that leaves memory with fewer new
// events than the second is not written once more.
constexpr std::uint64_t kEventsPerSnapshot = 32;
constexpr std::uint64_t kEventsWorthASnapshot = 10;

}  // namespace

VisitorOwner::VisitorOwner(EventStore& store, const MasterKey& master_key, VisitorRooms::Options rooms)
    : store_(store),
      master_key_(master_key),
      records_(store),
      rooms_(std::move(rooms), [this](auto key, auto& visitor) { OnForgotten(key, visitor); }) {}

void VisitorOwner::OnForgotten(std::string_view partition_key, const RestingVisitor& visitor) {
  if (!visitor.key && !visitor.keyless) return;  // it may have one that is not known here
  for (const RestingSession& session : visitor.sessions) {
    if (session.version < session.snapshot_version + kEventsWorthASnapshot) continue;
    leaving_.Add(records_.WriteSession(partition_key, session.bytes, visitor.key ? &*visitor.key : nullptr));
  }
}

const std::string& VisitorLease::Pack() { return packed_ = PackVisitor(state_); }

// What was committed is what is in memory from here on. Copies: they take what they need, and no more.
void VisitorLease::Keep() {
  if (!packed_.empty()) resting().bytes = std::string(std::string_view(packed_));
  for (const LoadedSession& session : sessions_) {
    if (session.packed.empty()) continue;
    auto& sessions = resting().sessions;
    std::erase_if(sessions, [&](const RestingSession& one) { return SessionIdOf(one.bytes) == session.state.id; });
    if (sessions.size() == RestingVisitor::kMaxSessions) sessions.pop_back();
    sessions.insert(sessions.begin(),
                    {std::string(std::string_view(session.packed)), session.state.version, session.snapshot_version});
  }
  handed_over_ = false;
}

void VisitorLease::ForgetChanges() {
  if (std::exchange(handed_over_, false)) resting() = {};
  sessions_.clear();
  state_ = {};
  packed_.clear();
  keeps_ = true;
}

void VisitorLease::Rest() {
  if (!cipher_) return;  // moved from, or not loaded
  const bool rests = !handed_over_;
  ForgetChanges();
  if (!rests || cipher_->error() || cipher_->NewKeyWrite()) return;  // a key that is not on disk is no key
  resting().key = cipher_->TakeKey();
  resting().keyless = !resting().key && !cipher_->error();
}

VisitFailure FailureOf(StoreError error) {
  switch (error) {
    case StoreError::kConflict:
      return {VisitFailure::Code::kOverloaded, "the visitor is in use elsewhere", kOverloadedRetryAfterS};
    case StoreError::kUnavailable:
      return {VisitFailure::Code::kOverloaded, "the store takes nothing now", kUnavailableRetryAfterS};
    case StoreError::kUnacknowledged:
      return {VisitFailure::Code::kUnacknowledged, "the broker did not acknowledge it"};
    case StoreError::kCorrupt:
      break;
  }
  return {VisitFailure::Code::kCorrupt, "what is stored can not be read"};
}

void VisitorOwner::OwnThen(const AccountId& account, const VisitorId& visitor,
                           std::chrono::steady_clock::time_point deadline, bool fresh, Owned owned) {
  // With ack=kafka the one inside may wait for long; nobody need wait for their turn to be refused.
  if (!store_.Writable()) return owned(std::unexpected(FailureOf(StoreError::kUnavailable)));
  rooms_.EnterThen(PartitionKey(account, visitor), deadline,
                   [this, account, visitor, fresh, owned = std::move(owned)](auto place) mutable {
                     owned(Load(account, visitor, fresh, std::move(place)));
                   });
}

VisitOutcome<VisitorLease> VisitorOwner::Own(const AccountId& account, const VisitorId& visitor,
                                             std::chrono::steady_clock::time_point deadline) {
  std::promise<VisitOutcome<VisitorLease>> promise;
  auto owned = promise.get_future();
  OwnThen(account, visitor, deadline, false, [&promise](auto lease) { promise.set_value(std::move(lease)); });
  return owned.get();
}

VisitOutcome<VisitorLease> VisitorOwner::Load(const AccountId& account, const VisitorId& visitor, bool fresh,
                                              std::expected<VisitorRooms::Lease, VisitorRooms::Refusal> place) {
  if (!place) {
    if (place.error() == VisitorRooms::Refusal::kDeadline) {
      return std::unexpected(VisitFailure{VisitFailure::Code::kDeadline, "the deadline passed"});
    }
    return std::unexpected(
        VisitFailure{VisitFailure::Code::kOverloaded, "too many requests wait for visitors", kOverloadedRetryAfterS});
  }
  VisitorLease lease(account, visitor, *std::move(place));
  if (VisitOutcome<void> loaded = LoadVisitor(lease, fresh); !loaded) return std::unexpected(std::move(loaded.error()));
  return lease;
}

VisitOutcome<void> VisitorOwner::LoadVisitor(VisitorLease& lease, bool fresh) {
  RestingVisitor& resting = lease.resting();
  lease.cipher_ = std::make_unique<VisitorCipher>(store_, master_key_, PartitionKey(lease.account(), lease.visitor()),
                                                  fresh || resting.keyless);
  if (resting.key) lease.cipher_->GiveBack(*std::exchange(resting.key, std::nullopt));
  if (fresh) return {};
  if (auto state = resting.bytes.empty() ? std::nullopt : UnpackVisitor(resting.bytes)) {
    lease.state_ = *std::move(state);
    hits_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  misses_.fetch_add(1, std::memory_order_relaxed);
  auto state = records_.ReadVisitor(lease.account(), lease.visitor());
  if (!state) return std::unexpected(FailureOf(state.error()));
  lease.state_ = *std::move(state);
  resting.bytes = PackVisitor(lease.state_);
  return {};
}

VisitOutcome<LoadedSession*> VisitorOwner::LoadSession(VisitorLease& lease, const SessionId& session,
                                                       const Account* judge) {
  const auto has_id = [&](const LoadedSession& one) { return one.state.exists() && one.state.id == session; };
  if (auto loaded = std::ranges::find_if(lease.sessions_, has_id); loaded != lease.sessions_.end()) return &*loaded;
  if (session.empty()) return &lease.sessions_.emplace_back();
  for (const RestingSession& resting : lease.resting().sessions) {
    if (SessionIdOf(resting.bytes) != session) continue;
    auto state = UnpackSession(resting.bytes);
    if (!state || (judge != nullptr && !IsJudgeable(*judge, *state))) break;
    return &lease.sessions_.emplace_back(*std::move(state), std::string(), resting.snapshot_version);
  }
  folds_.fetch_add(1, std::memory_order_relaxed);
  auto stored = records_.ReadSession(lease.account(), lease.visitor(), session, lease.cipher(), judge);
  if (!stored) return std::unexpected(FailureOf(stored.error()));
  return &lease.sessions_.emplace_back(std::move(stored->state), std::string(), stored->snapshot_version);
}

void VisitorOwner::Pack(VisitorLease& lease, LoadedSession& session, const Account& judge,
                        std::vector<StateWrite>& out) const {
  ForgetTexts(judge, session.state);
  session.packed = PackSession(session.state);
  if (session.state.version < session.snapshot_version + kEventsPerSnapshot) return;
  const VisitorKey* key = lease.cipher().key();
  if (lease.cipher().error()) return;
  out.push_back(records_.WriteSession(PartitionKey(lease.account(), lease.visitor()), session.packed, key));
  session.snapshot_version = session.state.version;
}

VisitOutcome<std::vector<NewEvent>> VisitorOwner::Encode(VisitorLease& lease, std::span<const Event> events,
                                                         bool keep_full_address) {
  std::vector<NewEvent> encoded;
  encoded.reserve(events.size());
  for (const Event& event : events) {
    encoded.push_back(EncodeNew(event, lease.cipher(), {.keep_full_address = keep_full_address}));
  }
  if (auto error = lease.cipher().error()) return std::unexpected(FailureOf(*error));
  return encoded;
}

VisitOutcome<AppendRequest> VisitorOwner::Prepare(VisitorLease& lease, VisitOutcome<AppendRequest> request) {
  if (!request || (request->streams.empty() && request->states.empty())) return request;
  leaving_.TakeAll(request->states);
  lease.handed_over_ = true;
  if (auto key = lease.cipher().NewKeyWrite()) request->states.push_back(*std::move(key));
  const bool folds_time =
      std::ranges::any_of(request->states, [](const StateWrite& one) { return one.value_at != nullptr; });
  lease.folded_time_ = folds_time ? std::optional(request->now) : std::nullopt;
  return request;
}

std::optional<VisitOutcome<void>> VisitorOwner::Settle(VisitorLease& lease,
                                                       const std::expected<Appended, StoreError>& appended) {
  if (appended) {
    lease.cipher().NewKeyWritten();
    const bool as_written = appended->time == lease.folded_time_.value_or(appended->time);
    if (as_written && lease.keeps_) lease.Keep();
    return VisitOutcome<void>();
  }
  if (appended.error() == StoreError::kUnavailable) lease.handed_over_ = false;  // nothing was written
  if (appended.error() != StoreError::kConflict || ++lease.attempts_ == kAttempts) {
    return std::unexpected(FailureOf(appended.error()));
  }
  lease.ForgetChanges();
  lease.resting() = {};  // the store knows more
  if (auto loaded = LoadVisitor(lease, false); !loaded) return loaded;
  return std::nullopt;
}

}  // namespace monitor
