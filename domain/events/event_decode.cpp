// Reading half of event_codec.h. Reads the newest schema version of each type; older ones are made newest before.
#include <algorithm>
#include <charconv>
#include <string>

#include "domain/events/event_codec.h"
#include "domain/events/event_fields.h"
#include "domain/events/event_upcast.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

using json::Value;
using json::Writer;

constexpr std::size_t kMaxTypeToTell = 64;

std::string Shown(std::string_view type) { return "monitor." + std::string(type.substr(0, kMaxTypeToTell)); }

std::string TextOf(const Value& value) {
  std::string text;
  Writer(text).Copy(value);
  return text;
}

class Decoder {
 public:
  Decoder(const Value& data, const FieldCipher& cipher) : data_(data), fields_(data, fault_), cipher_(cipher) {}

  std::expected<Event, DecodeError> Decode(std::string_view type) {
    const Reader* reader = Find(type);
    if (!reader)
      return std::unexpected(DecodeError{.message = "the type " + Shown(type) + " is not known", .unknown = true});
    if (!data_.is_object()) return std::unexpected(DecodeError{"the data is no object"});
    Event event;
    event.scope.account = AccountId(fields_.Text("accountId"));
    event.scope.visitor = VisitorId(fields_.OptionalText("visitorId").value_or(""));
    event.scope.app_installation = AppInstallationId(fields_.OptionalText("appInstallationId").value_or(""));
    if (!type.starts_with("conversation-")) {  // there sessionId is what the conversation refers to
      event.scope.session = SessionId(fields_.OptionalText("sessionId").value_or(""));
    }
    reader->read(*this, event.data);
    if (!fault_.empty()) return std::unexpected(DecodeError{fault_});
    return event;
  }

 private:
  struct Reader {
    std::string_view type;
    void (*read)(Decoder&, EventData&);
  };

  // nullptr: no such type is known.
  static const Reader* Find(std::string_view type) {
    static constexpr Reader kReaders[] = {
        {"session-created", [](Decoder& d, EventData& out) { out = d.ReadSessionCreated(); }},
        {"activity-reported", [](Decoder& d, EventData& out) { out = d.ReadActivity(); }},
        {"impression-reported", [](Decoder& d, EventData& out) { out = d.ReadImpression(); }},
        {"control-group-assigned", [](Decoder& d, EventData& out) { out = d.ReadControlGroup(); }},
        {"eligibility-established", [](Decoder& d, EventData& out) { out = EligibilityEstablished{d.ReadEligible()}; }},
        {"engagement-shown", [](Decoder& d, EventData& out) { out = d.ReadShown(); }},
        {"conversation-started", [](Decoder& d, EventData& out) { out = d.ReadConversationStarted(); }},
        {"conversation-ended", [](Decoder& d, EventData& out) { out = d.ReadConversationEnded(); }},
        {"session-closed", [](Decoder& d, EventData& out) { out = SessionClosed{d.fields_.Text("reason")}; }},
        {"account-configured", [](Decoder& d, EventData& out) { out = d.ReadAccountConfigured(); }},
        {"skill-availability-changed", [](Decoder& d, EventData& out) { out = d.ReadSkill(); }},
        {"abandon-score-set", [](Decoder& d, EventData& out) { out = d.ReadScore(); }},
        {"visitor-erased", [](Decoder&, EventData& out) { out = VisitorErased{}; }},
        {"account-removed", [](Decoder&, EventData& out) { out = AccountRemoved{}; }},
        {"admin-action-recorded", [](Decoder& d, EventData& out) { out = d.ReadAdminAction(); }},
    };
    static_assert(std::size(kReaders) == std::variant_size_v<EventData>);
    const Reader* found = std::ranges::find(kReaders, type, &Reader::type);
    return found == std::end(kReaders) ? nullptr : found;
  }

  SessionCreated ReadSessionCreated() {
    SessionCreated data;
    data.client_properties = ReadClientProperties().value_or(ClientProperties{});
    if (fields_.Find("deviceFamily") != nullptr) data.device_family = fields_.OneOf("deviceFamily", ParseDeviceFamily);
    data.ip_address = fields_.OptionalText("ipAddress").value_or("");
    data.user_agent = Open(fields_.Find("userAgent")).value_or("");
    data.bot = fields_.Flag("bot");
    data.returning = fields_.Flag("returning");
    data.time_zone = fields_.Text("timeZone");
    data.currency = fields_.Text("currency");
    EventFields attribution(fields_.Required("attribution"), fault_);
    data.attribution = attribution.OneOf("mode", ParseAttribution);
    data.attribution_period_days = attribution.Integer<int>("periodDays");
    data.max_age_s = fields_.Integer<std::int64_t>("maxAge");
    return data;
  }

