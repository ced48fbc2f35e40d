#include "api/visits/visits.h"

#include <chrono>
#include <utility>

#include "api/visits/geo.h"
#include "api/visits/visits_state.h"
#include "eventstore/random.h"

namespace monitor {
namespace {

using Code = VisitFailure::Code;
template <class T>
using Outcome = VisitorOwner::Outcome<T>;

// One engagement or report request: decides it, for as often as the owner asks.
class VisitCommit {
 public:
  VisitCommit(Visits::State& state, VisitCall call)
      : state_(state), call_(std::move(call)), account_(*call_.account->account) {}

  Outcome<AppendRequest> operator()(VisitorLease& lease, TimeMs now) {
    if (call_.live_session_only && !call_.request.session) call_.request.session = lease.state().newest_session;
    auto session = state_.owner.LoadSession(lease, call_.request.session.value_or(SessionId()));
    if (!session) return std::unexpected(std::move(session.error()));
    auto conversations = state_.ConversationsOf(account_.id, call_.request.identities);
    if (!conversations) return std::unexpected(std::move(conversations.error()));
    if (std::chrono::steady_clock::now() >= call_.deadline) {
      return std::unexpected(VisitFailure{Code::kDeadline, "the deadline passed"});
    }
    if (auto allowed = Allow(**session, now); !allowed) return std::unexpected(std::move(allowed.error()));
    auto decision =
        DecideRequest(call_.request, now, {*call_.account, lease.Change(), (*session)->state, *conversations});
    if (!decision) return std::unexpected(VisitFailure{Code::kInvalid, std::move(decision.error().message)});
    decision_ = *std::move(decision);
    return MakeAppend(lease, **session, now);
  }

  Outcome<Decision> Answer(Outcome<void> committed) {
    if (committed) return std::move(decision_);
    if (committed.error().code != Code::kUnacknowledged) ReturnTokens();
    return std::unexpected(std::move(committed.error()));
  }

 private:
  // What must hold before anything is decided, in the order of http-api.md section 1: impressions, then caps.
  Outcome<void> Allow(const LoadedSession& session, TimeMs now) {
    if (auto refusal = CheckImpressions(call_.request, *call_.account, session.state, now)) {
      return std::unexpected(VisitFailure{Code::kInvalid, std::move(refusal->message)});
    }
    ReturnTokens();  // of an attempt that met a conflict
    if (!BeginsSession(call_.request, *call_.account, session.state, now)) return {};
    if (call_.live_session_only) return std::unexpected(VisitFailure{Code::kNotFound, "there is no live session"});
    auto taken = state_.caps.Take(account_.id, account_.settings, call_.on_behalf ? "" : call_.request.address,
                                  std::chrono::steady_clock::now());
    if (!taken) {
      state_.capped.fetch_add(1, std::memory_order_relaxed);
      return std::unexpected(VisitFailure{Code::kCapped, "too many new sessions", taken.error()});
    }
    tokens_ = *std::move(taken);
    if (call_.request.fresh_session.empty()) call_.request.fresh_session = GenerateSessionId();
    return {};
  }

  Outcome<AppendRequest> MakeAppend(VisitorLease& lease, LoadedSession& session, TimeMs now) {
    auto encoded = state_.owner.Encode(lease, decision_.events, account_.settings.keep_full_address);
    if (!encoded) return std::unexpected(std::move(encoded.error()));
    if (decision_.new_session) session.event_bytes = 0;
    for (const NewEvent& event : *encoded) session.event_bytes += event.data.size();

    AppendRequest append{
        .key = PartitionKey(account_.id, lease.visitor()), .now = now, .traceparent = call_.traceparent};
    append.streams.push_back({SessionStream(account_.id, lease.visitor(), decision_.session),
                              decision_.expected_version, *std::move(encoded)});
    if (decision_.visitor_changed) {
      append.states.push_back(VisitorRecords::WriteVisitor(account_.id, lease.visitor(), lease.state()));
    }
    for (const Identity& identity : call_.request.identities) {
      if (!identity.authenticated()) continue;
      append.states.push_back(VisitorRecords::WriteIdentity(account_.id, identity.hash, lease.visitor()));
    }
    return append;
  }

  // Refused requests spend nothing.
  void ReturnTokens() {
    state_.caps.Return(tokens_);
    tokens_ = {};
  }

