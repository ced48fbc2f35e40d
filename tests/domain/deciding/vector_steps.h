// Reads the steps of tests/vectors/decisions/*.json (README.md there says what they mean).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/deciding/decide.h"
#include "domain/values/json.h"
#include "tests/domain/deciding/scene.h"

namespace monitor::testing {

// Fills the request from an engagement or report body; attributes are taken as validated.
void ReadBody(const json::Value& body, VisitRequest& request);
// conversation-started from {"conversationId", "identity", "sessionId", "contextId", an entry's fields}.
ConversationStarted ReadConversationStart(const json::Value& start);

std::string TextOf(const json::Value* value, std::string_view otherwise = "");
std::int64_t IntegerOf(const json::Value* value);
// Compact JSON: the value's members in the order written, no spaces.
std::string CompactJson(const json::Value& value);

}  // namespace monitor::testing
