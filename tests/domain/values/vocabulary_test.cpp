#include "domain/values/vocabulary.h"

#include <gtest/gtest.h>

#include "domain/events/event.h"

namespace monitor {
namespace {

TEST(Vocabulary, EveryWordReadsBackAsItself) {
  for (auto text : {"proactive", "left", "right", "app", "embedded"}) EXPECT_EQ(ToText(*ParseZone(text)), text);
  for (auto text : {"messaging", "chat", "content"}) EXPECT_EQ(ToText(*ParseChannel(text)), text);
  for (auto text : {"embedded", "sticky", "slideout", "overlay", "toaster", "peel", "app"}) {
    EXPECT_EQ(ToText(*ParseEngagementType(text)), text);
  }
  for (auto text : {"high", "medium", "low"}) EXPECT_EQ(ToText(*ParsePriority(text)), text);
  for (auto text : {"DESKTOP", "TABLET", "MOBILE"}) EXPECT_EQ(ToText(*ParseDeviceFamily(text)), text);
  for (auto text : {"online", "busy", "offline"}) EXPECT_EQ(ToText(*ParseSkillState(text)), text);
  for (auto text : {"online", "onlineOrBusy", "always"}) EXPECT_EQ(ToText(*ParseAvailabilityPolicy(text)), text);
  for (auto text : {"purchase", "lead", "service"}) EXPECT_EQ(ToText(*ParseGoalType(text)), text);
  for (auto text : {"last", "first"}) EXPECT_EQ(ToText(*ParseAttribution(text)), text);
  for (auto text : {"display", "accept", "expanded", "timeout", "close"}) {
    EXPECT_EQ(ToText(*ParseImpressionKind(text)), text);
  }
  for (auto text :
       {"cart", "purchase", "prodView", "ctmrinfo", "mrktInfo", "personal", "lead", "service", "error", "searchInfo"}) {
    EXPECT_EQ(ToText(*ParseAttributeType(text)), text);
  }
}

TEST(Vocabulary, SpellingIsExact) {
  EXPECT_EQ(ParseZone("Left"), std::nullopt);
  EXPECT_EQ(ParseDeviceFamily("desktop"), std::nullopt);
  EXPECT_EQ(ParseAttributeType("searchinfo"), std::nullopt);
  EXPECT_EQ(ParseChannel(""), std::nullopt);
}

TEST(DeviceFamily, TellsTabletsFromPhonesAndDesktops) {
  struct Case {
    const char* user_agent;
    DeviceFamily family;
  };
  const Case cases[] = {
      {"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 "
       "Mobile/15E148 Safari/604.1",
       DeviceFamily::kTablet},
      {"Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
       DeviceFamily::kTablet},
      {"Mozilla/5.0 (Android 13; Tablet; rv:121.0) Gecko/121.0 Firefox/121.0", DeviceFamily::kTablet},
      {"Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/108.4.6 like "
       "Chrome/108.0.5359.220 Safari/537.36",
       DeviceFamily::kTablet},
      {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile "
       "Safari/537.36",
       DeviceFamily::kMobile},
      {"Mozilla/5.0 (Android 13; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0", DeviceFamily::kMobile},
      {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
       "Mobile/15E148 Safari/604.1",
       DeviceFamily::kMobile},
      {"Opera/9.80 (J2ME/MIDP; Opera Mini/9.80; U; en) Presto/2.5.25", DeviceFamily::kMobile},
      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
       "Safari/537.36",
       DeviceFamily::kDesktop},
      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
       "Safari/537.36 "
       "Edg/120.0.2210.91",
       DeviceFamily::kDesktop},
      {"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)", DeviceFamily::kDesktop},
      {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
       "Safari/605.1.15",
       DeviceFamily::kDesktop},
      {"Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", DeviceFamily::kDesktop},
      {"curl/8.5.0", DeviceFamily::kDesktop},
  };
  for (const Case& c : cases) EXPECT_EQ(DeviceFamilyOf(c.user_agent), c.family) << c.user_agent;
}

TEST(DeviceFamily, OfAnEmptyAgentIsUnknown) { EXPECT_EQ(DeviceFamilyOf(""), std::nullopt); }

TEST(EventType, HasItsWireName) {
  EXPECT_EQ(TypeName(SessionCreated{}), "session-created");
  EXPECT_EQ(TypeName(ActivityReported{}), "activity-reported");
  EXPECT_EQ(TypeName(ImpressionReported{}), "impression-reported");
  EXPECT_EQ(TypeName(ControlGroupAssigned{}), "control-group-assigned");
  EXPECT_EQ(TypeName(EligibilityEstablished{}), "eligibility-established");
  EXPECT_EQ(TypeName(EngagementShown{}), "engagement-shown");
  EXPECT_EQ(TypeName(ConversationStarted{}), "conversation-started");
  EXPECT_EQ(TypeName(ConversationEnded{}), "conversation-ended");
  EXPECT_EQ(TypeName(SessionClosed{}), "session-closed");
  EXPECT_EQ(TypeName(AccountConfigured{}), "account-configured");
  EXPECT_EQ(TypeName(SkillAvailabilityChanged{}), "skill-availability-changed");
  EXPECT_EQ(TypeName(AbandonScoreSet{}), "abandon-score-set");
  EXPECT_EQ(TypeName(VisitorErased{}), "visitor-erased");
  EXPECT_EQ(TypeName(AccountRemoved{}), "account-removed");
  EXPECT_EQ(TypeName(AdminActionRecorded{}), "admin-action-recorded");
}

TEST(EventScope, NamesItsStream) {
  EventScope scope{.account = AccountId("demo")};
  EXPECT_EQ(scope.stream().str(), "account/demo");
  scope.visitor = VisitorId("v1");
  EXPECT_EQ(scope.stream().str(), "visitor/demo/v1");
  scope.session = SessionId("s1");
  EXPECT_EQ(scope.stream().str(), "session/demo/v1/s1");
}

}  // namespace
}  // namespace monitor
