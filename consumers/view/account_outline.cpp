#include "consumers/view/account_outline.h"

#include <charconv>

#include "domain/values/json.h"

namespace monitor {
namespace {

constexpr json::Limits kDocumentLimits{.max_depth = 64, .max_nodes = 4'000'000};

void CopyMembers(json::Writer& writer, const json::Value& from, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names) {
    if (const json::Value* value = from.Find(name)) writer.Key(name).Copy(*value);
  }
}

std::string Without(const json::Value& object, std::string_view name) {
  std::string text;
  json::Writer writer(text);
  writer.BeginObject();
  for (const json::Member& member : object.members()) {
    if (member.name != name) writer.Key(member.name).Copy(member.value);
  }
  writer.EndObject();
  return text;
}

void WriteCampaigns(json::Writer& writer, const json::Value* campaigns) {
  writer.Key("campaigns").BeginArray();
  if (campaigns) {
    for (const json::Value& campaign : campaigns->items()) {
      writer.BeginObject();
      CopyMembers(writer, campaign, {"id", "name"});
      writer.Key("engagements").BeginArray();
      if (const json::Value* engagements = campaign.Find("engagements")) {
        for (const json::Value& engagement : engagements->items()) {
          writer.BeginObject();
          CopyMembers(writer, engagement, {"id", "name"});
          writer.EndObject();
        }
      }
      writer.EndArray().EndObject();
    }
  }
  writer.EndArray();
}

std::string OutlineAccount(std::string_view account_id, std::string_view document, TimeMs time) {
  std::string outline;
  json::Writer writer(outline);
  writer.BeginObject().Key("configuredAt").Int(ToUnixMs(time)).Key("id").String(account_id);
  if (const auto parsed = json::Document::Parse(document, kDocumentLimits)) {
    CopyMembers(writer, parsed->root(), {"name", "timeZone", "currency"});
    WriteCampaigns(writer, parsed->root().Find("campaigns"));
    if (const json::Value* settings = parsed->root().Find("settings")) CopyMembers(writer, *settings, {"alerts"});
  }
  writer.EndObject();
  return outline;
}

}  // namespace

std::optional<std::string> OutlineAfter(const std::optional<std::string>& before, const Event& event, TimeMs time) {
  const auto facts = before ? ReadOutline(*before) : std::nullopt;
  if (facts && facts->time > time) return std::nullopt;
  if (const auto* configured = std::get_if<AccountConfigured>(&event.data)) {
    return OutlineAccount(event.scope.account.str(), configured->document, time);
  }
  if (facts && std::holds_alternative<AccountRemoved>(event.data)) return facts->shown;
  return std::nullopt;
}

std::optional<OutlineFacts> ReadOutline(std::string_view outline) {
  const auto parsed = json::Document::Parse(outline, kDocumentLimits);
  if (!parsed) return std::nullopt;
  const json::Value* time = parsed->root().Find("configuredAt");
  if (!time) return std::nullopt;
  std::int64_t ms = 0;
  std::from_chars(time->text().data(), time->text().data() + time->text().size(), ms);
  OutlineFacts facts{.time = FromUnixMs(ms), .shown = std::string(outline)};
  if (const json::Value* zone = parsed->root().Find("timeZone")) facts.time_zone = zone->text();
  if (const json::Value* alerts = parsed->root().Find("alerts")) {
    json::Writer(facts.alerts).Copy(*alerts);
    facts.shown = Without(parsed->root(), "alerts");
  }
  return facts;
}

}  // namespace monitor
