// The commands of Visits besides visits themselves: conversations, abandon score, erasing, looking at a visitor.
#include <algorithm>
#include <utility>

#include "api/visits/visits.h"
#include "api/visits/visits_state.h"

namespace monitor {
namespace {

using Code = VisitFailure::Code;
template <class T>
using Outcome = VisitorOwner::Outcome<T>;

// How long a command waits for its visitor.
constexpr std::chrono::seconds kPatience{10};

auto Deadline() { return std::chrono::steady_clock::now() + kPatience; }

std::unexpected<VisitFailure> NothingKnown() {
  return std::unexpected(VisitFailure{Code::kNotFound, "nothing is known of this visitor"});
}

// False for a visitor never heard of, and for one of whom nothing happened since it was erased.
bool IsKnown(const VisitorState& state) {
  return state.sessions > 0 || !state.conversations.empty() || (state.version > 0 && !state.erased);
}

NewEvent Stored(const Event& event, const FieldCipher& cipher) {
  return {std::string(TypeName(event.data)), EncodeEventData(event, cipher)};
}

// Appends one event to the visitor's own stream, folds it, and writes the snapshot, as of the event's own time whatever
// that will be.
Outcome<AppendRequest> AppendToVisitor(OwnedVisitor& owned, EventData data, AppInstallationId app, TimeMs now) {
  const Event event{{.account = owned.account(), .visitor = owned.visitor(), .app_installation = std::move(app)},
                    std::move(data)};
  const std::uint64_t version = owned.state().version;
  NewEvent stored = Stored(event, owned.cipher());
  if (auto error = owned.cipher().error()) return std::unexpected(FailureOf(*error));
  const VisitorState before = owned.state();
  Evolve(owned.state(), event, now);
  AppendRequest append{.key = PartitionKey(owned.account(), owned.visitor()), .now = now};
  append.streams.push_back({VisitorStream(owned.account(), owned.visitor()), version, {std::move(stored)}});
  append.states.push_back(VisitorRecords::WriteVisitor(owned.account(), owned.visitor(), owned.state()));
  append.states.back().value_at = [before, event](TimeMs time) {
    VisitorState state = before;
    Evolve(state, event, time);
    return state.ToJson();
  };
  return append;
}

// What the configuration tells of an engagement that was not offered.
struct ConfiguredOffer {
  Entry entry;
  std::optional<std::int64_t> connector_id;
};

// As configured now; nullopt if the account has none of that id (in that campaign, if one is given).
std::optional<ConfiguredOffer> FindConfigured(const Account& account, std::int64_t engagement_id,
                                              std::optional<std::int64_t> campaign_id) {
  for (const Campaign& campaign : account.campaigns) {
    if (campaign_id && campaign.id != *campaign_id) continue;
    for (const Engagement& engagement : campaign.engagements) {
      if (engagement.id != engagement_id) continue;
      return ConfiguredOffer{
          {campaign.id, engagement.id, engagement.revision, engagement.zone, engagement.channel, engagement.language},
          engagement.connector_id};
    }
  }
  return std::nullopt;
}

// The offer of this session that the start means: by its context, else the newest of its engagement.
const Offer* OfferMeant(const SessionState& session, const ConversationStart& start) {
  const Offer* meant = nullptr;
  for (const Offer& offer : session.offers) {
    if (start.context_id ? offer.context_id != *start.context_id : !start.engagement_id) continue;
    if (start.engagement_id && offer.entry.engagement_id != *start.engagement_id) continue;
    if (start.campaign_id && offer.entry.campaign_id != *start.campaign_id) continue;
    meant = &offer;
  }
  return meant;
}

struct CompletedStart {
  ConversationStarted event;
  AppInstallationId app;
};

// events.md: a start that names no context is completed from the newest offer of that engagement in the session it
// names, else of the visitor; what no offer tells comes from the configuration.
Outcome<CompletedStart> Complete(VisitorOwner& owner, OwnedVisitor& owned, const Account& account,
                                 const ConversationStart& start) {
  CompletedStart completed;
  ConversationStarted& event = completed.event;
  event.conversation_id = start.id;
  event.identity = start.identity;
  event.session_id = start.session;
  event.context_id = start.context_id;
  const auto take = [&](const auto& offer, const SessionId& session) {
    event.entry = offer.entry;
    event.session_id = session;
    event.context_id = offer.context_id;
    event.connector_id = offer.connector_id;
    completed.app = offer.app_installation;
  };

  std::optional<SessionId> session = start.session;
  if (!session && start.context_id) session = owned.state().newest_session;
  if (session) {
    auto loaded = owner.LoadSession(owned, *session);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    if (const Offer* offer = OfferMeant((*loaded)->state, start)) take(*offer, *session);
  } else if (start.engagement_id) {
    const NewestOffer* newest = owned.state().FindNewestOffer(*start.engagement_id, start.campaign_id);
    if (newest != nullptr) take(*newest, newest->session);
  }
  if (!event.entry && start.engagement_id) {
    if (auto configured = FindConfigured(account, *start.engagement_id, start.campaign_id)) {
      event.entry = std::move(configured->entry);
      event.connector_id = configured->connector_id;
    }
  }
  if (!completed.app.empty()) event.app_installation_id = completed.app;
  return completed;
}

// Keeps the index in step with the conversations that the fold opened and closed.
void IndexChanges(OwnedVisitor& owned, const std::vector<OpenConversation>& before, std::vector<StateWrite>& out) {
  const auto& after = owned.state().conversations;
  const auto missing_in = [](const std::vector<OpenConversation>& list, const OpenConversation& one) {
    return std::ranges::find(list, one.id, &OpenConversation::id) == list.end();
  };
  for (const OpenConversation& one : before) {
    if (missing_in(after, one)) VisitorRecords::UnindexConversation(owned.account(), one, out);
  }
  for (const OpenConversation& one : after) {
    if (missing_in(before, one)) VisitorRecords::IndexConversation(owned.account(), owned.visitor(), one, out);
  }
}

}  // namespace

std::expected<void, VisitFailure> Visits::StartConversation(const AccountState& account,
                                                            const ConversationStart& start) {
  const AccountId& id = account.account->id;
  ConversationStart hashed = start;
  if (hashed.identity) {
    hashed.identity->acr = "loa1";
    hashed.identity->hash = state_->master_key.HashIdentity(hashed.identity->iss, hashed.identity->sub);
  }
  auto open = state_->records.VisitorOfConversation(id, start.id);
  if (!open) return std::unexpected(FailureOf(open.error()));
  if (*open) return {};  // told again
  if (!hashed.visitor) {
    if (!hashed.identity) return std::unexpected(VisitFailure{Code::kInvalid, "visitorId: it or identity is required"});
    auto visitor = state_->records.VisitorOfIdentity(id, hashed.identity->hash);
    if (!visitor) return std::unexpected(FailureOf(visitor.error()));
    if (!*visitor) return std::unexpected(VisitFailure{Code::kNotFound, "no visitor has presented this identity"});
    hashed.visitor = **visitor;
  }
  auto owned = state_->owner.Own(id, *hashed.visitor, Deadline());
  if (!owned) return std::unexpected(std::move(owned.error()));
  return state_->owner.Commit(*owned, [&](TimeMs now) -> Outcome<AppendRequest> {
    const auto before = owned->state().conversations;
    if (std::ranges::find(before, start.id, &OpenConversation::id) != before.end()) return AppendRequest{};
    auto completed = Complete(state_->owner, *owned, *account.account, hashed);
    if (!completed) return std::unexpected(std::move(completed.error()));
    auto append = AppendToVisitor(*owned, std::move(completed->event), std::move(completed->app), now);
    if (append) IndexChanges(*owned, before, append->states);
    return append;
  });
}

std::expected<void, VisitFailure> Visits::EndConversation(const AccountState& account, const ConversationId& id) {
  auto visitor = state_->records.VisitorOfConversation(account.account->id, id);
  if (!visitor) return std::unexpected(FailureOf(visitor.error()));
  if (!*visitor) return {};  // unknown, or ended before
  auto owned = state_->owner.Own(account.account->id, **visitor, Deadline());
  if (!owned) return std::unexpected(std::move(owned.error()));
  return state_->owner.Commit(*owned, [&](TimeMs now) -> Outcome<AppendRequest> {
    const auto before = owned->state().conversations;
    const auto open = std::ranges::find(before, id, &OpenConversation::id);
    if (open == before.end()) return AppendRequest{};
    ConversationEnded ended{
        .conversation_id = id, .entry = open->entry, .session_id = open->session, .context_id = open->context_id};
    if (!open->identity.empty()) ended.identity_hash = open->identity;
    auto append = AppendToVisitor(*owned, std::move(ended), {}, now);
    if (append) IndexChanges(*owned, before, append->states);
    return append;
  });
}

std::expected<void, VisitFailure> Visits::SetAbandonScore(const AccountState& account, const VisitorId& visitor,
                                                          Decimal score) {
  auto owned = state_->owner.Own(account.account->id, visitor, Deadline());
  if (!owned) return std::unexpected(std::move(owned.error()));
  return state_->owner.Commit(*owned, [&](TimeMs now) -> Outcome<AppendRequest> {
    if (owned->state().abandon_score == score) return AppendRequest{};
    return AppendToVisitor(*owned, AbandonScoreSet{score}, {}, now);
  });
}

namespace {

// All that must be written to make a visitor unreadable and unknown.
Outcome<AppendRequest> EraseOwned(Visits::State& state, OwnedVisitor& owned, const Settings& settings, TimeMs now) {
  if (!IsKnown(owned.state())) return NothingKnown();
  auto identities = state.records.IdentitiesOf(owned.account(), owned.visitor(), owned.cipher());
  if (!identities) return std::unexpected(FailureOf(identities.error()));
  auto streams = state.records.SessionStreams(owned.account(), owned.visitor());
  if (!streams) return std::unexpected(FailureOf(streams.error()));

  const auto before = owned.state().conversations;
  std::vector<StreamAppend> closed;
  const std::string prefix = SessionStream(owned.account(), owned.visitor(), SessionId()).str();
  for (const StreamName& stream : *streams) {
    const SessionId session(stream.str().substr(prefix.size()));
    auto loaded = state.owner.LoadSession(owned, session);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    if (!IsLive((*loaded)->state, settings, now)) continue;
    const Event event{{.account = owned.account(), .visitor = owned.visitor(), .session = session},
                      SessionClosed{"erased"}};
    closed.push_back({stream, (*loaded)->state.version, {Stored(event, NoKey())}});
    Evolve(owned.state(), event, now);
  }
  auto append = AppendToVisitor(owned, VisitorErased{}, {}, now);
  if (!append) return append;
  append->streams.insert(append->streams.begin(), std::make_move_iterator(closed.begin()),
                         std::make_move_iterator(closed.end()));
  IndexChanges(owned, before, append->states);
  for (const IdentityHash& identity : *identities) {
    auto last = state.records.VisitorOfIdentity(owned.account(), identity);
    if (!last) return std::unexpected(FailureOf(last.error()));
    if (*last == owned.visitor()) append->states.push_back(VisitorRecords::DeleteIdentity(owned.account(), identity));
  }
  append->states.push_back(VisitorRecords::DeleteKey(owned.account(), owned.visitor()));
  return append;
}

}  // namespace

std::expected<void, VisitFailure> Visits::Erase(const AccountState& account, const VisitorId& visitor) {
  auto owned = state_->owner.Own(account.account->id, visitor, Deadline());
  if (!owned) return std::unexpected(std::move(owned.error()));
  auto erased = state_->owner.Commit(
      *owned, [&](TimeMs now) { return EraseOwned(*state_, *owned, account.account->settings, now); });
  owned->room().Forget();  // its key, too; and what a failed erasure had folded
  return erased;
}

// Who looks waits for nobody: while another owns the visitor, what is on disk is shown.
Outcome<SessionState> Visits::State::LookAtSession(const AccountId& account, const VisitorId& visitor,
                                                   const std::optional<SessionId>& session) {
  auto owned = owner.Own(account, visitor, std::chrono::steady_clock::now());
  if (owned) {
    auto loaded = owner.LoadSession(*owned, session.value_or(owned->state().newest_session));
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    return (*loaded)->state;
  }
  if (owned.error().code == Code::kCorrupt) return std::unexpected(std::move(owned.error()));
  auto state = records.ReadVisitor(account, visitor);
  if (!state) return std::unexpected(FailureOf(state.error()));
  auto read = ReadSession(account, visitor, session.value_or(state->newest_session));
  if (!read) return std::unexpected(std::move(read.error()));
  return std::move(read->state);
}

std::expected<std::optional<SessionView>, VisitFailure> Visits::FindSession(const AccountState& account,
                                                                            const VisitorId& visitor,
                                                                            const std::optional<SessionId>& session) {
  auto found = state_->LookAtSession(account.account->id, visitor, session);
  if (!found) return std::unexpected(std::move(found.error()));
  const TimeMs now = state_->store.Now();
  if (!IsLive(*found, account.account->settings, now)) return std::nullopt;
  return SessionView{*std::move(found), now};
}

std::expected<VisitorState, VisitFailure> Visits::FindVisitor(const AccountState& account, const VisitorId& visitor) {
  auto state = state_->records.ReadVisitor(account.account->id, visitor);
  if (!state) return std::unexpected(FailureOf(state.error()));
  if (!IsKnown(*state)) return NothingKnown();
  return *std::move(state);
}

std::expected<std::vector<StreamName>, VisitFailure> Visits::SessionsOf(const AccountState& account,
                                                                        const VisitorId& visitor) {
  auto streams = state_->records.SessionStreams(account.account->id, visitor);
  if (!streams) return std::unexpected(FailureOf(streams.error()));
  return *std::move(streams);
}

std::expected<std::optional<VisitorKey>, VisitFailure> Visits::KeyOf(const AccountId& account,
                                                                     const VisitorId& visitor) {
  VisitorCipher cipher(state_->store, state_->master_key, PartitionKey(account, visitor), false);
  std::optional<VisitorKey> key = cipher.TakeKey();
  if (auto error = cipher.error()) return std::unexpected(FailureOf(*error));
  return key;
}

}  // namespace monitor
