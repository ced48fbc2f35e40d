#include "domain/deciding/conditions.h"

#include <algorithm>
#include <optional>

#include "domain/account/library.h"
#include "domain/deciding/location_memo.h"
#include "domain/deciding/rules.h"
#include "domain/values/address.h"

namespace monitor {
namespace {

bool GivenAndEqual(const FoldedTexts& wanted, std::string_view value) {
  if (wanted.empty()) return true;
  return !value.empty() &&
         std::ranges::any_of(wanted, [&](const std::string& one) { return EqualsFolded(value, one); });
}

struct AddressFacts {
  std::optional<Address> address;
  const GeoFacts& geo;

  bool operator()(const IpRange& range) const {
    return address && std::ranges::any_of(range.in, [&](const Cidr& cidr) { return cidr.Contains(*address); });
  }
  bool operator()(const Geo& wanted) const {
    return GivenAndEqual(wanted.country, geo.country) && GivenAndEqual(wanted.region, geo.region) &&
           GivenAndEqual(wanted.city, geo.city);
  }
};

}  // namespace

std::vector<std::uint16_t> MatchAddress(const Account& account, std::string_view address, const GeoFacts& geo) {
  std::vector<std::uint16_t> matches;
  const std::vector<AddressCondition>& conditions = account.library->address_conditions;
  if (conditions.empty()) return matches;
  AddressFacts facts{ParseAddress(address), geo};
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (std::visit(facts, conditions[i])) matches.push_back(static_cast<std::uint16_t>(i));
  }
  return matches;
}

std::vector<std::uint16_t> CarryAddressMatches(const Account& then, std::span<const std::uint16_t> matches,
                                               const Account& now, std::string_view address, const GeoFacts& geo) {
  const std::vector<AddressCondition>& old_conditions = then.library->address_conditions;
  const std::vector<AddressCondition>& conditions = now.library->address_conditions;
  const std::vector<std::uint16_t> judged = MatchAddress(now, address, geo);
  std::vector<std::uint16_t> carried;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const auto old = std::ranges::find(old_conditions, conditions[i]);
    const bool holds = old == old_conditions.end()
                           ? std::ranges::find(judged, i) != judged.end()
                           : std::ranges::find(matches, old - old_conditions.begin()) != matches.end();
    if (holds) carried.push_back(static_cast<std::uint16_t>(i));
  }
  return carried;
}

ConditionEvaluator::ConditionEvaluator(const Account& account, SessionState& session, const VisitorState& visitor,
                                       const RequestFacts& facts)
    : account_(account), session_(session), visitor_(visitor), facts_(facts) {
  UpdateLocationMemo(account, session);
  if (!facts.has_address_matches) own_address_matches_ = MatchAddress(account, facts.address, facts.geo);
  const Library& library = *account.library;
  std::size_t entries = library.hours.size() + library.profiles.size() + library.behaviors.size();
  truths_ = inline_truths_;
  if (entries > kInlineTruths) {
    more_truths_.resize(entries);
    truths_ = more_truths_;
  }
}

template <class Evaluate>
bool ConditionEvaluator::Remember(std::size_t entry, Evaluate evaluate) {
  Truth& truth = truths_[entry];
  if (truth == Truth::kUnknown) truth = evaluate() ? Truth::kTrue : Truth::kFalse;
  return truth == Truth::kTrue;
}

bool ConditionEvaluator::InHours(const Campaign& campaign) {
  if (campaign.hours == 0) return true;
  return Remember(campaign.hours, [&] { return account_.library->hours[campaign.hours].IsOpen(facts_.now); });
}

bool ConditionEvaluator::ProfilesMatch(const Campaign& campaign) {
  const Library& library = *account_.library;
  const Evidence evidence{library, session_, visitor_, facts_.now, AddressMatches()};
  return campaign.profiles.empty() || std::ranges::any_of(campaign.profiles, [&](std::uint32_t profile) {
           return Remember(library.hours.size() + profile,
                           [&] { return AllHold(library.profiles[profile], evidence); });
         });
}

bool ConditionEvaluator::LocationsMatch(const Engagement& engagement) const {
  return engagement.locations.empty() || std::ranges::any_of(engagement.locations, [&](std::uint32_t location) {
           return NewestRequestMatches(session_, location);
         });
}

bool ConditionEvaluator::BehaviorsMatch(const Engagement& engagement) {
  const Library& library = *account_.library;
  const Evidence evidence{library, session_, visitor_, facts_.now, AddressMatches()};
  const std::size_t first = library.hours.size() + library.profiles.size();
  return engagement.behaviors.empty() || std::ranges::any_of(engagement.behaviors, [&](std::uint32_t behavior) {
           return Remember(first + behavior, [&] { return AllHold(library.behaviors[behavior], evidence); });
         });
}

std::span<const std::uint16_t> ConditionEvaluator::AddressMatches() const {
  return facts_.has_address_matches ? facts_.address_matches : own_address_matches_;
}

}  // namespace monitor
