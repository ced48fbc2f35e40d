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

VisitorOwner::Outcome<OwnedVisitor> VisitorOwner::Own(const AccountId& account, const VisitorId& visitor,
                                                      std::chrono::steady_clock::time_point deadline, bool fresh) {
  // With ack=kafka the one inside may wait for long; nobody need wait for their turn to be refused.
  if (!store_.Writable()) return std::unexpected(FailureOf(StoreError::kUnavailable));
  auto stay = rooms_.Enter(PartitionKey(account, visitor), deadline);
  if (!stay) {
    if (stay.error() == VisitorRooms::Refusal::kDeadline) {
      return std::unexpected(VisitFailure{VisitFailure::Code::kDeadline, "the deadline passed"});
    }
    return std::unexpected(
        VisitFailure{VisitFailure::Code::kOverloaded, "too many requests wait for visitors", kOverloadedRetryAfterS});
  }
  OwnedVisitor owned(account, visitor, *std::move(stay));
  if (Outcome<void> loaded = LoadVisitor(owned, fresh); !loaded) return std::unexpected(std::move(loaded.error()));
  return owned;
}

VisitorOwner::Outcome<void> VisitorOwner::LoadVisitor(OwnedVisitor& owned, bool fresh) {
  VisitorRoom& room = owned.room();
  if (!room.cipher) {
    room.cipher =
        std::make_unique<VisitorCipher>(store_, master_key_, PartitionKey(owned.account(), owned.visitor()), fresh);
  }
  if (room.visitor) return {};
  if (fresh) {
    room.visitor.emplace();
    return {};
  }
  auto state = records_.ReadVisitor(owned.account(), owned.visitor());
  if (!state) return std::unexpected(FailureOf(state.error()));
  room.visitor = *std::move(state);
  return {};
}

VisitorOwner::Outcome<LoadedSession*> VisitorOwner::LoadSession(OwnedVisitor& owned, const SessionId& session) {
  auto& sessions = owned.room().sessions;
  sessions.remove_if([](const LoadedSession& one) { return !one.state.exists(); });
  auto found = std::ranges::find(sessions, session, [](const LoadedSession& one) { return one.state.id; });
  if (!session.empty() && found != sessions.end()) {
    sessions.splice(sessions.begin(), sessions, found);
    return &sessions.front();
  }
  LoadedSession loaded;
  if (!session.empty()) {
    folds_.fetch_add(1, std::memory_order_relaxed);
    auto folded = records_.FoldSession(owned.account(), owned.visitor(), session, owned.cipher());
    if (!folded) return std::unexpected(FailureOf(folded.error()));
    // Without the key the session would be folded without what it seals.
    if (auto error = owned.cipher().error()) {
      owned.room().Forget();
      return std::unexpected(FailureOf(*error));
    }
    loaded = *std::move(folded);
  }
  if (sessions.size() == VisitorRoom::kMaxSessions) sessions.pop_back();
  sessions.push_front(std::move(loaded));
  return &sessions.front();
}

VisitorOwner::Outcome<std::vector<NewEvent>> VisitorOwner::Encode(OwnedVisitor& owned, std::span<const Event> events,
                                                                  bool keep_full_address) {
  std::vector<NewEvent> encoded;
  encoded.reserve(events.size());
  for (const Event& event : events) {
    encoded.push_back({std::string(TypeName(event.data)),
                       EncodeEventData(event, owned.cipher(), {.keep_full_address = keep_full_address})});
  }
  if (auto error = owned.cipher().error()) return std::unexpected(FailureOf(*error));
  return encoded;
}

VisitorOwner::Outcome<void> VisitorOwner::Commit(OwnedVisitor& owned, const Decide& decide) {
  for (int attempt = 1;; ++attempt) {
    auto request = decide(store_.Now());
    if (!request) return std::unexpected(std::move(request.error()));
    if (request->streams.empty() && request->states.empty()) return {};
    if (auto key = owned.cipher().NewKeyWrite()) request->states.push_back(*std::move(key));
    const bool folds_time =
        std::ranges::any_of(request->states, [](const StateWrite& one) { return one.value_at != nullptr; });
    const TimeMs decided = request->now;
    auto appended = store_.Append(*std::move(request));
    if (appended) {
      owned.cipher().NewKeyWritten();
      if (folds_time && appended->time != decided) owned.room().Forget();  // folded as of another time than is written
      return {};
    }
    owned.room().Forget();
    if (appended.error() != StoreError::kConflict || attempt == kAttempts) {
      return std::unexpected(FailureOf(appended.error()));
    }
    if (Outcome<void> loaded = LoadVisitor(owned, false); !loaded) return loaded;
  }
}

}  // namespace monitor
