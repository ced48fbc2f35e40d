#include "api/requests/request_json.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "api/requests/attribute_validation.h"
#include "domain/values/client_address.h"

namespace monitor {
namespace {

using Done = std::expected<void, FieldError>;
using Kind = VisitRequest::Kind;

constexpr std::string_view kDeviceFamilies[] = {"DESKTOP", "TABLET", "MOBILE"};
constexpr std::string_view kSystems[] = {"WINDOWS", "MAC_OSX", "LINUX", "IOS", "ANDROID"};

// A known field of clientProperties: a string, of the words if there are any. All others are kept as they are.
struct PropertyRule {
  std::string_view name;
  std::string_view alias = {};  // written under `name`
  std::span<const std::string_view> words = {};
};

constexpr PropertyRule kProperties[] = {{.name = "deviceFamily", .words = kDeviceFamilies},
                                        {.name = "os", .alias = "osName", .words = kSystems},
                                        {.name = "ipAddress"},
                                        {.name = "appVersion"},
                                        {.name = "osVersion"}};

const PropertyRule* FindProperty(std::string_view name) {
  for (const PropertyRule& rule : kProperties) {
    if (rule.name == name || (!rule.alias.empty() && rule.alias == name)) return &rule;
  }
  return nullptr;
}

std::expected<std::string_view, FieldError> ReadProperty(const json::Value& value, const PropertyRule& rule,
                                                         const FieldPath& path) {
  auto text = ReadString(value, path);
  if (!text) return text;
  if (rule.name == "ipAddress" && BareAddress(*text).empty()) return path.Error("must be an IPv4 or IPv6 address");
  if (rule.words.empty()) return text;
  std::string expected = "must be one of";
  for (std::string_view word : rule.words) {
    if (word == *text) return text;
    expected.append(" ").append(word);
  }
  return path.Error(expected);
}

// Reads one body into `out`; every function names its field's rule of http-api.md section 3.
class BodyReader {
 public:
  BodyReader(Kind kind, RequestBody& out) : kind_(kind), out_(out) {}

  Done ReadAll(const json::Value& body) {
    if (!body.is_object()) return path_.Error("must be a JSON object");
    for (const auto& [name, read] : kFields) {
      const json::Value* value = body.Find(name);
      if (value == nullptr) continue;
      if (Done done = (this->*read)(*value, FieldPath(path_, name)); !done) return done;
    }
    if (kind_ == Kind::kReport && body.Find("engagementAttributes") == nullptr) {
      return FieldPath(path_, "engagementAttributes").Error("is required");
    }
    return {};
  }

  Done ReadAttributes(const json::Value& value, const FieldPath& path) {
    if (!value.is_array()) return path.Error("must be an array");
    if (value.items().size() > kMaxAttributes) {
      return path.Error("must not hold more than " + std::to_string(kMaxAttributes) + " attributes");
    }
    if (kind_ == Kind::kReport && value.items().empty()) return path.Error("must not be empty");
    out_.attributes.reserve(value.items().size());
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      FieldPath element_path(path, i);
      auto element = ReadAttribute(value.items()[i], element_path, i);
      if (!element) return std::unexpected(std::move(element.error()));
      if (auto* attribute = std::get_if<Attribute>(&*element)) {
        out_.attributes.push_back(std::move(*attribute));
      } else if (kind_ == Kind::kEngagement) {
        return FieldPath(element_path, "type").Error("impressions belong to reports");
      } else {
        out_.impressions.push_back(std::move(std::get<SentImpression>(*element)));
      }
    }
    return {};
  }

 private:
  using Read = Done (BodyReader::*)(const json::Value&, const FieldPath&);
  static const std::pair<std::string_view, Read> kFields[6];

  // Equals an identity with acr loa1 and no iss. An empty one names nobody and counts as absent.
  Done ReadConsumerId(const json::Value& value, const FieldPath& path) {
    auto text = ReadString(value, path, kMaxConsumerIdCharacters);
    if (!text) return std::unexpected(std::move(text.error()));
    if (!text->empty()) out_.identities.push_back({.sub = std::string(*text), .acr = "loa1"});
    return {};
  }

  Done ReadIdentities(const json::Value& value, const FieldPath& path) {
    if (!value.is_array()) return path.Error("must be an array");
    if (value.items().size() > kMaxIdentities) {
      return path.Error("must not hold more than " + std::to_string(kMaxIdentities) + " identities");
    }
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      if (Done done = ReadIdentity(value.items()[i], FieldPath(path, i)); !done) return done;
    }
    return {};
  }

  Done ReadIdentity(const json::Value& value, const FieldPath& path) {
    if (!value.is_object()) return path.Error("must be an object");
    Identity identity;
    const std::tuple<std::string_view, std::string*, bool> fields[] = {
        {"iss", &identity.iss, false}, {"acr", &identity.acr, true}, {"sub", &identity.sub, true}};
    for (const auto& [name, target, required] : fields) {
      FieldPath field_path(path, name);
      const json::Value* field = value.Find(name);
      if (field == nullptr) {
        if (required) return field_path.Error("is required");
        continue;
      }
      auto text = ReadString(*field, field_path);
      if (!text) return std::unexpected(std::move(text.error()));
      *target = *text;
    }
    if (identity.acr != "0" && identity.acr != "loa1") return FieldPath(path, "acr").Error("must be \"0\" or \"loa1\"");
    if (identity.sub.empty()) return FieldPath(path, "sub").Error("must not be empty");
    out_.identities.push_back(std::move(identity));
    return {};
  }

