#include "api/visits/visitor_owner.h"

#include <algorithm>
#include <utility>

namespace monitor {
namespace {

constexpr int kAttempts = 2;  // an owner is alone with its visitor; one retry is for state that was stale
constexpr int kOverloadedRetryAfterS = 2;
constexpr int kUnavailableRetryAfterS = 10;

}  // namespace

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

VisitOutcome<VisitorLease> VisitorOwner::Own(const AccountId& account, const VisitorId& visitor,
                                             std::chrono::steady_clock::time_point deadline, bool fresh) {
  // With ack=kafka the one inside may wait for long; nobody need wait for their turn to be refused.
  if (!store_.Writable()) return std::unexpected(FailureOf(StoreError::kUnavailable));
  auto place = rooms_.Enter(PartitionKey(account, visitor), deadline);
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
  VisitorRoom& room = lease.room();
  if (!room.cipher || room.cipher->error()) {  // a key that could not be read is asked for anew
    room.cipher =
        std::make_unique<VisitorCipher>(store_, master_key_, PartitionKey(lease.account(), lease.visitor()), fresh);
  }
  if (room.visitor) return {};
  if (fresh) {
    room.visitor.emplace();
    return {};
  }
  auto state = records_.ReadVisitor(lease.account(), lease.visitor());
  if (!state) return std::unexpected(FailureOf(state.error()));
  room.visitor = *std::move(state);
  return {};
}

VisitOutcome<LoadedSession*> VisitorOwner::LoadSession(VisitorLease& lease, const SessionId& session) {
  auto& sessions = lease.room().sessions;
  sessions.remove_if([](const LoadedSession& one) { return !one.state.exists(); });
  auto found = std::ranges::find(sessions, session, [](const LoadedSession& one) { return one.state.id; });
  if (!session.empty() && found != sessions.end()) {
    sessions.splice(sessions.begin(), sessions, found);
    return &sessions.front();
  }
  LoadedSession loaded;
  if (!session.empty()) {
    folds_.fetch_add(1, std::memory_order_relaxed);
    auto folded = records_.FoldSession(lease.account(), lease.visitor(), session, lease.cipher());
    if (!folded) return std::unexpected(FailureOf(folded.error()));
    // Without the key the session would be folded without what it seals.
    if (auto error = lease.cipher().error()) return std::unexpected(FailureOf(*error));
    loaded = *std::move(folded);
  }
  if (sessions.size() == VisitorRoom::kMaxSessions) sessions.pop_back();
  sessions.push_front(std::move(loaded));
  return &sessions.front();
}

VisitOutcome<std::vector<NewEvent>> VisitorOwner::Encode(VisitorLease& lease, std::span<const Event> events,
                                                         bool keep_full_address) {
  std::vector<NewEvent> encoded;
  encoded.reserve(events.size());
  for (const Event& event : events) {
    encoded.push_back({std::string(TypeName(event.data)),
                       EncodeEventData(event, lease.cipher(), {.keep_full_address = keep_full_address})});
  }
  if (auto error = lease.cipher().error()) return std::unexpected(FailureOf(*error));
  return encoded;
}

VisitOutcome<AppendRequest> VisitorOwner::Prepare(VisitorLease& lease, VisitOutcome<AppendRequest> request) {
  if (!request || (request->streams.empty() && request->states.empty())) return request;
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
    if (as_written && lease.keeps_) lease.changed_ = false;
    return VisitOutcome<void>();
  }
  if (appended.error() != StoreError::kConflict || ++lease.attempts_ == kAttempts) {
    return std::unexpected(FailureOf(appended.error()));
  }
  lease.ForgetChanges();
  if (auto loaded = LoadVisitor(lease, false); !loaded) return loaded;
  return std::nullopt;
}

}  // namespace monitor
