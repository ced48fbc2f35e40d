// VisitorCommands::Handle: a visitor's own requests.
#include <chrono>
#include <utility>

#include "api/visits/visitor_commands.h"
#include "eventstore/random.h"

namespace monitor {
namespace {

using Code = VisitFailure::Code;

// One engagement or report request: decides it, for as often as the owner asks.
class VisitCommit {
 public:
  VisitCommit(VisitorOwner& owner, NewSessionCaps& caps, const VisitorCommands::OnDecided& on_decided, VisitCall call)
      : owner_(owner),
        caps_(caps),
        on_decided_(on_decided),
        call_(std::move(call)),
        account_(*call_.account->account) {}

  VisitOutcome<AppendRequest> operator()(VisitorLease& lease, TimeMs now) {
    if (call_.live_session_only && !call_.request.session) call_.request.session = lease.state().newest_session;
    auto session = owner_.LoadSession(lease, call_.request.session.value_or(SessionId()), &account_);
    if (!session) return std::unexpected(std::move(session.error()));
    auto conversations = owner_.records().ConversationsOf(account_.id, call_.request.identities);
    if (!conversations) return std::unexpected(FailureOf(conversations.error()));
    if (std::chrono::steady_clock::now() >= call_.deadline) {
      return std::unexpected(VisitFailure{Code::kDeadline, "the deadline passed"});
    }
    if (auto allowed = Allow(**session, now); !allowed) return std::unexpected(std::move(allowed.error()));
    const auto began = std::chrono::steady_clock::now();
    auto decision =
        DecideRequest(call_.request, now, {*call_.account, lease.Change(), (*session)->state, *conversations});
    if (on_decided_) on_decided_(std::chrono::steady_clock::now() - began);
    if (!decision) return std::unexpected(VisitFailure{Code::kInvalid, std::move(decision.error().message)});
    decision_ = *std::move(decision);
    return MakeAppend(lease, **session, now);
  }

  VisitOutcome<Decision> Answer(VisitOutcome<void> committed) {
    if (committed) return std::move(decision_);
    if (committed.error().code != Code::kUnacknowledged) ReturnTokens();
    return std::unexpected(std::move(committed.error()));
  }

 private:
  // What must hold before anything is decided, in the order of http-api.md section 1: impressions, then caps.
  VisitOutcome<void> Allow(const LoadedSession& session, TimeMs now) {
    if (auto refusal = CheckImpressions(call_.request, *call_.account, session.state, now)) {
      return std::unexpected(VisitFailure{Code::kInvalid, std::move(refusal->message)});
    }
    ReturnTokens();  // of an attempt that met a conflict
    if (!BeginsSession(call_.request, *call_.account, session.state, now)) return {};
    if (call_.live_session_only) return std::unexpected(VisitFailure{Code::kNotFound, "there is no live session"});
    auto taken = caps_.Take(account_.id, account_.settings, call_.on_behalf ? "" : call_.request.address,
                            std::chrono::steady_clock::now());
    if (!taken) return std::unexpected(VisitFailure{Code::kCapped, "too many new sessions", taken.error()});
    tokens_ = *std::move(taken);
    if (call_.request.fresh_session.empty()) call_.request.fresh_session = GenerateSessionId();
    return {};
  }

  VisitOutcome<AppendRequest> MakeAppend(VisitorLease& lease, LoadedSession& session, TimeMs now) {
    auto encoded = owner_.Encode(lease, decision_.events, account_.settings.keep_full_address);
    if (!encoded) return std::unexpected(std::move(encoded.error()));
    AppendRequest append{
        .key = PartitionKey(account_.id, lease.visitor()), .now = now, .traceparent = call_.traceparent};
    append.streams.push_back({SessionStream(account_.id, lease.visitor(), decision_.session),
                              decision_.expected_version, *std::move(encoded)});
    if (decision_.new_session) session.snapshot_version = 0;
    owner_.Pack(lease, session, account_, append.states);
    if (decision_.visitor_changed) {
      append.states.push_back(VisitorRecords::WriteVisitor(account_.id, lease.visitor(), lease.Pack()));
    }
    for (const Identity& identity : call_.request.identities) {
      VisitorRecords::IndexIdentity(account_.id, lease.visitor(), identity, append.states);
    }
    return append;
  }

  // Refused requests spend nothing.
  void ReturnTokens() {
    caps_.Return(tokens_);
    tokens_ = {};
  }

  VisitorOwner& owner_;
  NewSessionCaps& caps_;
  const VisitorCommands::OnDecided& on_decided_;
  VisitCall call_;
  const Account& account_;  // the call's
  Decision decision_;
  NewSessionCaps::Taken tokens_;
};

}  // namespace

void VisitorCommands::HandleThen(VisitCall call, Decided decided) {
  const AccountId account = call.account->account->id;
  const VisitorId visitor = call.request.visitor;
  const auto deadline = call.deadline;
  const bool fresh = call.fresh_visitor;
  owner_.OwnThen(account, visitor, deadline, fresh,
                 [this, call = std::move(call), decided = std::move(decided)](auto lease) mutable {
                   if (!lease) return Tell(std::unexpected(std::move(lease.error())), decided);
                   owner_.CommitThen(*std::move(lease), VisitCommit(owner_, caps_, on_decided_, std::move(call)),
                                     [this, decided = std::move(decided)](auto committed, VisitCommit visit) mutable {
                                       Tell(visit.Answer(std::move(committed)), decided);
                                     });
                 });
}

void VisitorCommands::Tell(VisitOutcome<Decision> decision, Decided& decided) {
  if (!decision && decision.error().code == Code::kCapped) capped_.fetch_add(1, std::memory_order_relaxed);
  if (!decision && decision.error().code == Code::kOverloaded) overloaded_.fetch_add(1, std::memory_order_relaxed);
  decided(std::move(decision));
}

}  // namespace monitor
