// What a visitor's own stream is told: conversations (interfaces.md section 2), the abandon score, erasure. Pure.
//
// Each decision is made on the state of the visitor that its owner holds; no event: nothing is to be said (any more).
#pragma once

#include <cstdint>
#include <optional>

#include "domain/account/account.h"
#include "domain/deciding/session.h"
#include "domain/events/event.h"

namespace monitor {

struct ConversationStart {
  ConversationId id;
  std::optional<VisitorId> visitor;
  std::optional<Identity> identity;
  std::optional<SessionId> session;
  std::optional<std::int64_t> campaign_id, engagement_id;
  std::optional<std::uint32_t> context_id;
};

// The session whose offers complete the start.
std::optional<SessionId> SessionMeant(const ConversationStart& start, const VisitorState& visitor);

// events.md: a start that names no context is completed from the newest offer of that engagement in the session that is
// meant (`session`, nullptr if none is), else of the visitor; what no offer tells comes from the configuration.
// `scope`: the account and the visitor, here and below.
std::optional<Event> DecideConversationStart(const EventScope& scope, const Account& account,
                                             const ConversationStart& start, const VisitorState& visitor,
                                             const SessionState* session);
std::optional<Event> DecideConversationEnd(const EventScope& scope, const ConversationId& id,
                                           const VisitorState& visitor);
std::optional<Event> DecideAbandonScore(const EventScope& scope, Decimal score, const VisitorState& visitor);

// False for a visitor never heard of, and for one of whom nothing happened since it was erased.
bool IsKnown(const VisitorState& visitor);
// An erasure closes each live session and is then told of the visitor; nothing if nothing is known of it.
std::optional<Event> DecideErasure(const EventScope& scope, const VisitorState& visitor);
std::optional<Event> DecideErasedSession(const EventScope& scope, const SessionState& session, const Settings& settings,
                                         TimeMs now);

}  // namespace monitor
