#include "tests/domain/deciding/vector_steps.h"

#include <charconv>

namespace monitor::testing {
namespace {

using json::Value;

constexpr std::pair<std::string_view, ImpressionKind> kImpressions[] = {
    {"impDisplay", ImpressionKind::kDisplay},   {"impAccept", ImpressionKind::kAccept},
    {"impExpanded", ImpressionKind::kExpanded}, {"impTimeout", ImpressionKind::kTimeout},
    {"impClose", ImpressionKind::kClose},
};

Identity IdentityOf(std::string iss, std::string sub, std::string acr) {
  Identity identity{std::move(iss), std::move(sub), std::move(acr), {}};
  identity.hash = IdentityHash(identity.iss + "|" + identity.sub);  // no master key here
  return identity;
}

void ReadAttribute(const Value& attribute, std::uint32_t index, VisitRequest& request) {
  const std::string type = TextOf(attribute.Find("type"));
  for (const auto& [name, kind] : kImpressions) {
    if (type != name) continue;
    SentImpression impression{kind, IntegerOf(attribute.Find("campaign")), IntegerOf(attribute.Find("engId"))};
    if (const Value* revision = attribute.Find("revision")) impression.revision = IntegerOf(revision);
    if (const Value* contexts = attribute.Find("eContext")) {
      impression.context_id = TextOf(contexts->items().front().Find("id"));
    }
    impression.index = index;
    request.impressions.push_back(std::move(impression));
    return;
  }
  request.attributes.push_back({ParseAttributeType(type).value(), CompactJson(attribute)});
}

}  // namespace

std::string TextOf(const Value* value, std::string_view otherwise) {
  return std::string(value ? value->text() : otherwise);
}

std::int64_t IntegerOf(const Value* value) {
  std::int64_t integer = 0;
  if (value) std::from_chars(value->text().data(), value->text().data() + value->text().size(), integer);
  return integer;
}

std::string CompactJson(const Value& value) {
  std::string text;
  json::Writer(text).Copy(value);
  return text;
}

void ReadBody(const Value& body, VisitRequest& request) {
  if (const Value* page = body.Find("pageId")) request.page = PageId(page->text());
  if (const Value* points = body.Find("entryPoints")) {
    for (const Value& point : points->items()) request.entry_points.emplace_back(point.text());
  }
  if (const Value* consumer = body.Find("consumerId")) {
    request.identities.push_back(IdentityOf("", TextOf(consumer), "loa1"));
  }
  if (const Value* identities = body.Find("identities")) {
    for (const Value& one : identities->items()) {
      request.identities.push_back(
          IdentityOf(TextOf(one.Find("iss")), TextOf(one.Find("sub")), TextOf(one.Find("acr"))));
    }
  }
  if (const Value* properties = body.Find("clientProperties")) {
    request.client_properties = ClientProperties{ParseDeviceFamily(TextOf(properties->Find("deviceFamily"))),
                                                 TextOf(properties->Find("referrer")), CompactJson(*properties)};
  }
  if (const Value* attributes = body.Find("engagementAttributes")) {
    std::uint32_t index = 0;
    for (const Value& attribute : attributes->items()) ReadAttribute(attribute, index++, request);
  }
}

ConversationStarted ReadConversationStart(const Value& start) {
  ConversationStarted started;
  started.conversation_id = ConversationId(TextOf(start.Find("conversationId")));
  if (const Value* identity = start.Find("identity")) {
    started.identity = IdentityOf(TextOf(identity->Find("iss")), TextOf(identity->Find("sub")), "loa1");
  }
  if (const Value* session = start.Find("sessionId")) started.session_id = SessionId(session->text());
  if (const Value* context = start.Find("contextId")) {
    started.context_id = static_cast<std::uint32_t>(IntegerOf(context));
  }
  if (start.Find("engagementId")) {
    started.entry = Entry{IntegerOf(start.Find("campaignId")),
                          IntegerOf(start.Find("engagementId")),
                          IntegerOf(start.Find("engagementRevision")),
                          ParseZone(TextOf(start.Find("zone"))).value(),
                          ParseChannel(TextOf(start.Find("channel"))).value(),
                          TextOf(start.Find("language"))};
  }
  return started;
}

}  // namespace monitor::testing