  ActivityReported ReadActivity() {
    ActivityReported data;
    data.page_id = PageId(fields_.Text("pageId"));
    data.page_generated = fields_.Flag("pageGenerated");
    std::string request = fields_.Text("request");
    if (request != "engagement" && request != "report") fields_.Fail("request", "is no word of its set");
    data.engagement_request = request == "engagement";
    data.decided_at = FromUnixMs(fields_.Integer<std::int64_t>("decidedAt"));
    data.account_version = fields_.Integer<std::uint64_t>("accountVersion");
    if (auto conversation = fields_.OptionalText("conversationId"))
      data.conversation_id = ConversationId(*conversation);
    data.entry_points = ReadEntryPoints();
    std::vector<std::optional<std::uint32_t>> new_index = ReadAttributes(data);
    for (const Value& goal : fields_.Required("goals").items()) data.goals.push_back(ReadGoal(goal, new_index));
    data.identities = ReadIdentities();
    data.client_properties = ReadClientProperties();
    data.address_matches = fields_.Integers<std::uint16_t>("addressMatches");
    data.withdrawn_contexts = fields_.Integers<std::uint32_t>("withdrawnContexts");
    data.repeat = fields_.Flag("repeat");
    data.rules = fields_.OptionalInteger<int>("rules").value_or(1);
    return data;
  }

  // Attributes that cannot be opened are left out. Returns what index each one has got, for the goals.
  std::vector<std::optional<std::uint32_t>> ReadAttributes(ActivityReported& data) {
    std::vector<std::optional<std::uint32_t>> new_index;
    for (const Value& item : fields_.Required("engagementAttributes").items()) {
      auto type = EventFields(item, fault_).OneOf("type", ParseAttributeType);
      std::optional<std::string> json = IsSealed(type) ? Open(&item) : std::optional(TextOf(item));
      new_index.emplace_back();
      if (!json) continue;
      new_index.back() = static_cast<std::uint32_t>(data.engagement_attributes.size());
      data.engagement_attributes.push_back({type, std::move(*json)});
    }
    return new_index;
  }

  GoalReached ReadGoal(const Value& item, const std::vector<std::optional<std::uint32_t>>& new_index) {
    EventFields fields(item, fault_);
    GoalReached goal;
    goal.campaign_id = fields.Integer<std::int64_t>("campaignId");
    goal.goal_id = fields.Integer<std::int64_t>("goalId");
    goal.type = fields.OneOf("type", ParseGoalType);
    auto attribute = fields.Integer<std::uint32_t>("attribute");
    if (attribute >= new_index.size() || !new_index[attribute]) {
      fields.Fail("attribute", "names no attribute");
    } else {
      goal.attribute = *new_index[attribute];
    }
    goal.key = fields.OptionalText("key");
    goal.value = fields.OptionalDecimal("value");
    goal.currency = fields.OptionalText("currency").value_or("");
    return goal;
  }

  std::vector<std::string> ReadEntryPoints() {
    std::vector<std::string> entry_points;
    for (const Value& item : fields_.Required("entryPoints").items()) entry_points.emplace_back(item.text());
    auto plain = Open(fields_.Find("entryPointsEnc"));
    if (!plain) return entry_points;
    auto originals = json::Document::Parse(*plain, kEventDataLimits);
    if (!originals || originals->root().items().size() != entry_points.size()) {
      fields_.Fail("entryPointsEnc", "does not fit entryPoints");
      return entry_points;
    }
    for (std::size_t i = 0; i < entry_points.size(); ++i) entry_points[i] = originals->root().items()[i].text();
    return entry_points;
  }

  Identity ReadIdentity(const Value& item) {
    EventFields fields(item, fault_);
    Identity identity;
    identity.iss = fields.OptionalText("iss").value_or("");
    identity.sub = fields.Text("sub");
    identity.acr = fields.OptionalText("acr").value_or("");
    return identity;
  }

