// Who the visitor is: the rules of visitor profiles.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "domain/deciding/location_memo.h"
#include "domain/deciding/rules.h"

namespace monitor {
namespace {

using std::chrono::local_days;
using std::chrono::year_month_day;

bool IsOneOf(const std::optional<std::string>& value, const FoldedTexts& wanted) {
  return value && std::ranges::any_of(wanted, [&](const std::string& one) { return EqualsFolded(*value, one); });
}

// A list that was not given asks for nothing.
bool FitsIfGiven(const std::optional<std::string>& value, const FoldedTexts& wanted) {
  return wanted.empty() || IsOneOf(value, wanted);
}

// nullopt: incomplete, or no such day.
std::optional<year_month_day> DayOf(const CalendarDate& date) {
  if (!date.year || !date.month || !date.day) return std::nullopt;
  bool in_range = *date.year >= 1 && *date.year <= 9'999 && *date.month >= 1 && *date.month <= 12 && *date.day >= 1 &&
                  *date.day <= 31;
  if (!in_range) return std::nullopt;
  year_month_day day{std::chrono::year(static_cast<int>(*date.year)),
                     std::chrono::month(static_cast<unsigned>(*date.month)),
                     std::chrono::day(static_cast<unsigned>(*date.day))};
  return day.ok() ? std::optional(day) : std::nullopt;
}

// Whole years; who is born on 29 February grows older on 1 March in other years.
std::optional<std::int64_t> AgeOn(local_days today, const AttributeState& attributes) {
  if (attributes.age) return attributes.age;
  std::optional<year_month_day> birth = DayOf(attributes.birth);
  if (!birth || local_days(*birth) > today) return std::nullopt;
  year_month_day day(today);
  bool had_birthday = std::pair(day.month(), day.day()) >= std::pair(birth->month(), birth->day());
  return static_cast<int>(day.year()) - static_cast<int>(birth->year()) - (had_birthday ? 0 : 1);
}

struct ProfileMatcher {
  const Evidence& evidence;
  const SessionState& session = evidence.session;
  const AttributeState& attributes = evidence.session.attributes;

  // By the account's calendar.
  local_days Today() const {
    return std::chrono::floor<std::chrono::days>(evidence.library.zone.ToLocal(evidence.now));
  }

  bool operator()(const Referral& rule) const { return ReferralMatches(session, rule.number); }
  bool operator()(const SearchKeywords& rule) const {
    std::string folded;
    return std::ranges::any_of(attributes.keywords, [&](const std::string& keyword) {
      folded.clear();
      FoldCase(keyword, folded);
      return std::ranges::any_of(rule.folded, [&](const std::string& one) { return folded.contains(one); });
    });
  }
  bool operator()(const AddressMatch& rule) const {
    return std::ranges::find(evidence.address_matches, rule.number) != evidence.address_matches.end();
  }
  bool operator()(const Platform& rule) const {
    return session.device_family && std::ranges::find(rule.in, *session.device_family) != rule.in.end();
  }
  bool operator()(const MarketingSource& rule) const {
    const auto& channel = attributes.marketing_channel;
    bool channel_fits =
        rule.channel.empty() || (channel && std::ranges::find(rule.channel, *channel) != rule.channel.end());
    return channel_fits && FitsIfGiven(attributes.marketing_affiliate, rule.affiliate) &&
           FitsIfGiven(attributes.marketing_campaign, rule.campaign);
  }
  bool operator()(const VisitorIs& rule) const { return session.returning == rule.returning; }
  bool operator()(const CustomerInfo& rule) const {
    return FitsIfGiven(attributes.ctype, rule.ctype) && FitsIfGiven(attributes.cstatus, rule.cstatus);
  }
  bool operator()(const Age& rule) const {
    std::optional<std::int64_t> age = AgeOn(Today(), attributes);
    return age && rule.years.Holds(*age);
  }
  bool operator()(const Balance& rule) const { return attributes.balance && rule.amount.Holds(*attributes.balance); }
  bool operator()(const CompanySize& rule) const {
    return attributes.company_size && rule.people.Holds(*attributes.company_size);
  }
  bool operator()(const DaysSince& rule) const {
    bool registration = rule.what == DaysSince::What::kRegistration;
    std::optional<year_month_day> day = DayOf(registration ? attributes.registration : attributes.last_payment);
    return day && rule.days.Holds((Today() - local_days(*day)).count());
  }
  bool operator()(const CustomerField& rule) const { return IsOneOf(Field(rule.which), rule.in); }

  const std::optional<std::string>& Field(CustomerField::Which which) const {
    switch (which) {
      case CustomerField::Which::kCustomerId:
        return attributes.customer_id;
      case CustomerField::Which::kGender:
        return attributes.gender;
      case CustomerField::Which::kStoreZipCode:
        return attributes.store_zip_code;
      case CustomerField::Which::kStoreNumber:
        return attributes.store_number;
      case CustomerField::Which::kRole:
        break;
    }
    return attributes.role;
  }
};

}  // namespace

bool Holds(const ProfileRule& rule, const Evidence& evidence) { return std::visit(ProfileMatcher{evidence}, rule); }

}  // namespace monitor
