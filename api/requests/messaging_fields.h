// What the messaging side tells of conversations and skills, read from JSON. The admin API's bodies and the inbound
// topic's messages hold the same fields; both read them here.
//
// Pure. Errors are one sentence that begins with the field's name.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "api/requests/admin_fields.h"
#include "domain/deciding/conversations.h"
#include "domain/values/vocabulary.h"

namespace monitor {

// interfaces.md section 2, PUT …/conversations/{id}. The identity's hash is left to Visits.
std::expected<ConversationStart, std::string> ReadConversationStart(std::string_view conversation_id,
                                                                    const admin::Fields& fields);

// The field `state` of PUT …/skills/{id}.
std::expected<SkillState, std::string> ReadSkillState(const admin::Fields& fields);

}  // namespace monitor