  Visits::State& state_;
  VisitCall call_;
  const Account& account_;  // the call's
  Decision decision_;
  NewSessionCaps::Taken tokens_;
};

Outcome<Decision> DecideAndCommit(Visits::State& state, VisitCall call) {
  auto lease = state.owner.Own(call.account->account->id, call.request.visitor, call.deadline, call.fresh_visitor);
  if (!lease) return std::unexpected(std::move(lease.error()));
  auto [committed, visit] = state.owner.Commit(*std::move(lease), VisitCommit(state, std::move(call)));
  return visit.Answer(std::move(committed));
}

}  // namespace

Visits::Visits(EventStore& store, const MasterKey& master_key, VisitsOptions options)
    : state_(std::make_unique<State>(store, master_key, options)) {}
Visits::~Visits() = default;

std::expected<Decision, VisitFailure> Visits::Handle(VisitCall call) {
  Outcome<Decision> decision = DecideAndCommit(*state_, std::move(call));
  if (!decision && decision.error().code == Code::kOverloaded) {
    state_->overloaded.fetch_add(1, std::memory_order_relaxed);
  }
  return decision;
}

VisitorOwner::Outcome<LoadedSession> Visits::State::ReadSession(const AccountId& account, const VisitorId& visitor,
                                                                const SessionId& session) const {
  VisitorCipher cipher(store, master_key, PartitionKey(account, visitor), false);
  auto folded = records.FoldSession(account, visitor, session, cipher);
  if (!folded) return std::unexpected(FailureOf(folded.error()));
  // Without the key the session would be folded without what it seals.
  if (auto error = cipher.error()) return std::unexpected(FailureOf(*error));
  return *std::move(folded);
}

VisitorOwner::Outcome<std::vector<OpenConversation>> Visits::State::ConversationsOf(
    const AccountId& account, const std::vector<Identity>& identities) const {
  std::vector<OpenConversation> all;
  for (const Identity& identity : identities) {
    if (!identity.authenticated()) continue;
    auto found = records.ConversationsOfIdentity(account, identity.hash);
    if (!found) return std::unexpected(FailureOf(found.error()));
    all.insert(all.end(), std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
  }
  return all;
}

namespace {

// The full address is not kept, but what it matched is. What the document then in force did not ask is judged by the
// stored address.
void TakeAddressMatches(const SessionState& session, const AccountState& account, const Visits::DocumentAt& document_at,
                        VisitRequest& request) {
  if (session.address_matches_version == account.version) {
    request.address_matches = session.address_matches;
  } else if (const auto then = document_at(session.address_matches_version)) {
    request.address_matches =
        CarryAddressMatches(*then, session.address_matches, *account.account, request.address, request.geo);
  }
}

}  // namespace

std::expected<std::vector<Judgement>, VisitFailure> Visits::Explain(const AccountState& account, VisitRequest request,
                                                                    std::optional<TimeMs> at,
                                                                    const DocumentAt& document_at, const Geo* geo) {
  const AccountId& id = account.account->id;
  // Read from the store, not from the room: nobody waits for an explanation.
  auto visitor = request.visitor.empty() ? VisitorState{} : state_->records.ReadVisitor(id, request.visitor);
  if (!visitor) return std::unexpected(FailureOf(visitor.error()));
  LoadedSession session;
  if (request.session && !request.visitor.empty()) {
    auto read = state_->ReadSession(id, request.visitor, *request.session);
    if (!read) return std::unexpected(std::move(read.error()));
    session = *std::move(read);
  }
  auto conversations = state_->ConversationsOf(id, request.identities);
  if (!conversations) return std::unexpected(std::move(conversations.error()));
  const TimeMs now = at.value_or(state_->store.Now());
  const bool from_session = request.address.empty() && !BeginsSession(request, account, session.state, now);
  if (from_session) request.address = session.state.ip_address;
  if (geo != nullptr) request.geo = geo->Lookup(request.address);
  if (from_session) TakeAddressMatches(session.state, account, document_at, request);
  return monitor::Explain(request, now, account, *std::move(visitor), std::move(session.state), *conversations);
}

Visits::Statistics Visits::statistics() const {
  return {.cached_visitors = state_->rooms.count(),
          .folds_total = state_->owner.folds(),
          .capped_total = state_->capped.load(std::memory_order_relaxed),
          .overloaded_total = state_->overloaded.load(std::memory_order_relaxed)};
}

}  // namespace monitor
