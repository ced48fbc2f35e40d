// Field names are those of http-api.md section 5.
#include "domain/deciding/attribute_state.h"

#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "domain/values/text_match.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using json::Value;

const Value* Find(const Value* object, std::string_view name) { return object ? object->Find(name) : nullptr; }

// Strings and numbers have a text; of anything else nothing is known.
std::optional<std::string_view> TextOf(const Value* object, std::string_view name) {
  const Value* value = Find(object, name);
  if (!value || !(value->is_string() || value->is_number())) return std::nullopt;
  return value->text();
}

std::optional<std::int64_t> IntegerOf(const Value* object, std::string_view name) {
  auto text = TextOf(object, name);
  return text ? ParseWhole<std::int64_t>(*text) : std::nullopt;
}

std::optional<Decimal> DecimalOf(const Value* object, std::string_view name) {
  auto text = TextOf(object, name);
  return text ? Decimal::Parse(*text) : std::nullopt;
}

template <class T, class V>
void Take(std::optional<T>& field, const std::optional<V>& value) {
  if (value) field = T(*value);
}

std::string StringOf(const Value* object, std::string_view name) {
  return std::string(TextOf(object, name).value_or(std::string_view{}));
}

void TakeDate(CalendarDate& date, const Value* object) {
  Take(date.year, IntegerOf(object, "year"));
  Take(date.month, IntegerOf(object, "month"));
  Take(date.day, IntegerOf(object, "day"));
}

void TakeProducts(std::vector<Product>& products, const Value* list) {
  if (!list || !list->is_array()) return;
  products.clear();
  for (const Value& item : list->items()) {
    const Value* product = Find(&item, "product");
    products.push_back({StringOf(product, "name"), StringOf(product, "category"), StringOf(product, "sku"),
                        DecimalOf(product, "price")});
  }
}

void FoldCart(AttributeState& state, const Value& cart) {
  state.cart.previous_total = state.cart.total;
  Take(state.cart.total, DecimalOf(&cart, "total"));
  Take(state.cart.num_items, IntegerOf(&cart, "numItems"));
  TakeProducts(state.cart_products, cart.Find("products"));
}

void FoldCustomer(AttributeState& state, const Value* info) {
  Take(state.ctype, TextOf(info, "ctype"));
  Take(state.cstatus, TextOf(info, "cstatus"));
  Take(state.customer_id, TextOf(info, "customerId"));
  Take(state.role, TextOf(info, "role"));
  Take(state.store_zip_code, TextOf(info, "storeZipCode"));
  Take(state.store_number, TextOf(info, "storeNumber"));
  Take(state.balance, DecimalOf(info, "balance"));
  Take(state.company_size, IntegerOf(info, "companySize"));
  TakeDate(state.registration, Find(info, "registrationDate"));
  TakeDate(state.last_payment, Find(info, "lastPaymentDate"));
}

void FoldMarketing(AttributeState& state, const Value* info) {
  Take(state.marketing_channel, IntegerOf(info, "channel"));
  Take(state.marketing_affiliate, TextOf(info, "affiliate"));
  Take(state.marketing_campaign, TextOf(info, "campaignId"));
}

// Genders may come as numbers, too.
std::string_view GenderName(std::string_view text) {
  if (text == "0") return "MALE";
  if (text == "1") return "FEMALE";
  if (text == "2") return "OTHER";
  return text;
}

void FoldPersonal(AttributeState& state, const Value* personal) {
  const Value* age = Find(personal, "age");
  Take(state.age, IntegerOf(age, "age"));
  TakeDate(state.birth, age);
  if (auto gender = TextOf(personal, "gender")) state.gender = GenderName(*gender);
}

void FoldService(AttributeState& state, const Value* service) {
  auto topic = TextOf(service, "topic");
  auto status = IntegerOf(service, "status");
  if (!topic || !status) return;
  state.service_status[FoldCase(*topic)] = *status;
}

void FoldError(AttributeState& state, const Value* error) {
  SessionError reported{StringOf(error, "message"), StringOf(error, "code"), StringOf(error, "contextId")};
  const Value* resolved = Find(error, "resolved");
  if (!resolved || !resolved->boolean()) {
    state.errors.push_back(std::move(reported));
    return;
  }
  const std::string context_id = FoldCase(reported.context_id), code = FoldCase(reported.code);
  for (SessionError& earlier : state.errors) {
    if (EqualsFolded(earlier.context_id, context_id) && EqualsFolded(earlier.code, code)) earlier.resolved = true;
  }
  if (state.fitting_errors.empty()) return;
  std::erase_if(state.fitting_errors, [key = KeyOf(reported)](const FittingError& one) { return one.key == key; });
}

void FoldKeywords(AttributeState& state, const Value* keywords) {
  if (!keywords || !keywords->is_array()) return;
  state.keywords.clear();
  for (const Value& keyword : keywords->items()) state.keywords.emplace_back(keyword.text());
}

}  // namespace

std::uint64_t KeyOf(const SessionError& error) {
  std::string folded = FoldCase(error.context_id);
  folded.push_back('\0');
  FoldCase(error.code, folded);
  return ShortHash(folded);
}

void FoldAttribute(AttributeState& state, const Attribute& attribute) {
  switch (attribute.type) {
    case AttributeType::kPurchase:
    case AttributeType::kLead:
      return;  // goals are made of these, conditions ask for nothing in them
    default:
      break;
  }
  auto document = json::Document::Parse(attribute.json);
  if (!document) return;
  const Value& root = document->root();
  switch (attribute.type) {
    case AttributeType::kCart:
      return FoldCart(state, root);
    case AttributeType::kProdView:
      return TakeProducts(state.viewed_products, root.Find("products"));
    case AttributeType::kCtmrinfo:
      return FoldCustomer(state, root.Find("info"));
    case AttributeType::kMrktInfo:
      return FoldMarketing(state, root.Find("info"));
    case AttributeType::kPersonal:
      return FoldPersonal(state, root.Find("personal"));
    case AttributeType::kService:
      return FoldService(state, root.Find("service"));
    case AttributeType::kError:
      return FoldError(state, root.Find("error"));
    case AttributeType::kSearchInfo:
      return FoldKeywords(state, root.Find("keywords"));
    case AttributeType::kPurchase:
    case AttributeType::kLead:
      return;
  }
}

}  // namespace monitor
