// Absent members are empty or unknown.
#include "domain/deciding/visitor_json.h"

#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using json::Value;
using json::Writer;

constexpr int kVersion = 1;

void WriteEntry(Writer& out, const Entry& entry) {
  out.Key("campaignId").Int(entry.campaign_id).Key("engagementId").Int(entry.engagement_id);
  out.Key("engagementRevision").Int(entry.engagement_revision);
  out.Key("zone").String(ToText(entry.zone)).Key("channel").String(ToText(entry.channel));
  out.Key("language").String(entry.language);
}

void WriteConversation(Writer& out, const OpenConversation& open) {
  out.BeginObject().Key("conversationId").String(open.id.str());
  if (!open.identity.empty()) out.Key("identityHash").String(open.identity.str());
  if (open.entry) WriteEntry(out, *open.entry);
  if (open.session) out.Key("sessionId").String(open.session->str());
  if (open.context_id) out.Key("contextId").UInt(*open.context_id);
  if (open.connector_id) out.Key("connectorId").Int(*open.connector_id);
  if (!open.app_installation.empty()) out.Key("appInstallationId").String(open.app_installation.str());
  out.Key("startedAt").Int(ToUnixMs(open.started_at)).EndObject();
}

void WriteOffer(Writer& out, const NewestOffer& offer) {
  out.BeginObject();
  WriteEntry(out, offer.entry);
  out.Key("sessionId").String(offer.session.str()).Key("contextId").UInt(offer.context_id);
  out.Key("appInstallationId").String(offer.app_installation.str());
  if (offer.connector_id) out.Key("connectorId").Int(*offer.connector_id);
  out.Key("ordinal").UInt(offer.ordinal).EndObject();
}

// Reads members of one object; what is missing or of another kind makes the whole reading fail.
class Reader {
 public:
  explicit Reader(const Value& object) : object_(object) {}

  bool failed() const { return failed_; }
  void Fail() { failed_ = true; }
  bool Has(std::string_view name) const { return object_.Find(name) != nullptr; }

  std::string_view Text(std::string_view name) {
    const Value* value = object_.Find(name);
    if (!value || !value->is_string()) return Fail(), std::string_view{};
    return value->text();
  }

  template <class Number>
  Number Integer(std::string_view name) {
    const Value* value = object_.Find(name);
    const auto number = value && value->is_number() ? ParseWhole<Number>(value->text()) : std::nullopt;
    if (!number) Fail();
    return number.value_or(0);
  }

  template <class T>
  T Required(std::optional<T> value) {
    if (!value) return Fail(), T{};
    return *value;
  }

  Entry ReadEntry() {
    Entry entry;
    entry.campaign_id = Integer<std::int64_t>("campaignId");
    entry.engagement_id = Integer<std::int64_t>("engagementId");
    entry.engagement_revision = Integer<std::int64_t>("engagementRevision");
    entry.zone = Required(ParseZone(Text("zone")));
    entry.channel = Required(ParseChannel(Text("channel")));
    entry.language = Text("language");
    return entry;
  }

 private:
  const Value& object_;
  bool failed_ = false;
};

OpenConversation ReadConversation(Reader& in) {
  OpenConversation open;
  open.id = ConversationId(in.Text("conversationId"));
  if (in.Has("identityHash")) open.identity = IdentityHash(in.Text("identityHash"));
  if (in.Has("engagementId")) open.entry = in.ReadEntry();
  if (in.Has("sessionId")) open.session = SessionId(in.Text("sessionId"));
  if (in.Has("contextId")) open.context_id = in.Integer<std::uint32_t>("contextId");
  if (in.Has("connectorId")) open.connector_id = in.Integer<std::int64_t>("connectorId");
  if (in.Has("appInstallationId")) open.app_installation = AppInstallationId(in.Text("appInstallationId"));
  open.started_at = FromUnixMs(in.Integer<std::int64_t>("startedAt"));
  return open;
}

NewestOffer ReadOffer(Reader& in) {
  NewestOffer offer;
  offer.entry = in.ReadEntry();
  offer.session = SessionId(in.Text("sessionId"));
  offer.context_id = in.Integer<std::uint32_t>("contextId");
  offer.app_installation = AppInstallationId(in.Text("appInstallationId"));
  if (in.Has("connectorId")) offer.connector_id = in.Integer<std::int64_t>("connectorId");
  offer.ordinal = in.Integer<std::uint64_t>("ordinal");
  return offer;
}

VisitorState::Interaction ReadInteraction(Reader& in) {
  return {SessionId(in.Text("sessionId")), in.Integer<std::int64_t>("engagementId")};
}

template <class T>
void ReadList(Reader& in, const Value* list, T (*read)(Reader&), std::vector<T>& out) {
  if (!list) return;
  if (!list->is_array()) return in.Fail();
  out.reserve(list->items().size());
  for (const Value& item : list->items()) {
    Reader element(item);
    out.push_back(read(element));
    if (element.failed()) return in.Fail();
  }
}

}  // namespace

std::string VisitorToJson(const VisitorState& visitor) {
  std::string text;
  Writer out(text);
  out.BeginObject().Key("v").Int(kVersion).Key("version").UInt(visitor.version).Key("sessions").UInt(visitor.sessions);
  if (!visitor.newest_session.empty()) out.Key("newestSession").String(visitor.newest_session.str());
  if (!visitor.conversations.empty()) {
    out.Key("conversations").BeginArray();
    for (const OpenConversation& open : visitor.conversations) WriteConversation(out, open);
    out.EndArray();
  }
  if (!visitor.interactions.empty()) {
    out.Key("interactions").BeginArray();
    for (const VisitorState::Interaction& one : visitor.interactions) {
      out.BeginObject().Key("sessionId").String(one.session.str()).Key("engagementId").Int(one.engagement_id);
      out.EndObject();
    }
    out.EndArray();
  }
  if (!visitor.newest_offers.empty()) {
    out.Key("newestOffers").BeginArray();
    for (const NewestOffer& offer : visitor.newest_offers) WriteOffer(out, offer);
    out.EndArray().Key("offers").UInt(visitor.offers);
  }
  if (visitor.abandon_score) out.Key("abandonScore").String(visitor.abandon_score->ToString());
  if (visitor.erased) out.Key("erased").Bool(true);
  out.EndObject();
  return text;
}

std::optional<VisitorState> VisitorFromJson(std::string_view json) {
  auto document = json::Document::Parse(json);
  if (!document || !document->root().is_object()) return std::nullopt;
  const Value& root = document->root();
  Reader in(root);
  if (in.Integer<int>("v") != kVersion) return std::nullopt;
  VisitorState state;
  state.version = in.Integer<std::uint64_t>("version");
  state.sessions = in.Integer<std::uint64_t>("sessions");
  if (in.Has("newestSession")) state.newest_session = SessionId(in.Text("newestSession"));
  ReadList(in, root.Find("conversations"), ReadConversation, state.conversations);
  ReadList(in, root.Find("interactions"), ReadInteraction, state.interactions);
  ReadList(in, root.Find("newestOffers"), ReadOffer, state.newest_offers);
  if (in.Has("offers")) state.offers = in.Integer<std::uint64_t>("offers");
  if (in.Has("abandonScore")) state.abandon_score = in.Required(Decimal::Parse(in.Text("abandonScore")));
  if (const Value* erased = root.Find("erased")) state.erased = erased->is_bool() && erased->boolean();
  if (in.failed()) return std::nullopt;
  return state;
}

}  // namespace monitor