  std::vector<Identity> ReadIdentities() {
    std::vector<Identity> identities;
    auto plain = Open(fields_.Find("identities"));
    if (!plain) return identities;
    auto document = json::Document::Parse(*plain, kEventDataLimits);
    const Value& hashes = fields_.Required("identityHashes");
    if (!document || document->root().items().size() != hashes.items().size()) {
      fields_.Fail("identityHashes", "do not fit identities");
      return identities;
    }
    for (const Value& item : document->root().items()) {
      identities.push_back(ReadIdentity(item));
      identities.back().hash = IdentityHash(hashes.items()[identities.size() - 1].text());
    }
    return identities;
  }

  std::optional<ClientProperties> ReadClientProperties() {
    const Value* stored = fields_.Find("clientProperties");
    if (stored == nullptr) return std::nullopt;
    ClientProperties properties;
    if (const Value* family = stored->Find("deviceFamily"))
      properties.device_family = ParseDeviceFamily(family->text());
    if (const Value* referrer = stored->Find("referrer")) properties.referrer = referrer->text();
    auto plain = Open(fields_.Find("clientPropertiesEnc"));
    if (!plain) {
      properties.json = TextOf(*stored);
      return properties;
    }
    auto originals = json::Document::Parse(*plain, kEventDataLimits);
    const Value* referrer = originals ? originals->root().Find("referrer") : nullptr;
    if (referrer != nullptr) properties.referrer = referrer->text();
    properties.json.clear();
    Writer writer(properties.json);
    writer.BeginObject();
    for (const auto& [name, value] : stored->members()) {
      writer.Key(name).Copy(name == "referrer" && referrer != nullptr ? *referrer : value);
    }
    writer.EndObject();
    return properties;
  }

  ImpressionReported ReadImpression() {
    ImpressionReported data;
    data.page_id = PageId(fields_.Text("pageId"));
    data.kind = fields_.OneOf("kind", ParseImpressionKind);
    data.context_id = fields_.Integer<std::uint32_t>("contextId");
    data.entry = ReadEntry(fields_);
    data.reported_revision = fields_.OptionalInteger<std::int64_t>("reportedRevision");
    data.context_sent = fields_.Flag("contextSent", true);
    data.repeat = fields_.Flag("repeat");
    return data;
  }

  static Entry ReadEntry(EventFields& fields) {
    Entry entry;
    entry.campaign_id = fields.Integer<std::int64_t>("campaignId");
    entry.engagement_id = fields.Integer<std::int64_t>("engagementId");
    entry.engagement_revision = fields.Integer<std::int64_t>("engagementRevision");
    entry.zone = fields.OneOf("zone", ParseZone);
    entry.channel = fields.OneOf("channel", ParseChannel);
    entry.language = fields.Text("language");
    return entry;
  }

  std::vector<Entry> ReadEligible() {
    std::vector<Entry> eligible;
    for (const Value& item : fields_.Required("eligible").items()) {
      EventFields fields(item, fault_);
      eligible.push_back(ReadEntry(fields));
    }
    return eligible;
  }

  ControlGroupAssigned ReadControlGroup() {
    ControlGroupAssigned data;
    std::string scope = fields_.Text("scope");
    if (scope != "account" && scope != "campaign") fields_.Fail("scope", "is no word of its set");
    data.scope = scope == "campaign" ? ControlScope::kCampaign : ControlScope::kAccount;
    if (data.scope == ControlScope::kCampaign) data.campaign_id = fields_.Integer<std::int64_t>("campaignId");
    data.eligible = ReadEligible();
    data.configuration_revision = Revision(fields_.Text("configurationRevision"));
    return data;
  }

  EngagementShown ReadShown() {
    EngagementShown data;
    data.page_id = PageId(fields_.Text("pageId"));
    data.context_id = fields_.Integer<std::uint32_t>("contextId");
    data.entry = ReadEntry(fields_);
    data.skill_id = fields_.OptionalInteger<std::int64_t>("skillId");
    data.skill_name = fields_.OptionalText("skillName").value_or("");
    data.window_id = fields_.Text("windowId");
    data.connector_id = fields_.OptionalInteger<std::int64_t>("connectorId");
    std::string seed = fields_.Text("seed");
    auto [end, error] = std::from_chars(seed.data(), seed.data() + seed.size(), data.seed, 16);
    if (seed.size() != 16 || end != seed.data() + seed.size()) fields_.Fail("seed", "is not 16 hex digits");
    data.configuration_revision = Revision(fields_.Text("configurationRevision"));
    return data;
  }

