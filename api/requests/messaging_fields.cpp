#include "api/requests/messaging_fields.h"

#include <cstdint>
#include <utility>

namespace monitor {
namespace {

constexpr std::size_t kMaxConversationIdBytes = 256;
constexpr std::size_t kMaxIdentityBytes = 4'096;

std::expected<std::optional<Identity>, std::string> ReadIdentity(const admin::Fields& fields) {
  const json::Value* sent = fields.Find("identity");
  if (sent == nullptr) return std::nullopt;
  if (!sent->is_object()) return std::unexpected("identity: must be an object");
  const json::Value* iss = sent->Find("iss");
  const json::Value* sub = sent->Find("sub");
  if (iss != nullptr && !iss->is_string()) return std::unexpected("identity.iss: must be a string");
  if (sub == nullptr || !sub->is_string()) return std::unexpected("identity.sub: a string is required");
  Identity identity{iss ? std::string(iss->text()) : "", std::string(sub->text()), "loa1", {}};
  if (identity.iss.size() > kMaxIdentityBytes) return std::unexpected("identity.iss: is too long");
  if (identity.sub.size() > kMaxIdentityBytes) return std::unexpected("identity.sub: is too long");
  return identity;
}

}  // namespace

std::expected<ConversationStart, std::string> ReadConversationStart(std::string_view conversation_id,
                                                                    const admin::Fields& fields) {
  if (conversation_id.size() > kMaxConversationIdBytes) return std::unexpected("conversationId: is too long");
  const auto visitor = fields.Text("visitorId"), session = fields.Text("sessionId");
  const auto campaign = fields.Integer("campaignId"), engagement = fields.Integer("engagementId");
  const auto context = fields.Integer("contextId");
  for (const auto* text : {&visitor, &session}) {
    if (!*text) return std::unexpected(text->error());
  }
  for (const auto* number : {&campaign, &engagement, &context}) {
    if (!*number) return std::unexpected(number->error());
  }
  auto identity = ReadIdentity(fields);
  if (!identity) return std::unexpected(identity.error());
  if (!*visitor && !*identity) return std::unexpected("visitorId: it or an identity is required");
  if (*visitor && !IsWellFormedVisitorId(**visitor)) return std::unexpected("visitorId: malformed");
  if (*session && !IsWellFormedSessionId(**session)) return std::unexpected("sessionId: malformed");
  if (*context && (**context < 1 || **context > UINT32_MAX)) return std::unexpected("contextId: out of range");

  ConversationStart start;
  start.id = ConversationId(conversation_id);
  if (*visitor) start.visitor = VisitorId(**visitor);
  start.identity = std::move(*identity);
  if (*session) start.session = SessionId(**session);
  start.campaign_id = *campaign;
  start.engagement_id = *engagement;
  if (*context) start.context_id = static_cast<std::uint32_t>(**context);
  return start;
}

std::expected<SkillState, std::string> ReadSkillState(const admin::Fields& fields) {
  const auto text = fields.Text("state");
  if (!text) return std::unexpected(text.error());
  const auto state = *text ? ParseSkillState(**text) : std::nullopt;
  if (!state) return std::unexpected("state: must be online, busy or offline");
  return *state;
}

}  // namespace monitor
