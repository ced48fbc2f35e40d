#include "api/public/response_json.h"

#include "domain/values/json.h"

namespace monitor {
namespace {

constexpr std::string_view kDefaultLanguage = "en-US";

void WriteIds(json::Writer& out, const VisitorId& visitor, const Decision& decision) {
  out.Key("sessionId").String(decision.session.str());
  out.Key("visitorId").String(visitor.str());
  out.Key("pageId").String(decision.page.str());
}

void WriteEntry(json::Writer& out, const Entry& entry) {
  out.Key("campaignId").Int(entry.campaign_id);
  out.Key("engagementId").Int(entry.engagement_id);
  out.Key("engagementRevision").Int(entry.engagement_revision);
}

// `offered` is an EngagementDetail, or Offered as the session keeps it.
template <class AnyOffered>
void WriteOfferFields(json::Writer& out, const AnyOffered& offered, std::uint32_t context_id) {
  WriteEntry(out, offered.entry);
  out.Key("contextId").String(std::to_string(context_id));
  if (offered.connector_id) out.Key("connectorId").Int(*offered.connector_id);
  out.Key("windowId").String(offered.window_id);
  out.Key("language").String(offered.entry.language.empty() ? kDefaultLanguage : offered.entry.language);
  if (offered.skill_id) {
    out.Key("skillId").Int(*offered.skill_id);
    out.Key("skillName").String(offered.skill_name);
  }
  out.Key("status").String("expose");
}

void WriteConversation(json::Writer& out, const OpenConversation& conversation) {
  out.BeginObject();
  out.Key("status").String("conversation");
  out.Key("conversationId").String(conversation.id.str());
  if (conversation.entry) WriteEntry(out, *conversation.entry);
  if (conversation.connector_id) out.Key("connectorId").Int(*conversation.connector_id);
  out.EndObject();
}

void WriteDetail(json::Writer& out, const EngagementDetail& detail) {
  out.BeginObject();
  WriteOfferFields(out, detail, detail.context_id);
  if (!detail.display_instances.empty()) out.Key("displayInstances").Raw(detail.display_instances);
  out.EndObject();
}

std::string SystemOf(const std::string& client_properties_json) {
  auto document = json::Document::Parse(client_properties_json);
  const json::Value* os = document ? document->root().Find("os") : nullptr;
  return os == nullptr ? "" : std::string(os->text());
}

void WritePages(json::Writer& out, const std::vector<SessionTranscript::Page>& pages) {
  out.BeginArray();
  for (const SessionTranscript::Page& page : pages) {
    out.BeginObject().Key("pageId").String(page.id.str());
    out.Key("entryPoints").BeginArray();
    for (const std::string& entry_point : page.entry_points) out.String(entry_point);
    out.EndArray().EndObject();
  }
  out.EndArray();
}

}  // namespace

std::string EngagementResponse(const VisitorId& visitor, const Decision& decision) {
  std::string text;
  text.reserve(160 + 256 * decision.details.size());
  json::Writer out(text);
  out.BeginObject();
  WriteIds(out, visitor, decision);
  if (decision.conversation || !decision.details.empty()) {
    out.Key("engagementDetails").BeginArray();
    if (decision.conversation) WriteConversation(out, *decision.conversation);
    for (const EngagementDetail& detail : decision.details) WriteDetail(out, detail);
    out.EndArray();
  }
  out.EndObject();
  return text;
}

std::string ReportResponse(const VisitorId& visitor, const Decision& decision) {
  std::string text;
  json::Writer out(text);
  out.BeginObject();
  WriteIds(out, visitor, decision);
  out.EndObject();
  return text;
}

std::string LoadingResponse(std::string_view account, const VisitorId& visitor, int internal_code, TimeMs now) {
  std::string message = "Loading account: ";
  message.append(account).append(", vid: ").append(visitor.str());
  std::string text;
  json::Writer out(text);
  out.BeginObject();
  out.Key("time").Int(ToUnixMs(now));
  out.Key("message").String(message);
  out.Key("internalCode").Int(internal_code);
  out.Key("visitorId").String(visitor.str());
  out.EndObject();
  return text;
}

std::string BaseUriResponse(std::string_view account, std::string_view host) {
  std::string text;
  json::Writer out(text);
  out.BeginObject();
  out.Key("service").String("smt");
  out.Key("account").String(account);
  out.Key("baseURI").String(host);
  out.EndObject();
  return text;
}

std::string SessionResponse(const SessionState& session, const SessionTranscript& transcript) {
  std::string text;
  json::Writer out(text);
  out.BeginObject();
  out.Key("id").String(session.id.str());
  out.Key("engagements").BeginArray();
  for (const Offer& offer : session.offers) {
    out.BeginObject();
    WriteOfferFields(out, session.offered[offer.offered], offer.context_id);
    out.EndObject();
  }
  out.EndArray();
  out.Key("pages");
  WritePages(out, transcript.pages);
  out.Key("userAgent").String(transcript.user_agent);
  out.Key("deviceOS").String(SystemOf(transcript.client_properties_json));
  out.Key("deviceFamily").String(session.device_family ? ToText(*session.device_family) : "");
  out.Key("ipv4").String(session.ip_address.contains(':') ? "" : session.ip_address);
  out.Key("events").BeginArray();
  for (const Attribute& attribute : transcript.attributes) out.Raw(attribute.json);
  out.EndArray();
  out.EndObject();
  return text;
}

}  // namespace monitor