  ConversationStarted ReadConversationStarted() {
    ConversationStarted data;
    data.conversation_id = ConversationId(fields_.Text("conversationId"));
    if (auto hash = fields_.OptionalText("identityHash")) {
      // Without the key it is still known that there is an identity, and which of two are the same.
      auto plain = Open(fields_.Find("identity"));
      auto document = plain ? json::Document::Parse(*plain) : std::unexpected(json::ParseError{});
      data.identity = document ? ReadIdentity(document->root()) : Identity{};
      data.identity->hash = IdentityHash(*hash);
    }
    if (fields_.Find("engagementId") != nullptr) data.entry = ReadEntry(fields_);
    if (auto session = fields_.OptionalText("sessionId")) data.session_id = SessionId(*session);
    data.context_id = fields_.OptionalInteger<std::uint32_t>("contextId");
    if (auto app = fields_.OptionalText("appInstallationId")) data.app_installation_id = AppInstallationId(*app);
    data.connector_id = fields_.OptionalInteger<std::int64_t>("connectorId");
    return data;
  }

  ConversationEnded ReadConversationEnded() {
    ConversationEnded data;
    data.conversation_id = ConversationId(fields_.Text("conversationId"));
    if (auto hash = fields_.OptionalText("identityHash")) data.identity_hash = IdentityHash(*hash);
    if (fields_.Find("engagementId") != nullptr) data.entry = ReadEntry(fields_);
    if (auto session = fields_.OptionalText("sessionId")) data.session_id = SessionId(*session);
    data.context_id = fields_.OptionalInteger<std::uint32_t>("contextId");
    if (auto app = fields_.OptionalText("appInstallationId")) data.app_installation_id = AppInstallationId(*app);
    data.connector_id = fields_.OptionalInteger<std::int64_t>("connectorId");
    return data;
  }

  AccountConfigured ReadAccountConfigured() {
    return {Revision(fields_.Text("revision")), fields_.Text("document"), fields_.Text("by")};
  }

  SkillAvailabilityChanged ReadSkill() {
    return {fields_.Integer<std::int64_t>("skillId"), fields_.OneOf("state", ParseSkillState)};
  }

  AdminActionRecorded ReadAdminAction() {
    return {fields_.Text("by"), fields_.Text("action"), fields_.Text("target"), fields_.Text("outcome")};
  }

  AbandonScoreSet ReadScore() {
    fields_.Required("score");
    return {fields_.OptionalDecimal("score").value_or(Decimal())};
  }

  std::optional<std::string> Open(const Value* holder) const {
    const Value* sealed = holder == nullptr ? nullptr : holder->Find("enc");
    return sealed == nullptr ? std::nullopt : cipher_.Open(sealed->text());
  }

  const Value& data_;
  std::string fault_;
  EventFields fields_;
  const FieldCipher& cipher_;
};

}  // namespace

std::expected<Event, DecodeError> DecodeEventData(const EventSchema& schema, std::string_view json,
                                                  const FieldCipher& cipher) {
  auto document = json::Document::Parse(json, kEventDataLimits);
  if (!document) return std::unexpected(DecodeError{document.error().message});
  return DecodeEventData(schema, document->root(), cipher);
}

std::expected<Event, DecodeError> DecodeEventData(const EventSchema& schema, const json::Value& data,
                                                  const FieldCipher& cipher) {
  const std::uint8_t newest = NewestSchemaVersion(schema.type);
  if (schema.version == newest) return Decoder(data, cipher).Decode(schema.type);
  if (schema.version == 0 || schema.version > newest) {
    return std::unexpected(DecodeError{
        .message = "version " + std::to_string(schema.version) + " of the type " + Shown(schema.type) + " is not known",
        .unknown = true});
  }
  if (!data.is_object()) return std::unexpected(DecodeError{"the data is no object"});
  return DecodeEventData({schema.type, schema.version + 1}, Upcast(schema, data), cipher);
}

}  // namespace monitor
