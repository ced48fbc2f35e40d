#include "api/visits/visitor_commands.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "domain/deciding/snapshots.h"
#include "eventstore/new_event.h"

namespace monitor {
namespace {

using Code = VisitFailure::Code;

// How long a command waits for its visitor.
constexpr std::chrono::seconds kPatience{10};

auto Deadline() { return std::chrono::steady_clock::now() + kPatience; }

// Appends one event to the visitor's own stream, folds it, and writes the snapshot, as of the event's own time whatever
// that will be. No event: nothing to append.
VisitOutcome<AppendRequest> AppendToVisitor(VisitorLease& lease, const std::optional<Event>& event, TimeMs now) {
  if (!event) return AppendRequest{};
  const VisitorState before = lease.state();
  Evolve(lease.Change(), *event, now);
  NewEvent stored = EncodeNew(*event, lease.cipher());
  if (auto error = lease.cipher().error()) return std::unexpected(FailureOf(*error));
  AppendRequest append{.key = PartitionKey(lease.account(), lease.visitor()), .now = now};
  append.streams.push_back({VisitorStream(lease.account(), lease.visitor()), before.version, {std::move(stored)}});
  append.states.push_back(VisitorRecords::WriteVisitor(lease.account(), lease.visitor(), lease.Pack()));
  append.states.back().value_at = [before, event = *event](TimeMs time) {
    VisitorState state = before;
    Evolve(state, event, time);
    return PackVisitor(state);
  };
  VisitorRecords::IndexChanges(lease.account(), lease.visitor(), before.conversations, lease.state().conversations,
                               append.states);
  return append;
}

// A decision that remembers whether it appends something.
template <class Decide>
struct Remembering {
  Decide decide;
  bool appends = false;

