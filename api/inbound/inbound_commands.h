// The commands of the inbound topic (campaigns.md section 1, events.md section 2): one JSON object a message,
//
//   {"type": "conversation-started", "accountId", "conversationId", … the body of PUT …/conversations/{id}}
//   {"type": "conversation-ended", "accountId", "conversationId"}
//   {"type": "skill-availability-changed", "accountId", "skillId", "state"}
//
// and carrying them out by what the admin API calls, too. Told twice they append nothing the second time.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "api/accounts/accounts.h"
#include "api/visits/visits.h"

namespace monitor {

struct ConversationEnd {
  ConversationId id;
};

struct SkillChange {
  std::int64_t skill;
  SkillState state;
};

struct InboundCommand {
  AccountId account;
  std::variant<ConversationStart, ConversationEnd, SkillChange> command;
};

// Pure. The error is one sentence that begins with the field's name and holds nothing of the message.
std::expected<InboundCommand, std::string> ReadInboundCommand(std::string_view message);

// Why a message was not applied.
struct InboundFailure {
  enum class Code : std::uint8_t {
    kRefused,      // for good: it says nothing that can be done
    kUnavailable,  // not now: the same message may be applied later
  } code;
  std::string message;
};

// Thread-safe; waits for the commit. While accounts are loading nothing can be judged: kUnavailable.
std::expected<void, InboundFailure> ApplyInboundMessage(std::string_view message, Accounts& accounts, Visits& visits);

}  // namespace monitor
