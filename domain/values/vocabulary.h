// The closed sets of words that documents, requests and events share, with their spellings on the wire.
// ToText gives the wire's spelling; Parse… takes exactly that spelling (case-sensitive) or returns nullopt. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace monitor {

enum class Zone : std::uint8_t { kProactive, kLeft, kRight, kApp, kEmbedded };  // in the order of campaigns.md 4
enum class Channel : std::uint8_t { kMessaging, kChat, kContent };
enum class EngagementType : std::uint8_t { kEmbedded, kSticky, kSlideout, kOverlay, kToaster, kPeel, kApp };
enum class Priority : std::uint8_t { kHigh, kMedium, kLow };  // in the order of the draw
enum class DeviceFamily : std::uint8_t { kDesktop, kTablet, kMobile };
enum class SkillState : std::uint8_t { kOnline, kBusy, kOffline };
enum class AvailabilityPolicy : std::uint8_t { kOnline, kOnlineOrBusy, kAlways };
enum class GoalType : std::uint8_t { kPurchase, kLead, kService };
enum class Attribution : std::uint8_t { kLast, kFirst };
// Events' word for an impression: display, accept, expanded, timeout, close (requests say impDisplay, impAccept, …).
enum class ImpressionKind : std::uint8_t { kDisplay, kAccept, kExpanded, kTimeout, kClose };
enum class AttributeType : std::uint8_t {
  kCart,
  kPurchase,
  kProdView,
  kCtmrinfo,
  kMrktInfo,
  kPersonal,
  kLead,
  kService,
  kError,
  kSearchInfo
};

std::string_view ToText(Zone);
std::string_view ToText(Channel);
std::string_view ToText(EngagementType);
std::string_view ToText(Priority);
std::string_view ToText(DeviceFamily);
std::string_view ToText(SkillState);
std::string_view ToText(AvailabilityPolicy);
std::string_view ToText(GoalType);
std::string_view ToText(Attribution);
std::string_view ToText(ImpressionKind);
std::string_view ToText(AttributeType);

std::optional<Zone> ParseZone(std::string_view);
std::optional<Channel> ParseChannel(std::string_view);
std::optional<EngagementType> ParseEngagementType(std::string_view);
std::optional<Priority> ParsePriority(std::string_view);
std::optional<DeviceFamily> ParseDeviceFamily(std::string_view);
std::optional<SkillState> ParseSkillState(std::string_view);
std::optional<AvailabilityPolicy> ParseAvailabilityPolicy(std::string_view);
std::optional<GoalType> ParseGoalType(std::string_view);
std::optional<Attribution> ParseAttribution(std::string_view);
std::optional<ImpressionKind> ParseImpressionKind(std::string_view);
std::optional<AttributeType> ParseAttributeType(std::string_view);

// "As sent, else from the user agent" (events.md section 2): tablets are told from phones; unknown agents are DESKTOP,
// an empty one is unknown.
std::optional<DeviceFamily> DeviceFamilyOf(std::string_view user_agent);

}  // namespace monitor
