// Writing half of event_codec.h. It is on every request's path: one string, appended to; no tree is built.
#include <charconv>

#include "domain/events/event_codec.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

using json::Writer;

class Encoder {
 public:
  Encoder(std::string& out, const FieldCipher& cipher, EncodeOptions options)
      : writer_(out), cipher_(cipher), options_(options) {}

  void Encode(const Event& event) {
    writer_.BeginObject();
    Text("accountId", event.scope.account.str());
    TextUnlessEmpty("visitorId", event.scope.visitor.str());
    TextUnlessEmpty("sessionId", event.scope.session.str());
    TextUnlessEmpty("appInstallationId", event.scope.app_installation.str());
    scope_ = &event.scope;
    std::visit([this](const auto& data) { Put(data); }, event.data);
    writer_.EndObject();
  }

 private:
  void Put(const SessionCreated& data) {
    PutClientProperties(data.client_properties);
    if (data.device_family) Text("deviceFamily", ToText(*data.device_family));
    TextUnlessEmpty("ipAddress", data.ip_address);
    if (!data.user_agent.empty()) Sealed("userAgent", data.user_agent);
    writer_.Key("bot").Bool(data.bot).Key("returning").Bool(data.returning);
    Text("timeZone", data.time_zone);
    Text("currency", data.currency);
    writer_.Key("attribution").BeginObject();
    Text("mode", ToText(data.attribution));
    writer_.Key("periodDays").Int(data.attribution_period_days).EndObject();
    writer_.Key("maxAge").Int(data.max_age_s);
  }

  void Put(const ActivityReported& data) {
    Text("pageId", data.page_id.str());
    TrueOnly("pageGenerated", data.page_generated);
    Text("request", data.engagement_request ? "engagement" : "report");
    writer_.Key("decidedAt").Int(ToUnixMs(data.decided_at));
    writer_.Key("accountVersion").UInt(data.account_version);
    if (data.conversation_id) Text("conversationId", data.conversation_id->str());
    PutEntryPoints(data.entry_points);
    writer_.Key("engagementAttributes").BeginArray();
    for (const Attribute& attribute : data.engagement_attributes) PutAttribute(attribute);
    writer_.EndArray();
    writer_.Key("goals").BeginArray();
    for (const GoalReached& goal : data.goals) PutGoal(goal);
    writer_.EndArray();
    if (!data.identities.empty()) PutIdentities(data.identities);
    if (data.client_properties) PutClientProperties(*data.client_properties);
    if (!data.address_matches.empty()) {
      writer_.Key("addressMatches").BeginArray();
      for (std::uint16_t match : data.address_matches) writer_.UInt(match);
      writer_.EndArray();
    }
    if (!data.withdrawn_contexts.empty()) {
      writer_.Key("withdrawnContexts").BeginArray();
      for (std::uint32_t context : data.withdrawn_contexts) PutContext(context);
      writer_.EndArray();
    }
    TrueOnly("repeat", data.repeat);
    if (data.rules != 1) writer_.Key("rules").Int(data.rules);
  }

  void Put(const ImpressionReported& data) {
    Text("pageId", data.page_id.str());
    Text("kind", ToText(data.kind));
    writer_.Key("contextId");
    PutContext(data.context_id);
    PutEntryFields(data.entry);
    if (data.reported_revision) writer_.Key("reportedRevision").Int(*data.reported_revision);
    if (!data.context_sent) writer_.Key("contextSent").Bool(false);
    TrueOnly("repeat", data.repeat);
  }

  void Put(const ControlGroupAssigned& data) {
    bool campaign = data.scope == ControlScope::kCampaign;
    Text("scope", campaign ? "campaign" : "account");
    if (campaign) writer_.Key("campaignId").Int(data.campaign_id);
    PutEligible(data.eligible);
    Text("configurationRevision", data.configuration_revision.str());
  }

  void Put(const EligibilityEstablished& data) { PutEligible(data.eligible); }

  void Put(const EngagementShown& data) {
    Text("pageId", data.page_id.str());
    writer_.Key("contextId");
    PutContext(data.context_id);
    PutEntryFields(data.entry);
    if (data.skill_id) writer_.Key("skillId").Int(*data.skill_id);
    TextUnlessEmpty("skillName", data.skill_name);
    Text("windowId", data.window_id);
    if (data.connector_id) writer_.Key("connectorId").Int(*data.connector_id);
    PutSeed(data.seed);
    Text("configurationRevision", data.configuration_revision.str());
  }

