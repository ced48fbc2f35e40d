// An account's libraries as conditions.cpp reads them: text folded, expressions compiled, references resolved to
// indexes.
//
// Built once by ParseAccount, then immutable and shared by all threads. Texts named `folded` are lower case by
// text_match.h; every list of alternatives left empty was not given.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "domain/account/schedule.h"
#include "domain/values/address.h"
#include "domain/values/decimal.h"
#include "domain/values/names.h"
#include "domain/values/text_match.h"
#include "domain/values/time_zone.h"
#include "domain/values/vocabulary.h"

namespace monitor {

using FoldedTexts = std::vector<std::string>;

// Numeric ranges, both ends included, each optional.
template <class Number>
struct Range {
  std::optional<Number> from;
  std::optional<Number> to;

  bool Holds(const Number& value) const { return (!from || *from <= value) && (!to || value <= *to); }
};

// ---- where -------------------------------------------------------------------------------------------------------

enum class EntryPointScheme : std::uint8_t { kUrl, kSection, kTel, kLang };
constexpr std::size_t kEntryPointSchemes = 4;

// A text that is compared with many matchers.
struct ComparedText {
  std::string_view raw;
  std::string_view folded;
  BytePairs pairs;  // of folded
};

struct TextMatcher {
  enum class How : std::uint8_t { kContains, kExact, kRegex };

  static TextMatcher Contains(std::string_view text);
  static TextMatcher ContainsUrlPart(std::string_view part);  // as people read URLs (domain/values/url.h)
  static TextMatcher Exact(std::string_view text);
  static TextMatcher Matching(Regex regex);

  bool Matches(const ComparedText& text) const;

  How how;
  std::string folded;                                  // of kContains and kExact
  BytePairs pairs;                                     // of folded
  std::optional<Regex> regex;                          // of kRegex
  std::unique_ptr<const TextMatcher> other = nullptr;  // which may match instead
};

// One matcher of one location's `include` or `exclude`.
struct LocationMatcher {
  std::uint32_t location;
  bool excludes;
  TextMatcher matcher;
};

struct Locations {
  std::uint32_t count = 0;
  std::array<std::vector<LocationMatcher>, kEntryPointSchemes> by_scheme;
  std::vector<std::uint32_t> everywhere;  // those without an include
};

// ---- the client's address: judged once a request, as the address is not kept ---------------------------------------

struct IpRange {
  std::vector<Cidr> in;

  bool operator==(const IpRange&) const = default;
};

struct Geo {
  FoldedTexts country, region, city;  // each given list must have the value

  bool operator==(const Geo&) const = default;
};

using AddressCondition = std::variant<IpRange, Geo>;

// ---- who -----------------------------------------------------------------------------------------------------------

struct Referral {
  std::uint32_t number;  // in Library::referrals
};
struct SearchKeywords {
  FoldedTexts folded;
};
struct AddressMatch {
  std::uint16_t number;  // in Library::address_conditions
};
struct Platform {
  std::vector<DeviceFamily> in;
};
struct MarketingSource {
  std::vector<std::int64_t> channel;
  FoldedTexts affiliate, campaign;
};
struct VisitorIs {
  bool returning;
};
struct CustomerInfo {
  FoldedTexts ctype, cstatus;
};
struct Age {
  Range<std::int64_t> years;
};
struct Balance {
  Range<Decimal> amount;
};
struct CompanySize {
  Range<std::int64_t> people;
};
struct DaysSince {
  enum class What : std::uint8_t { kRegistration, kLastPayment };
  What what;
  Range<std::int64_t> days;
};
struct CustomerField {
  enum class Which : std::uint8_t { kCustomerId, kGender, kStoreZipCode, kStoreNumber, kRole };
  Which which;
  FoldedTexts in;
};

using ProfileRule = std::variant<Referral, SearchKeywords, AddressMatch, Platform, MarketingSource, VisitorIs,
                                 CustomerInfo, Age, Balance, CompanySize, DaysSince, CustomerField>;

// ---- what happened -------------------------------------------------------------------------------------------------

struct VisitedLocation {
  std::uint32_t location;
};
struct TimeOnLocation {
  std::uint32_t location;
  std::chrono::milliseconds at_least;
};
struct Flow {
  enum class Mode : std::uint8_t { kAbandoned, kBackflow };
  struct Step {
    std::uint32_t location;
    bool required;
  };
  Mode mode;
  std::vector<Step> steps;
};
struct CartValue {
  enum class Change : std::uint8_t { kNone, kDecreased, kEmptied };
  Range<Decimal> total;
  Change change = Change::kNone;
};
struct Products {
  enum class Which : std::uint8_t { kInCart, kViewed };
  Which which;
  FoldedTexts name, sku, category;
  std::optional<Range<Decimal>> price;
};
struct VisitorError {
  std::uint32_t number;                // among the library's
  std::optional<std::string> message;  // folded; contained in the error's
  std::optional<std::string> code;     // folded; equal to the error's
  std::int64_t ordinal = 1;
};
struct EngagedInSession {
  enum class State : std::uint8_t { kExposed, kDeclined, kClicked, kInteracted };
  State state;
  std::vector<std::int64_t> engagements;  // empty: any
};
struct ServiceActivity {
  std::string folded_topic;
  std::vector<std::int64_t> statuses;
};
struct AbandonScore {
  Range<Decimal> score;
};

using BehaviorRule = std::variant<VisitedLocation, TimeOnLocation, Flow, CartValue, Products, VisitorError,
                                  EngagedInSession, ServiceActivity, AbandonScore>;

// ---- the whole -----------------------------------------------------------------------------------------------------

template <class Rule>
struct Condition {
  bool exclude = false;  // it must not hold
  Rule rule;
};

// All conditions must hold.
using Profile = std::vector<Condition<ProfileRule>>;
using Behavior = std::vector<Condition<BehaviorRule>>;

struct Library {
  // Of all that a client's texts are compared with: locations, profiles and behaviours, as documents say them. Of the
  // same text revision, locations, referrals and errors have the same numbers and meanings.
  Revision text_revision;
  TimeZone zone;  // the account's
  Locations locations;
  std::vector<TextMatcher> referrals;
  std::vector<AddressCondition> address_conditions;
  std::vector<Profile> profiles;
  std::vector<Behavior> behaviors;
  std::vector<Hours> hours = {Hours{}};            // [0]: always open
  std::optional<std::vector<Regex>> bot_patterns;  // absent: the shipped list
};

}  // namespace monitor
