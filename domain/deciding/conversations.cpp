#include "domain/deciding/conversations.h"

#include <algorithm>
#include <utility>

#include "domain/deciding/decide.h"

namespace monitor {
namespace {

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
    if (start.engagement_id && session.EntryOf(offer).engagement_id != *start.engagement_id) continue;
    if (start.campaign_id && session.EntryOf(offer).campaign_id != *start.campaign_id) continue;
    meant = &offer;
  }
  return meant;
}

const OpenConversation* FindOpen(const VisitorState& visitor, const ConversationId& id) {
  const auto found = std::ranges::find(visitor.conversations, id, &OpenConversation::id);
  return found == visitor.conversations.end() ? nullptr : &*found;
}

}  // namespace

std::optional<SessionId> SessionMeant(const ConversationStart& start, const VisitorState& visitor) {
  if (!start.session && start.context_id) return visitor.newest_session;
  return start.session;
}

std::optional<Event> DecideConversationStart(const EventScope& scope, const Account& account,
                                             const ConversationStart& start, const VisitorState& visitor,
                                             const SessionState* session) {
  if (FindOpen(visitor, start.id)) return std::nullopt;
  EventScope said = scope;
  ConversationStarted event;
  event.conversation_id = start.id;
  event.identity = start.identity;
  event.session_id = start.session;
  event.context_id = start.context_id;
  const auto take = [&](const auto& offered, const SessionId& of, std::uint32_t context_id) {
    event.entry = offered.entry;
    event.session_id = of;
    event.context_id = context_id;
    event.connector_id = offered.connector_id;
    said.app_installation = offered.app_installation;
  };
  if (const auto meant = SessionMeant(start, visitor)) {
    const Offer* offer = session ? OfferMeant(*session, start) : nullptr;
    if (offer) take(session->offered[offer->offered], *meant, offer->context_id);
  } else if (start.engagement_id) {
    const NewestOffer* newest = visitor.FindNewestOffer(*start.engagement_id, start.campaign_id);
    if (newest) take(*newest, newest->session, newest->context_id);
  }
  if (!event.entry && start.engagement_id) {
    if (auto configured = FindConfigured(account, *start.engagement_id, start.campaign_id)) {
      event.entry = std::move(configured->entry);
      event.connector_id = configured->connector_id;
    }
  }
  if (!said.app_installation.empty()) event.app_installation_id = said.app_installation;
  return Event{std::move(said), std::move(event)};
}

std::optional<Event> DecideConversationEnd(const EventScope& scope, const ConversationId& id,
                                           const VisitorState& visitor) {
  const OpenConversation* open = FindOpen(visitor, id);
  if (!open) return std::nullopt;
  ConversationEnded ended{.conversation_id = id,
                          .entry = open->entry,
                          .session_id = open->session,
                          .context_id = open->context_id,
                          .connector_id = open->connector_id};
  if (!open->app_installation.empty()) ended.app_installation_id = open->app_installation;
  if (!open->identity.empty()) ended.identity_hash = open->identity;
  return Event{scope, std::move(ended)};
}

std::optional<Event> DecideAbandonScore(const EventScope& scope, Decimal score, const VisitorState& visitor) {
  if (visitor.abandon_score == score) return std::nullopt;
  return Event{scope, AbandonScoreSet{score}};
}

bool IsKnown(const VisitorState& visitor) {
  return visitor.sessions > 0 || !visitor.conversations.empty() || (visitor.version > 0 && !visitor.erased);
}

std::optional<Event> DecideErasure(const EventScope& scope, const VisitorState& visitor) {
  if (!IsKnown(visitor)) return std::nullopt;
  return Event{scope, VisitorErased{}};
}

std::optional<Event> DecideErasedSession(const EventScope& scope, const SessionState& session, const Settings& settings,
                                         TimeMs now) {
  if (!IsLive(session, settings, now)) return std::nullopt;
  EventScope said = scope;
  said.session = session.id;
  return Event{std::move(said), SessionClosed{"erased"}};
}

}  // namespace monitor