  void Put(const ConversationStarted& data) {
    // The stream is the visitor's; session and app installation are what the conversation refers to.
    if (data.session_id) Text("sessionId", data.session_id->str());
    if (data.app_installation_id && scope_->app_installation.empty()) {
      Text("appInstallationId", data.app_installation_id->str());
    }
    Text("conversationId", data.conversation_id.str());
    if (data.identity) {
      std::string plain;
      Writer identity(plain);
      PutIdentity(identity, *data.identity);
      Sealed("identity", plain);
      Text("identityHash", data.identity->hash.str());
    }
    PutConversationOrigin(data.entry, data.context_id);
    if (data.connector_id) writer_.Key("connectorId").Int(*data.connector_id);
  }

  void Put(const ConversationEnded& data) {
    if (data.session_id) Text("sessionId", data.session_id->str());
    if (data.app_installation_id && scope_->app_installation.empty()) {
      Text("appInstallationId", data.app_installation_id->str());
    }
    Text("conversationId", data.conversation_id.str());
    if (data.identity_hash) Text("identityHash", data.identity_hash->str());
    PutConversationOrigin(data.entry, data.context_id);
    if (data.connector_id) writer_.Key("connectorId").Int(*data.connector_id);
  }

  void Put(const SessionClosed& data) { Text("reason", data.reason); }

  void Put(const AccountConfigured& data) {
    Text("revision", data.revision.str());
    Text("document", data.document);
    Text("by", data.by);
  }

  void Put(const SkillAvailabilityChanged& data) {
    writer_.Key("skillId").Int(data.skill_id);
    Text("state", ToText(data.state));
  }

  void Put(const AbandonScoreSet& data) { Text("score", data.score.ToString()); }

  void Put(const VisitorErased&) {}

  void Put(const AccountRemoved&) {}

  void Put(const AdminActionRecorded& data) {
    Text("by", data.by);
    Text("action", data.action);
    Text("target", data.target);
    Text("outcome", data.outcome);
  }

  void Text(std::string_view name, std::string_view text) { writer_.Key(name).String(text); }
  void TextUnlessEmpty(std::string_view name, std::string_view text) {
    if (!text.empty()) Text(name, text);
  }
  void TrueOnly(std::string_view name, bool value) {
    if (value) writer_.Key(name).Bool(true);
  }
  void Sealed(std::string_view name, std::string_view plain) {
    writer_.Key(name).BeginObject().Key("enc").String(cipher_.Seal(plain)).EndObject();
  }

  // A string, as in the HTTP API.
  void PutContext(std::uint32_t context) {
    char digits[12];
    auto [end, error] = std::to_chars(digits, digits + sizeof digits, context);
    writer_.String({digits, end});
  }

  void PutSeed(std::uint64_t seed) {
    char digits[16];
    for (int i = 15; i >= 0; --i, seed >>= 4) digits[i] = "0123456789abcdef"[seed & 15];
    Text("seed", {digits, sizeof digits});
  }

  void PutEntryFields(const Entry& entry) {
    writer_.Key("campaignId").Int(entry.campaign_id);
    writer_.Key("engagementId").Int(entry.engagement_id);
    writer_.Key("engagementRevision").Int(entry.engagement_revision);
    Text("zone", ToText(entry.zone));
    Text("channel", ToText(entry.channel));
    Text("language", entry.language);
  }

  void PutEligible(const std::vector<Entry>& eligible) {
    writer_.Key("eligible").BeginArray();
    for (const Entry& entry : eligible) {
      writer_.BeginObject();
      PutEntryFields(entry);
      writer_.EndObject();
    }
    writer_.EndArray();
  }

  void PutConversationOrigin(const std::optional<Entry>& entry, const std::optional<std::uint32_t>& context) {
    if (context) {
      writer_.Key("contextId");
      PutContext(*context);
    }
    if (entry) PutEntryFields(*entry);
  }

  void PutEntryPoints(const std::vector<std::string>& entry_points) {
    bool cut = false;
    writer_.Key("entryPoints").BeginArray();
    for (const std::string& entry_point : entry_points) {
      std::string_view clear = ClearPart(entry_point);
      cut |= clear.size() != entry_point.size();
      writer_.String(clear);
    }
    writer_.EndArray();
    if (!cut) return;
    std::string plain;
    Writer originals(plain);
    originals.BeginArray();
    for (const std::string& entry_point : entry_points) originals.String(entry_point);
    originals.EndArray();
    Sealed("entryPointsEnc", plain);
  }