  Done ReadClientProperties(const json::Value& value, const FieldPath& path) {
    if (!value.is_object()) return path.Error("must be an object");
    ClientProperties& properties = out_.client_properties.emplace();
    properties.json.clear();
    json::Writer out(properties.json);
    out.BeginObject();
    for (const json::Member& member : value.members()) {
      const PropertyRule* rule = FindProperty(member.name);
      if (rule == nullptr) {
        if (member.name == "referrer" && member.value.is_string()) properties.referrer = member.value.text();
        out.Key(member.name).Copy(member.value);
        continue;
      }
      if (member.value.is_null()) continue;
      auto text = ReadProperty(member.value, *rule, FieldPath(path, member.name));
      if (!text) return std::unexpected(std::move(text.error()));
      if (member.name != rule->name && value.Find(rule->name) != nullptr) continue;  // the main name wins
      if (rule->name == "deviceFamily") properties.device_family = ParseDeviceFamily(*text);
      if (rule->name == "ipAddress") *text = out_.ip_address = BareAddress(*text);
      out.Key(rule->name).String(*text);
    }
    out.EndObject();
    return {};
  }

  Done ReadEntryPoints(const json::Value& value, const FieldPath& path) {
    if (value.is_string()) return SplitEntryPoints(value.text(), path);
    if (!value.is_array()) return path.Error("must be an array of strings");
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      auto text = ReadText(value.items()[i], FieldPath(path, i));
      if (!text) return std::unexpected(std::move(text.error()));
      if (Done done = AddEntryPoint(*text, path); !done) return done;
    }
    return {};
  }

  Done SplitEntryPoints(std::string_view list, const FieldPath& path) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      std::string_view part = list.substr(0, comma);
      list.remove_prefix(std::min(comma + 1, list.size()));
      while (part.starts_with(' ')) part.remove_prefix(1);
      while (part.ends_with(' ')) part.remove_suffix(1);
      if (part.empty()) continue;
      if (Done done = AddEntryPoint(part, path); !done) return done;
    }
    return {};
  }

  Done AddEntryPoint(std::string_view text, const FieldPath& path) {
    if (out_.entry_points.size() == kMaxEntryPoints) {
      return path.Error("must not hold more than " + std::to_string(kMaxEntryPoints) + " entry points");
    }
    out_.entry_points.emplace_back(CutCharacters(text, kMaxEntryPointCharacters));
    return {};
  }

  Done ReadPageId(const json::Value& value, const FieldPath& path) {
    auto text = ReadString(value, path, kMaxPageIdCharacters);
    if (!text) return std::unexpected(std::move(text.error()));
    if (!text->empty()) out_.page = PageId(*text);
    return {};
  }

  const Kind kind_;
  RequestBody& out_;
  const FieldPath path_;
};

const std::pair<std::string_view, BodyReader::Read> BodyReader::kFields[6] = {
    {"consumerId", &BodyReader::ReadConsumerId},
    {"identities", &BodyReader::ReadIdentities},
    {"clientProperties", &BodyReader::ReadClientProperties},
    {"entryPoints", &BodyReader::ReadEntryPoints},
    {"engagementAttributes", &BodyReader::ReadAttributes},
    {"pageId", &BodyReader::ReadPageId},
};

// Some shells write one mark of their own before a text that has one.
std::string_view WithoutByteOrderMarks(std::string_view body) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  while (body.starts_with(kMark)) body.remove_prefix(kMark.size());
  return body;
}

std::expected<json::Document, FieldError> ParseJson(std::string_view text) {
  auto document = json::Document::Parse(text);
  if (document) return std::move(*document);
  const json::ParseError& error = document.error();
  if (!error.path.empty()) return std::unexpected(FieldError{error.path + ": " + error.message});
  return FieldPath().Error(error.message + " at byte " + std::to_string(error.offset));
}

}  // namespace

void RequestBody::MoveInto(VisitRequest& request) && {
  request.page = std::move(page);
  request.identities = std::move(identities);
  request.client_properties = std::move(client_properties);
  request.entry_points = std::move(entry_points);
  request.attributes = std::move(attributes);
  request.impressions = std::move(impressions);
}

std::expected<RequestBody, FieldError> ReadRequestBody(const json::Value& body, VisitRequest::Kind kind) {
  RequestBody out;
  if (Done done = BodyReader(kind, out).ReadAll(body); !done) return std::unexpected(std::move(done.error()));
  return out;
}

std::expected<RequestBody, FieldError> ParseRequestBody(std::string_view body, VisitRequest::Kind kind) {
  const std::string_view text = WithoutByteOrderMarks(body);
  auto document = ParseJson(text.empty() ? "{}" : text);
  if (!document) return std::unexpected(std::move(document.error()));
  return ReadRequestBody(document->root(), kind);
}

std::expected<RequestBody, FieldError> ParseEventsBody(std::string_view body) {
  auto document = ParseJson(WithoutByteOrderMarks(body));
  if (!document) return std::unexpected(std::move(document.error()));
  RequestBody out;
  Done done = BodyReader(Kind::kReport, out).ReadAttributes(document->root(), FieldPath());
  if (!done) return std::unexpected(std::move(done.error()));
  return out;
}

}  // namespace monitor
