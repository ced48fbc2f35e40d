#include "api/visits/visitor_views.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <tuple>
#include <utility>

#include "api/visits/geo.h"
#include "domain/deciding/conversations.h"

namespace monitor {

// As it is on disk, whoever owns the visitor.
VisitOutcome<SessionState> VisitorViews::ReadSession(const AccountId& account, const VisitorId& visitor,
                                                     const SessionId& session, const Account* judge) const {
  VisitorCipher cipher(owner_.store(), owner_.master_key(), PartitionKey(account, visitor), false);
  auto read = owner_.records().ReadSession(account, visitor, session, cipher, judge);
  if (!read) return std::unexpected(FailureOf(read.error()));
  return std::move(read->state);
}

// Who looks waits for nobody: while another owns the visitor, what is on disk is shown.
VisitOutcome<SessionState> VisitorViews::LookAtSession(const AccountId& account, const VisitorId& visitor,
                                                       const std::optional<SessionId>& session) const {
  auto lease = owner_.Own(account, visitor, std::chrono::steady_clock::now());
  if (lease) {
    auto loaded = owner_.LoadSession(*lease, session.value_or(lease->state().newest_session));
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    return (*loaded)->state;
  }
  if (lease.error().code == VisitFailure::Code::kCorrupt) return std::unexpected(std::move(lease.error()));
  auto state = owner_.records().ReadVisitor(account, visitor);
  if (!state) return std::unexpected(FailureOf(state.error()));
  return ReadSession(account, visitor, session.value_or(state->newest_session), nullptr);
}

VisitOutcome<std::optional<SessionView>> VisitorViews::FindSession(const AccountState& account,
                                                                   const VisitorId& visitor,
                                                                   const std::optional<SessionId>& session) const {
  auto found = LookAtSession(account.account->id, visitor, session);
  if (!found) return std::unexpected(std::move(found.error()));
  const TimeMs now = owner_.store().Now();
  if (!IsLive(*found, account.account->settings, now)) return std::nullopt;
  return SessionView{*std::move(found), now};
}

VisitOutcome<SessionTranscript> VisitorViews::Transcript(const AccountId& account, const VisitorId& visitor,
                                                         const SessionId& session) const {
  VisitorCipher cipher(owner_.store(), owner_.master_key(), PartitionKey(account, visitor), false);
  auto transcript = owner_.records().ReadTranscript(account, visitor, session, cipher);
  if (!transcript) return std::unexpected(FailureOf(transcript.error()));
  return *std::move(transcript);
}

VisitOutcome<VisitorState> VisitorViews::FindVisitor(const AccountState& account, const VisitorId& visitor) const {
  auto state = owner_.records().ReadVisitor(account.account->id, visitor);
  if (!state) return std::unexpected(FailureOf(state.error()));
  if (!IsKnown(*state)) return std::unexpected(NothingKnown());
  return *std::move(state);
}

VisitOutcome<std::vector<SessionOutline>> VisitorViews::SessionsOf(const AccountState& account,
                                                                   const VisitorId& visitor) const {
  const AccountId& id = account.account->id;
  const auto streams = owner_.records().SessionStreams(id, visitor);
  if (!streams) return std::unexpected(FailureOf(streams.error()));
  const VisitorCipher cipher(owner_.store(), owner_.master_key(), PartitionKey(id, visitor), false);
  const std::size_t prefix = SessionStream(id, visitor, SessionId()).str().size();
  const TimeMs now = owner_.store().Now();
  std::vector<SessionOutline> sessions;
  for (const StreamName& stream : *streams) {
    const SessionId session(std::string_view(stream.str()).substr(prefix));
    const auto read = owner_.records().ReadSession(id, visitor, session, cipher, nullptr);
    if (!read) return std::unexpected(FailureOf(read.error()));
    const SessionState& state = read->state;
    const bool live = IsLive(state, account.account->settings, now);
    sessions.push_back({session, state.created_at, state.last_activity_at, live});
  }
  std::ranges::sort(sessions, std::greater(), [](const SessionOutline& session) {
    return std::tie(session.started_at, session.last_activity_at, session.id);
  });
  return sessions;
}

VisitOutcome<std::vector<VisitorId>> VisitorViews::FindIdentity(const AccountState& account,
                                                                const IdentityHash& identity) const {
  auto visitors = owner_.records().VisitorsOfIdentity(account.account->id, identity);
  if (!visitors) return std::unexpected(FailureOf(visitors.error()));
  return *std::move(visitors);
}

VisitOutcome<std::optional<LogPosition>> VisitorViews::IdentitiesFrom() const {
  auto from = owner_.records().IdentitiesFrom();
  if (!from) return std::unexpected(FailureOf(from.error()));
  return *from;
}

VisitOutcome<std::optional<VisitorKey>> VisitorViews::KeyOf(const AccountId& account, const VisitorId& visitor) const {
  VisitorCipher cipher(owner_.store(), owner_.master_key(), PartitionKey(account, visitor), false);
  std::optional<VisitorKey> key = cipher.TakeKey();
  if (auto error = cipher.error()) return std::unexpected(FailureOf(*error));
  return key;
}

namespace {

// The full address is not kept, but what it matched is. What the document then in force did not ask is judged by the
// stored address.
void TakeAddressMatches(const SessionState& session, const AccountState& account,
                        const VisitorViews::DocumentAt& document_at, VisitRequest& request) {
  if (session.address_matches_version == account.version) {
    request.address_matches = session.address_matches;
  } else if (const auto then = document_at(session.address_matches_version)) {
    request.address_matches =
        CarryAddressMatches(*then, session.address_matches, *account.account, request.address, request.geo);
  }
}

}  // namespace

VisitOutcome<std::vector<Judgement>> VisitorViews::Explain(const AccountState& account, VisitRequest request,
                                                           std::optional<TimeMs> at, const DocumentAt& document_at,
                                                           const Geo* geo) const {
  const AccountId& id = account.account->id;
  // Read from the store, not from the room: nobody waits for an explanation.
  auto visitor = request.visitor.empty() ? VisitorState{} : owner_.records().ReadVisitor(id, request.visitor);
  if (!visitor) return std::unexpected(FailureOf(visitor.error()));
  SessionState session;
  if (request.session && !request.visitor.empty()) {
    auto read = ReadSession(id, request.visitor, *request.session, account.account.get());
    if (!read) return std::unexpected(std::move(read.error()));
    session = *std::move(read);
  }
  auto conversations = owner_.records().ConversationsOf(id, request.identities);
  if (!conversations) return std::unexpected(FailureOf(conversations.error()));
  const TimeMs now = at.value_or(owner_.store().Now());
  const bool from_session = request.address.empty() && !BeginsSession(request, account, session, now);
  if (from_session) request.address = session.ip_address;
  if (geo != nullptr) request.geo = geo->Lookup(request.address);
  if (from_session) TakeAddressMatches(session, account, document_at, request);
  return monitor::Explain(request, now, account, *std::move(visitor), std::move(session), *conversations);
}

}  // namespace monitor