  void PutAttribute(const Attribute& attribute) {
    if (!IsSealed(attribute.type)) {
      writer_.Raw(attribute.json);
      return;
    }
    writer_.BeginObject();
    Text("type", ToText(attribute.type));
    Text("enc", cipher_.Seal(attribute.json));
    writer_.EndObject();
  }

  void PutGoal(const GoalReached& goal) {
    writer_.BeginObject();
    writer_.Key("campaignId").Int(goal.campaign_id).Key("goalId").Int(goal.goal_id);
    Text("type", ToText(goal.type));
    writer_.Key("attribute").UInt(goal.attribute);
    if (goal.key) Text("key", *goal.key);
    if (goal.value) Text("value", goal.value->ToString());
    TextUnlessEmpty("currency", goal.currency);
    writer_.EndObject();
  }

  static void PutIdentity(Writer& writer, const Identity& identity) {
    writer.BeginObject();
    if (!identity.iss.empty()) writer.Key("iss").String(identity.iss);
    if (!identity.acr.empty()) writer.Key("acr").String(identity.acr);
    writer.Key("sub").String(identity.sub).EndObject();
  }

  void PutIdentities(const std::vector<Identity>& identities) {
    std::string plain;
    Writer writer(plain);
    writer.BeginArray();
    for (const Identity& identity : identities) PutIdentity(writer, identity);
    writer.EndArray();
    Sealed("identities", plain);
    writer_.Key("identityHashes").BeginArray();
    for (const Identity& identity : identities) writer_.String(identity.hash.str());
    writer_.EndArray();
  }

  void PutClientProperties(const ClientProperties& properties) {
    // Most have neither an address nor a referrer. A backslash could hide either name.
    std::string_view text = properties.json;
    if (!text.contains("ipAddress") && !text.contains("referrer") && !text.contains('\\')) {
      writer_.Key("clientProperties").Raw(text);
      return;
    }
    auto document = json::Document::Parse(text);
    writer_.Key("clientProperties").BeginObject();
    std::string_view cut_referrer;
    if (document) {
      for (const json::Member& member : document->root().members()) PutClientProperty(member, cut_referrer);
    }
    writer_.EndObject();
    if (cut_referrer.empty()) return;
    std::string plain;
    Writer(plain).BeginObject().Key("referrer").String(cut_referrer).EndObject();
    Sealed("clientPropertiesEnc", plain);
  }

  void PutClientProperty(const json::Member& member, std::string_view& cut_referrer) {
    std::string_view text = member.value.text();
    if (member.name == "ipAddress" && !options_.keep_full_address) {
      std::string truncated = TruncateAddress(text);
      if (!truncated.empty()) Text("ipAddress", truncated);
    } else if (member.name == "referrer" && member.value.is_string()) {
      std::string_view clear = ClearPart(text);
      if (clear.size() != text.size()) cut_referrer = text;
      Text("referrer", clear);
    } else {
      writer_.Key(member.name).Copy(member.value);
    }
  }

  Writer writer_;
  const FieldCipher& cipher_;
  EncodeOptions options_;
  const EventScope* scope_ = nullptr;
};

// Enough for the event in one allocation; sealing makes 4/3 and some 60 bytes of a value.
std::size_t ExpectedSize(const Event& event) {
  std::size_t size = 640;
  if (const auto* activity = std::get_if<ActivityReported>(&event.data)) {
    for (const Attribute& attribute : activity->engagement_attributes) size += attribute.json.size() * 3 / 2 + 80;
    for (const std::string& entry_point : activity->entry_points) size += entry_point.size() * 3;
    size += activity->identities.size() * 256 + activity->goals.size() * 160;
    if (activity->client_properties) size += activity->client_properties->json.size();
  } else if (const auto* created = std::get_if<SessionCreated>(&event.data)) {
    size += created->client_properties.json.size() + created->user_agent.size() * 3 / 2;
  } else if (const auto* configured = std::get_if<AccountConfigured>(&event.data)) {
    size += configured->document.size() * 5 / 4;
  }
  return size;
}

}  // namespace

std::string EncodeEventData(const Event& event, const FieldCipher& cipher, EncodeOptions options) {
  std::string out;
  out.reserve(ExpectedSize(event));
  Encoder(out, cipher, options).Encode(event);
  return out;
}

}  // namespace monitor
