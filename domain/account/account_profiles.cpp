// `visitorProfiles` of an account document: who the visitor is (campaigns.md section 2).
#include <limits>
#include <string>
#include <utility>

#include "domain/account/account_conditions.h"
#include "domain/account/account_draft.h"
#include "domain/values/enumerators.h"

namespace monitor {
namespace {

using Rule = std::optional<ProfileRule>;

Rule ReadReferral(const Node& node, AccountDraft& draft) {
  if (node.Has("contains") == node.Has("regex")) {
    node.Error("must have exactly one of contains and regex");
    return std::nullopt;
  }
  std::optional<TextMatcher> matcher;
  if (auto regex = node.Read<Regex>("regex", &ReadRegex)) matcher = TextMatcher::Matching(std::move(*regex));
  if (auto text = node.Text("contains")) matcher = TextMatcher::ContainsUrlPart(*text);
  if (!matcher) return std::nullopt;
  draft.library.referrals.push_back(std::move(*matcher));
  return Referral{static_cast<std::uint32_t>(draft.library.referrals.size() - 1)};
}

Rule ReadSearchKeywords(const Node& node, AccountDraft&) { return SearchKeywords{ReadRequiredTexts(node, "in")}; }

Rule AddAddressCondition(const Node& node, AddressCondition condition, AccountDraft& draft) {
  std::size_t number = draft.library.address_conditions.size();
  if (number > std::numeric_limits<std::uint16_t>::max()) {
    node.Error("is one too many: at most 65536 conditions on addresses");
    return std::nullopt;
  }
  draft.library.address_conditions.push_back(std::move(condition));
  return AddressMatch{static_cast<std::uint16_t>(number)};
}

Rule ReadIpRange(const Node& node, AccountDraft& draft) {
  IpRange range;
  RequireList(node, "in");
  node.Each("in", [&](const Node& item) {
    auto text = item.AsText();
    if (!text) return;
    auto cidr = ParseCidr(*text);
    if (!cidr) return item.Error("must be an IP address or a range of them, such as 203.0.113.0/24");
    range.in.push_back(*cidr);
  });
  return AddAddressCondition(node, std::move(range), draft);
}

Rule ReadGeo(const Node& node, AccountDraft& draft) {
  RequireOneOf(node, {"country", "region", "city"});
  Geo geo{ReadTexts(node, "country"), ReadTexts(node, "region"), ReadTexts(node, "city")};
  return AddAddressCondition(node, std::move(geo), draft);
}

Rule ReadPlatform(const Node& node, AccountDraft&) {
  Platform platform;
  RequireList(node, "in");
  node.Each("in", [&](const Node& item) {
    auto family = item.AsOneOf(&ParseDeviceFamily, "\"DESKTOP\", \"TABLET\" or \"MOBILE\"");
    if (family) platform.in.push_back(*family);
  });
  return platform;
}

Rule ReadMarketingSource(const Node& node, AccountDraft&) {
  RequireOneOf(node, {"channel", "affiliate", "campaignId"});
  return MarketingSource{node.Integers("channel", {0, 4}), ReadTexts(node, "affiliate"), ReadTexts(node, "campaignId")};
}

Rule ReadVisitor(const Node& node, AccountDraft&) {
  auto parse = [](std::string_view word) -> std::optional<bool> {
    if (word == "returning") return true;
    if (word == "new") return false;
    return std::nullopt;
  };
  auto returning = node.Require("is").OneOf<bool>("is", parse, "\"new\" or \"returning\"");
  return VisitorIs{returning.value_or(false)};
}

Rule ReadCustomerInfo(const Node& node, AccountDraft&) {
  RequireOneOf(node, {"ctype", "cstatus"});
  return CustomerInfo{ReadTexts(node, "ctype"), ReadTexts(node, "cstatus")};
}

Rule ReadAge(const Node& node, AccountDraft&) { return Age{ReadIntegerRange(node, "from", "to")}; }
Rule ReadBalance(const Node& node, AccountDraft&) { return Balance{ReadDecimalRange(node, "from", "to")}; }
Rule ReadCompanySize(const Node& node, AccountDraft&) { return CompanySize{ReadIntegerRange(node, "from", "to")}; }

template <DaysSince::What kWhat>
Rule ReadDaysSince(const Node& node, AccountDraft&) {
  return DaysSince{kWhat, ReadIntegerRange(node, "fromDays", "toDays")};
}

template <CustomerField::Which kWhich>
Rule ReadCustomerField(const Node& node, AccountDraft&) {
  return CustomerField{kWhich, ReadRequiredTexts(node, "in")};
}

Rule ReadGender(const Node& node, AccountDraft&) {
  node.Each("in", [](const Node& item) {
    if (!item.value().is_string()) return;  // reported below
    std::string_view gender = item.value().text();
    if (gender != "MALE" && gender != "FEMALE" && gender != "OTHER") item.Error("must be MALE, FEMALE or OTHER");
  });
  return CustomerField{CustomerField::Which::kGender, ReadRequiredTexts(node, "in")};
}

constexpr RuleReader<ProfileRule> kProfileRules[] = {
    {"referral", &ReadReferral},
    {"searchKeywords", &ReadSearchKeywords},
    {"ipRange", &ReadIpRange},
    {"platform", &ReadPlatform},
    {"marketingSource", &ReadMarketingSource},
    {"geo", &ReadGeo},
    {"visitor", &ReadVisitor},
    {"customerInfo", &ReadCustomerInfo},
    {"age", &ReadAge},
    {"balance", &ReadBalance},
    {"companySize", &ReadCompanySize},
    {"timeSinceRegistration", &ReadDaysSince<DaysSince::What::kRegistration>},
    {"timeSinceLastPayment", &ReadDaysSince<DaysSince::What::kLastPayment>},
    {"customerId", &ReadCustomerField<CustomerField::Which::kCustomerId>},
    {"gender", &ReadGender},
    {"storeZipCode", &ReadCustomerField<CustomerField::Which::kStoreZipCode>},
    {"storeNumber", &ReadCustomerField<CustomerField::Which::kStoreNumber>},
    {"role", &ReadCustomerField<CustomerField::Which::kRole>},
};
// One each, but two that have one for each of what they may ask, and AddressMatch, which is a range or a place.
static_assert(std::size(kProfileRules) == std::variant_size_v<ProfileRule> - 3 + kEnumerators<DaysSince::What> +
                                              kEnumerators<CustomerField::Which> + 2);

}  // namespace

void ReadProfiles(const Node& root, AccountDraft& draft) {
  root.Each("visitorProfiles", [&](const Node& node) {
    if (!node.IsObject()) return;
    draft.profiles.Declare(node, draft.library.profiles.size());
    draft.library.profiles.push_back(ReadConditions<ProfileRule>(node, draft, kProfileRules));
  });
}

}  // namespace monitor