  VisitOutcome<AppendRequest> operator()(VisitorLease& lease, TimeMs now) {
    VisitOutcome<AppendRequest> request = decide(lease, now);
    appends = request && !request->streams.empty();
    return request;
  }
};

template <class Decide>
VisitOutcome<bool> OwnAndCommit(VisitorOwner& owner, const AccountState& account, const VisitorId& visitor,
                                Decide decide) {
  auto lease = owner.Own(account.account->id, visitor, Deadline());
  if (!lease) return std::unexpected(std::move(lease.error()));
  auto [committed, decided] = owner.Commit(*std::move(lease), Remembering<Decide>{std::move(decide)});
  if (!committed) return std::unexpected(std::move(committed.error()));
  return decided.appends;
}

}  // namespace

VisitOutcome<bool> VisitorCommands::StartConversation(const AccountState& account, const ConversationStart& start) {
  const AccountId& id = account.account->id;
  ConversationStart hashed = start;
  if (hashed.identity) {
    hashed.identity->acr = "loa1";
    hashed.identity->hash = owner_.master_key().HashIdentity(hashed.identity->iss, hashed.identity->sub);
  }
  auto open = owner_.records().VisitorOfConversation(id, start.id);
  if (!open) return std::unexpected(FailureOf(open.error()));
  if (*open) return false;  // told again
  if (!hashed.visitor) {
    if (!hashed.identity) return std::unexpected(VisitFailure{Code::kInvalid, "visitorId: it or identity is required"});
    auto visitor = owner_.records().VisitorOfIdentity(id, hashed.identity->hash);
    if (!visitor) return std::unexpected(FailureOf(visitor.error()));
    if (!*visitor) return std::unexpected(VisitFailure{Code::kNotFound, "no visitor has presented this identity"});
    hashed.visitor = **visitor;
  }
  const VisitorId visitor = *hashed.visitor;
  auto decide = [&owner = owner_, account = account.account, start = std::move(hashed)](
                    VisitorLease& lease, TimeMs now) -> VisitOutcome<AppendRequest> {
    const SessionState* session = nullptr;
    if (const auto meant = SessionMeant(start, lease.state())) {
      auto loaded = owner.LoadSession(lease, *meant);
      if (!loaded) return std::unexpected(std::move(loaded.error()));
      session = &(*loaded)->state;
    }
    return AppendToVisitor(lease, DecideConversationStart(lease.scope(), *account, start, lease.state(), session), now);
  };
  return OwnAndCommit(owner_, account, visitor, std::move(decide));
}

VisitOutcome<bool> VisitorCommands::EndConversation(const AccountState& account, const ConversationId& id) {
  auto visitor = owner_.records().VisitorOfConversation(account.account->id, id);
  if (!visitor) return std::unexpected(FailureOf(visitor.error()));
  if (!*visitor) return false;  // unknown, or ended before
  return OwnAndCommit(owner_, account, **visitor, [id](VisitorLease& lease, TimeMs now) {
    return AppendToVisitor(lease, DecideConversationEnd(lease.scope(), id, lease.state()), now);
  });
}

VisitOutcome<bool> VisitorCommands::SetAbandonScore(const AccountState& account, const VisitorId& visitor,
                                                    Decimal score) {
  return OwnAndCommit(owner_, account, visitor, [score](VisitorLease& lease, TimeMs now) {
    return AppendToVisitor(lease, DecideAbandonScore(lease.scope(), score, lease.state()), now);
  });
}

namespace {

// All that must be written to make a visitor unreadable and unknown.
VisitOutcome<AppendRequest> EraseOwned(VisitorOwner& owner, VisitorLease& lease, const Settings& settings, TimeMs now) {
  const auto erased = DecideErasure(lease.scope(), lease.state());
  if (!erased) return std::unexpected(NothingKnown());
  auto identities = owner.records().IdentitiesOf(lease.account(), lease.visitor(), lease.cipher());
  if (!identities) return std::unexpected(FailureOf(identities.error()));
  auto streams = owner.records().SessionStreams(lease.account(), lease.visitor());
  if (!streams) return std::unexpected(FailureOf(streams.error()));

  std::vector<StreamAppend> appends;
  const std::string prefix = SessionStream(lease.account(), lease.visitor(), SessionId()).str();
  for (const StreamName& stream : *streams) {
    const SessionId id(stream.str().substr(prefix.size()));
    const auto session = owner.records().ReadSession(lease.account(), lease.visitor(), id, lease.cipher(), nullptr);
    if (!session) return std::unexpected(FailureOf(session.error()));
    if (const auto closed = DecideErasedSession(lease.scope(), session->state, settings, now)) {
      appends.push_back({stream, session->state.version, {EncodeNew(*closed, NoKey())}});
    }
  }
  auto append = AppendToVisitor(lease, erased, now);
  if (!append) return append;
  lease.KeepNothing();  // its key goes with it
  std::ranges::move(append->streams, std::back_inserter(appends));
  append->streams = std::move(appends);
  for (const IdentityHash& identity : *identities) {
    auto last = owner.records().VisitorOfIdentity(lease.account(), identity);
    if (!last) return std::unexpected(FailureOf(last.error()));
    VisitorRecords::UnindexIdentity(lease.account(), lease.visitor(), identity, *last == lease.visitor(),
                                    append->states);
  }
  const std::string key = PartitionKey(lease.account(), lease.visitor());
  for (const StreamName& stream : *streams) {
    append->states.push_back(VisitorRecords::DeleteSession(key, SessionId(stream.str().substr(prefix.size()))));
  }
  append->states.push_back(VisitorRecords::DeleteKey(lease.account(), lease.visitor()));
  return append;
}

}  // namespace

VisitOutcome<bool> VisitorCommands::Erase(const AccountState& account, const VisitorId& visitor) {
  return OwnAndCommit(owner_, account, visitor,
                      [&owner = owner_, document = account.account](VisitorLease& lease, TimeMs now) {
                        return EraseOwned(owner, lease, document->settings, now);
                      });
}

VisitOutcome<std::vector<VisitorId>> VisitorCommands::EraseIdentity(const AccountState& account,
                                                                    const IdentityHash& identity) {
  auto visitors = owner_.records().VisitorsOfIdentity(account.account->id, identity);
  if (!visitors) return std::unexpected(FailureOf(visitors.error()));
  for (const VisitorId& visitor : *visitors) {
    auto erased = Erase(account, visitor);
    if (!erased && erased.error().code != Code::kNotFound) return std::unexpected(std::move(erased.error()));
  }
  return *std::move(visitors);
}

VisitOutcome<std::optional<std::size_t>> VisitorCommands::EraseSome(const AccountState& account, VisitorId& after) {
  constexpr std::size_t kAtOnce = 64;
  auto visitors = owner_.records().VisitorsOf(account.account->id, after, kAtOnce);
  if (!visitors) return std::unexpected(FailureOf(visitors.error()));
  if (visitors->empty()) return std::nullopt;
  std::size_t count = 0;
  for (VisitorId& visitor : *visitors) {
    auto erased = Erase(account, visitor);
    if (erased) ++count;
    if (!erased && erased.error().code != Code::kNotFound) return std::unexpected(std::move(erased.error()));
    after = std::move(visitor);
  }
  return count;
}

}  // namespace monitor
