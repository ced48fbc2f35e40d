#include "consumers/view/account_outline.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

const std::string kDocument =
    R"({"accountId":"demo","name":"Demo","timeZone":"Europe/Berlin","settings":{"alerts":[{"id":"a","webhook":"https://h/"}]},)"
    R"("campaigns":[{"id":41,"name":"All","priority":"high","engagements":[{"id":4101,"zone":"left"}]}]})";
const std::string kShown = R"({"configuredAt":5,"id":"demo","name":"Demo","timeZone":"Europe/Berlin",)"
                           R"("campaigns":[{"id":41,"name":"All","engagements":[{"id":4101}]}]})";

Event Configured(const std::string& document) {
  return {{.account = AccountId("demo")}, AccountConfigured{.document = document}};
}

TEST(AccountOutline, KeepsNamesAndAlertsAndShowsTheNames) {
  const auto outline = OutlineAfter(std::nullopt, Configured(kDocument), FromUnixMs(5));
  ASSERT_TRUE(outline);
  const auto facts = ReadOutline(*outline);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->time, FromUnixMs(5));
  EXPECT_EQ(facts->time_zone, "Europe/Berlin");
  EXPECT_EQ(facts->alerts, R"([{"id":"a","webhook":"https://h/"}])");
  EXPECT_EQ(facts->shown, kShown);
}

TEST(AccountOutline, OfBeforeThereWereAlertsIsReadAsItIs) {
  const auto facts = ReadOutline(kShown);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->alerts, "");
  EXPECT_EQ(facts->shown, kShown);
  EXPECT_FALSE(ReadOutline(""));
  EXPECT_FALSE(ReadOutline("{}"));
}

TEST(AccountOutline, IsThatOfTheNewestDocument) {
  const auto outline = OutlineAfter(std::nullopt, Configured(kDocument), FromUnixMs(5));
  EXPECT_FALSE(OutlineAfter(outline, Configured("{}"), FromUnixMs(4)));
  EXPECT_EQ(OutlineAfter(outline, Configured("{}"), FromUnixMs(5)), R"({"configuredAt":5,"id":"demo","campaigns":[]})");
  EXPECT_EQ(OutlineAfter("", Configured("?"), FromUnixMs(6)), R"({"configuredAt":6,"id":"demo"})");
}

TEST(AccountOutline, OfARemovedAccountHasNoAlerts) {
  const Event removed{{.account = AccountId("demo")}, AccountRemoved{}};
  const auto outline = OutlineAfter(std::nullopt, Configured(kDocument), FromUnixMs(5));
  EXPECT_EQ(OutlineAfter(outline, removed, FromUnixMs(6)), kShown);
  EXPECT_FALSE(OutlineAfter("", removed, FromUnixMs(6)));
  EXPECT_FALSE(OutlineAfter(outline, {{.account = AccountId("demo")}, SkillAvailabilityChanged{}}, FromUnixMs(6)));
}

}  // namespace
}  // namespace monitor
