#include "api/requests/attribute_validation.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "domain/values/enumerators.h"

namespace monitor {
namespace {

enum class FieldKind : std::uint8_t {
  kString,
  kDescription,  // a text that only describes: cut, not refused
  kInteger,
  kAmount,
  kBoolean,
  kWord,
  kGender,
  kObject,
  kObjects,
  kDescriptions
};

// One field of an attribute. What is not in a table is kept as it was sent.
struct FieldRule {
  std::string_view name;
  FieldKind kind = FieldKind::kString;
  bool required = false;
  std::string_view alias = {};                    // written under `name`
  std::span<const FieldRule> fields = {};         // of kObject and kObjects
  std::span<const std::string_view> words = {};   // of kWord
  std::int64_t min = INT64_MIN, max = INT64_MAX;  // of kInteger
  std::size_t max_items = SIZE_MAX;               // of kObjects and kDescriptions
};

using enum FieldKind;

constexpr FieldRule kProductFields[] = {{.name = "name", .kind = kDescription},
                                        {.name = "category", .kind = kDescription},
                                        {.name = "sku"},
                                        {.name = "price", .kind = kAmount}};

constexpr FieldRule kCartItemFields[] = {
    {.name = "product", .kind = kObject, .required = true, .fields = kProductFields},
    {.name = "quantity", .kind = kInteger}};

constexpr FieldRule kCartFields[] = {
    {.name = "total", .kind = kAmount, .required = true},
    {.name = "numItems", .kind = kInteger, .required = true},
    {.name = "currency"},
    {.name = "products", .kind = kObjects, .fields = kCartItemFields, .max_items = kMaxProducts}};

constexpr FieldRule kPurchasedCartFields[] = {
    {.name = "products", .kind = kObjects, .required = true, .fields = kCartItemFields, .max_items = kMaxProducts},
    {.name = "numItems", .kind = kInteger}};

constexpr FieldRule kPurchaseFields[] = {{.name = "total", .kind = kAmount},
                                         {.name = "currency"},
                                         {.name = "orderId"},
                                         {.name = "cart", .kind = kObject, .fields = kPurchasedCartFields}};

constexpr FieldRule kViewedProductFields[] = {{.name = "name", .kind = kDescription},
                                              {.name = "category", .kind = kDescription},
                                              {.name = "sku"},
                                              {.name = "price", .kind = kAmount},
                                              {.name = "statusInStock"},
                                              {.name = "quantityInStock", .kind = kInteger}};

constexpr FieldRule kViewedItemFields[] = {
    {.name = "product", .kind = kObject, .required = true, .fields = kViewedProductFields}};

constexpr FieldRule kProdViewFields[] = {
    {.name = "currency"},
    {.name = "products", .kind = kObjects, .fields = kViewedItemFields, .max_items = kMaxProducts}};

constexpr FieldRule kDateFields[] = {
    {.name = "year", .kind = kInteger}, {.name = "month", .kind = kInteger}, {.name = "day", .kind = kInteger}};

constexpr FieldRule kCustomerFields[] = {{.name = "ctype"},
                                         {.name = "cstatus"},
                                         {.name = "balance", .kind = kAmount},
                                         {.name = "currency"},
                                         {.name = "customerId"},
                                         {.name = "socialId"},
                                         {.name = "imei"},
                                         {.name = "userName"},
                                         {.name = "companySize", .kind = kInteger},
                                         {.name = "companyBranch"},
                                         {.name = "accountName"},
                                         {.name = "role"},
                                         {.name = "lastPaymentDate", .kind = kObject, .fields = kDateFields},
                                         {.name = "registrationDate", .kind = kObject, .fields = kDateFields},
                                         {.name = "loginStatus", .kind = kInteger},
                                         {.name = "storeZipCode"},
                                         {.name = "storeNumber"}};

constexpr FieldRule kCtmrinfoFields[] = {{.name = "info", .kind = kObject, .fields = kCustomerFields}};

// 0 direct, 1 search, 2 social, 3 email, 4 referral.
constexpr FieldRule kMarketingFields[] = {{.name = "channel", .kind = kInteger, .min = 0, .max = 4},
                                          {.name = "affiliate"},
                                          {.name = "campaignId", .alias = "campaignID"}};

constexpr FieldRule kMrktInfoFields[] = {{.name = "info", .kind = kObject, .fields = kMarketingFields}};

constexpr FieldRule kAgeFields[] = {{.name = "age", .kind = kInteger},
                                    {.name = "year", .kind = kInteger},
                                    {.name = "month", .kind = kInteger},
                                    {.name = "day", .kind = kInteger}};

constexpr FieldRule kAddressFields[] = {{.name = "country"}, {.name = "region"}};

constexpr std::string_view kPhoneTypes[] = {"HOME",     "MOBILE",   "WORK",  "FAX",  "MAIN",
                                            "HOME_FAX", "WORK_FAX", "PAGER", "OTHER"};

constexpr FieldRule kContactFields[] = {{.name = "email"},
                                        {.name = "phone"},
                                        {.name = "phoneType", .kind = kWord, .words = kPhoneTypes},
                                        {.name = "address", .kind = kObject, .fields = kAddressFields}};

constexpr FieldRule kPersonFields[] = {{.name = "firstname"},
                                       {.name = "lastname"},
                                       {.name = "age", .kind = kObject, .fields = kAgeFields},
                                       {.name = "contacts", .kind = kObjects, .fields = kContactFields},
                                       {.name = "gender", .kind = kGender},
                                       {.name = "company"},
                                       {.name = "language"}};

constexpr FieldRule kPersonalFields[] = {{.name = "personal", .kind = kObject, .fields = kPersonFields}};

constexpr FieldRule kLeadInnerFields[] = {
    {.name = "topic"}, {.name = "value", .kind = kAmount}, {.name = "currency"}, {.name = "leadId"}};

constexpr FieldRule kLeadFields[] = {{.name = "lead", .kind = kObject, .fields = kLeadInnerFields}};

// Statuses 0 complete … 13 resolved.
constexpr FieldRule kServiceInnerFields[] = {{.name = "topic"},
                                             {.name = "status", .kind = kInteger, .min = 0, .max = 13},
                                             {.name = "category"},
                                             {.name = "serviceId"}};

constexpr FieldRule kServiceFields[] = {{.name = "service", .kind = kObject, .fields = kServiceInnerFields}};

constexpr FieldRule kErrorInnerFields[] = {{.name = "contextId"},
                                           {.name = "message", .kind = kDescription},
                                           {.name = "code"},
                                           {.name = "level", .kind = kInteger},
                                           {.name = "resolved", .kind = kBoolean}};

constexpr FieldRule kErrorFields[] = {{.name = "error", .kind = kObject, .fields = kErrorInnerFields}};

constexpr FieldRule kSearchInfoFields[] = {{.name = "keywords", .kind = kDescriptions}};

// In the order of AttributeType.
constexpr std::span<const FieldRule> kAttributeFields[] = {
    kCartFields,     kPurchaseFields, kProdViewFields, kCtmrinfoFields, kMrktInfoFields,
    kPersonalFields, kLeadFields,     kServiceFields,  kErrorFields,    kSearchInfoFields};
static_assert(std::size(kAttributeFields) == kEnumerators<AttributeType>);

constexpr std::pair<std::string_view, ImpressionKind> kImpressionTypes[] = {
    {"impDisplay", ImpressionKind::kDisplay},   {"impAccept", ImpressionKind::kAccept},
    {"impExpanded", ImpressionKind::kExpanded}, {"impTimeout", ImpressionKind::kTimeout},
    {"impClose", ImpressionKind::kClose},
};
static_assert(std::size(kImpressionTypes) == kEnumerators<ImpressionKind>);

constexpr std::string_view kGenders[] = {"MALE", "FEMALE", "OTHER"};  // also 0, 1, 2

using Written = std::expected<void, FieldError>;

Written WriteFields(const json::Value& object, std::span<const FieldRule> rules, const FieldPath& path,
                    json::Writer& out);

Written WriteWord(const json::Value& value, std::span<const std::string_view> words, const FieldPath& path,
                  json::Writer& out) {
  auto text = ReadString(value, path);
  if (!text) return std::unexpected(text.error());
  for (std::string_view word : words) {
    if (word == *text) {
      out.String(word);
      return {};
    }
  }
  std::string expected = "must be one of";
  for (std::string_view word : words) expected.append(" ").append(word);
  return path.Error(expected);
}

Written WriteGender(const json::Value& value, const FieldPath& path, json::Writer& out) {
  std::int64_t gender = std::ranges::find(kGenders, value.text()) - kGenders;
  if (std::optional<std::int64_t> number = ParseInteger(value.text())) gender = *number;
  if (gender < 0 || gender >= std::ssize(kGenders)) return path.Error("must be one of MALE FEMALE OTHER 0 1 2");
  out.String(kGenders[gender]);
  return {};
}

Written WriteArray(const json::Value& value, const FieldRule& rule, const FieldPath& path, json::Writer& out) {
  if (!value.is_array()) return path.Error("must be an array");
  if (value.items().size() > rule.max_items) {
    return path.Error("must not hold more than " + std::to_string(rule.max_items) + " elements");
  }
  out.BeginArray();
  std::size_t index = 0;
  for (const json::Value& item : value.items()) {
    FieldPath item_path(path, index++);
    if (rule.kind == kObjects) {
      if (Written written = WriteFields(item, rule.fields, item_path, out); !written) return written;
      continue;
    }
    auto text = ReadText(item, item_path);
    if (!text) return std::unexpected(text.error());
    out.String(CutCharacters(*text, kMaxStringCharacters));
  }
  out.EndArray();
  return {};
}

Written WriteInteger(const json::Value& value, const FieldRule& rule, const FieldPath& path, json::Writer& out) {
  auto number = ReadInteger(value, path);
  if (!number) return std::unexpected(number.error());
  if (*number < rule.min || *number > rule.max) {
    return path.Error("must be from " + std::to_string(rule.min) + " to " + std::to_string(rule.max));
  }
  out.Int(*number);
  return {};
}

Written WriteValue(const json::Value& value, const FieldRule& rule, const FieldPath& path, json::Writer& out) {
  switch (rule.kind) {
    case kString: {
      auto text = ReadString(value, path);
      if (!text) return std::unexpected(text.error());
      out.String(*text);
      return {};
    }
    case kDescription: {
      auto text = ReadText(value, path);
      if (!text) return std::unexpected(text.error());
      out.String(CutCharacters(*text, kMaxStringCharacters));
      return {};
    }
    case kInteger:
      return WriteInteger(value, rule, path, out);
    case kAmount: {
      auto amount = ReadAmount(value, path);
      if (!amount) return std::unexpected(amount.error());
      out.String(amount->ToString());
      return {};
    }
    case kBoolean: {
      auto flag = ReadBoolean(value, path);
      if (!flag) return std::unexpected(flag.error());
      out.Bool(*flag);
      return {};
    }
    case kWord:
      return WriteWord(value, rule.words, path, out);
    case kGender:
      return WriteGender(value, path, out);
    case kObject:
      return WriteFields(value, rule.fields, path, out);
    case kObjects:
    case kDescriptions:
      return WriteArray(value, rule, path, out);
  }
  std::unreachable();
}

bool IsAbsent(const json::Value* value, const FieldRule& rule) {
  const bool number = rule.kind == kInteger || rule.kind == kAmount;
  return number ? IsAbsentNumber(value) : value == nullptr || value->is_null();
}

const FieldRule* FindRule(std::span<const FieldRule> rules, std::string_view name) {
  for (const FieldRule& rule : rules) {
    if (rule.name == name || (!rule.alias.empty() && rule.alias == name)) return &rule;
  }
  return nullptr;
}

Written WriteFields(const json::Value& object, std::span<const FieldRule> rules, const FieldPath& path,
                    json::Writer& out) {
  if (!object.is_object()) return path.Error("must be an object");
  out.BeginObject();
  for (const json::Member& member : object.members()) {
    const FieldRule* rule = FindRule(rules, member.name);
    if (rule == nullptr) {
      out.Key(member.name).Copy(member.value);
      continue;
    }
    if (IsAbsent(&member.value, *rule)) continue;
    const FieldPath member_path(path, member.name);
    if (member.name != rule->name && object.Find(rule->name) != nullptr) {  // the main name wins, both are judged
      std::string unused;
      json::Writer nowhere(unused);
      if (Written judged = WriteValue(member.value, *rule, member_path, nowhere); !judged) return judged;
      continue;
    }
    out.Key(rule->name);
    if (Written written = WriteValue(member.value, *rule, member_path, out); !written) return written;
  }
  for (const FieldRule& rule : rules) {
    if (rule.required && IsAbsent(object.Find(rule.name), rule)) return FieldPath(path, rule.name).Error("is required");
  }
  out.EndObject();
  return {};
}

std::expected<std::optional<std::string>, FieldError> ReadContext(const json::Value& impression,
                                                                  const FieldPath& path) {
  const json::Value* contexts = impression.Find("eContext");
  if (contexts == nullptr) return std::nullopt;
  FieldPath contexts_path(path, "eContext");
  if (!contexts->is_array()) return contexts_path.Error("must be an array");
  std::optional<std::string> id;
  std::size_t index = 0;
  for (const json::Value& context : contexts->items()) {
    FieldPath context_path(contexts_path, index++);
    if (context.is_null()) continue;
    if (!context.is_object()) return context_path.Error("must be an object");
    const json::Value* type = context.Find("type");
    if (type == nullptr) continue;
    auto type_text = ReadString(*type, FieldPath(context_path, "type"));
    if (!type_text) return std::unexpected(type_text.error());
    if (*type_text != "engagementContext") continue;
    FieldPath id_path(context_path, "id");
    const json::Value* id_value = context.Find("id");
    if (id_value == nullptr) return id_path.Error("is required");
    auto id_text = ReadString(*id_value, id_path);
    if (!id_text) return std::unexpected(id_text.error());
    if (!id) id = std::string(*id_text);  // the first counts, all are judged
  }
  return id;
}

std::expected<SentImpression, FieldError> ReadImpression(const json::Value& value, ImpressionKind kind,
                                                         const FieldPath& path, std::size_t index) {
  SentImpression impression{.kind = kind, .index = static_cast<std::uint32_t>(index)};
  const std::pair<std::string_view, std::int64_t*> required[] = {{"campaign", &impression.campaign_id},
                                                                 {"engId", &impression.engagement_id}};
  for (const auto& [name, target] : required) {
    FieldPath field_path(path, name);
    const json::Value* field = value.Find(name);
    if (IsAbsentNumber(field)) return field_path.Error("is required");
    auto number = ReadInteger(*field, field_path);
    if (!number) return std::unexpected(number.error());
    *target = *number;
  }
  if (const json::Value* revision = value.Find("revision"); !IsAbsentNumber(revision)) {
    auto number = ReadInteger(*revision, FieldPath(path, "revision"));
    if (!number) return std::unexpected(number.error());
    impression.revision = *number;
  }
  auto context = ReadContext(value, path);
  if (!context) return std::unexpected(context.error());
  impression.context_id = std::move(*context);
  return impression;
}

}  // namespace

std::optional<ImpressionKind> ParseImpressionType(std::string_view type) {
  for (const auto& [name, kind] : kImpressionTypes) {
    if (name == type) return kind;
  }
  return std::nullopt;
}

std::expected<AttributeOrImpression, FieldError> ReadAttribute(const json::Value& value, const FieldPath& path,
                                                               std::size_t index) {
  if (!value.is_object()) return path.Error("must be an object");
  FieldPath type_path(path, "type");
  const json::Value* type_value = value.Find("type");
  if (type_value == nullptr) return type_path.Error("is required");
  auto type_text = ReadString(*type_value, type_path);
  if (!type_text) return std::unexpected(type_text.error());

  if (std::optional<ImpressionKind> kind = ParseImpressionType(*type_text)) {
    return ReadImpression(value, *kind, path, index);
  }
  std::optional<AttributeType> type = ParseAttributeType(*type_text);
  if (!type) return type_path.Error("is not a known attribute type");
  Attribute attribute{*type, {}};
  json::Writer out(attribute.json);
  auto written = WriteFields(value, kAttributeFields[std::to_underlying(*type)], path, out);
  if (!written) return std::unexpected(written.error());
  return attribute;
}

}  // namespace monitor
