// What the messaging side tells of a conversation (interfaces.md section 2).
#pragma once

#include <cstdint>
#include <optional>

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

}  // namespace monitor
