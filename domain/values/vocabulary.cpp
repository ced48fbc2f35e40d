#include "domain/values/vocabulary.h"

#include <cstddef>
#include <iterator>

#include "domain/values/enumerators.h"

namespace monitor {
namespace {

// Spellings in the order of the enumerators.
template <class Word>
struct Spellings;

template <>
struct Spellings<Zone> {
  static constexpr std::string_view kTexts[] = {"proactive", "left", "right", "app", "embedded"};
};
template <>
struct Spellings<Channel> {
  static constexpr std::string_view kTexts[] = {"messaging", "chat", "content"};
};
template <>
struct Spellings<EngagementType> {
  static constexpr std::string_view kTexts[] = {"embedded", "sticky", "slideout", "overlay", "toaster", "peel", "app"};
};
template <>
struct Spellings<Priority> {
  static constexpr std::string_view kTexts[] = {"high", "medium", "low"};
};
template <>
struct Spellings<DeviceFamily> {
  static constexpr std::string_view kTexts[] = {"DESKTOP", "TABLET", "MOBILE"};
};
template <>
struct Spellings<SkillState> {
  static constexpr std::string_view kTexts[] = {"online", "busy", "offline"};
};
template <>
struct Spellings<AvailabilityPolicy> {
  static constexpr std::string_view kTexts[] = {"online", "onlineOrBusy", "always"};
};
template <>
struct Spellings<GoalType> {
  static constexpr std::string_view kTexts[] = {"purchase", "lead", "service"};
};
template <>
struct Spellings<Attribution> {
  static constexpr std::string_view kTexts[] = {"last", "first"};
};
template <>
struct Spellings<ImpressionKind> {
  static constexpr std::string_view kTexts[] = {"display", "accept", "expanded", "timeout", "close"};
};
template <>
struct Spellings<AttributeType> {
  static constexpr std::string_view kTexts[] = {"cart",     "purchase", "prodView", "ctmrinfo", "mrktInfo",
                                                "personal", "lead",     "service",  "error",    "searchInfo"};
};

template <class Word>
std::string_view TextOf(Word word) {
  static_assert(std::size(Spellings<Word>::kTexts) == kEnumerators<Word>);
  return Spellings<Word>::kTexts[static_cast<std::size_t>(word)];
}

template <class Word>
std::optional<Word> Parse(std::string_view text) {
  for (std::size_t i = 0; i < std::size(Spellings<Word>::kTexts); ++i) {
    if (Spellings<Word>::kTexts[i] == text) return static_cast<Word>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view ToText(Zone word) { return TextOf(word); }
std::string_view ToText(Channel word) { return TextOf(word); }
std::string_view ToText(EngagementType word) { return TextOf(word); }
std::string_view ToText(Priority word) { return TextOf(word); }
std::string_view ToText(DeviceFamily word) { return TextOf(word); }
std::string_view ToText(SkillState word) { return TextOf(word); }
std::string_view ToText(AvailabilityPolicy word) { return TextOf(word); }
std::string_view ToText(GoalType word) { return TextOf(word); }
std::string_view ToText(Attribution word) { return TextOf(word); }
std::string_view ToText(ImpressionKind word) { return TextOf(word); }
std::string_view ToText(AttributeType word) { return TextOf(word); }

std::optional<Zone> ParseZone(std::string_view text) { return Parse<Zone>(text); }
std::optional<Channel> ParseChannel(std::string_view text) { return Parse<Channel>(text); }
std::optional<EngagementType> ParseEngagementType(std::string_view text) { return Parse<EngagementType>(text); }
std::optional<Priority> ParsePriority(std::string_view text) { return Parse<Priority>(text); }
std::optional<DeviceFamily> ParseDeviceFamily(std::string_view text) { return Parse<DeviceFamily>(text); }
std::optional<SkillState> ParseSkillState(std::string_view text) { return Parse<SkillState>(text); }
std::optional<AvailabilityPolicy> ParseAvailabilityPolicy(std::string_view text) {
  return Parse<AvailabilityPolicy>(text);
}
std::optional<GoalType> ParseGoalType(std::string_view text) { return Parse<GoalType>(text); }
std::optional<Attribution> ParseAttribution(std::string_view text) { return Parse<Attribution>(text); }
std::optional<ImpressionKind> ParseImpressionKind(std::string_view text) { return Parse<ImpressionKind>(text); }
std::optional<AttributeType> ParseAttributeType(std::string_view text) { return Parse<AttributeType>(text); }

}  // namespace monitor
