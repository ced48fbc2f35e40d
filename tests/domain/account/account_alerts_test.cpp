#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "domain/account/account.h"
#include "domain/account/alert.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> ErrorPathsOf(const std::string& alerts) {
  const auto account = ParseAccount(R"({"accountId": "demo", "settings": {"alerts": )" + alerts + R"(}, "campaigns": [
      {"id": 41, "engagements": [{"id": 411, "channel": "chat", "type": "sticky"}]},
      {"id": 42, "engagements": [{"id": 421, "channel": "chat", "type": "sticky"}]}]})");
  std::vector<std::string> paths;
  if (!account) {
    for (const DocumentError& error : account.error()) paths.push_back(error.path);
  }
  return paths;
}

std::vector<Alert> Read(const std::string& list) { return AlertsOf(json::Document::Parse(list)->root()); }

// A whole alert with its members changed or added to; `null` takes one away.
std::string With(const std::string& members, const std::string& rest = R"("when": "neverEligible")") {
  return R"([{"id": "a", "campaignId": 41, "minutes": 60, )" + rest + (members.empty() ? "" : ", ") + members + "}]";
}

TEST(AccountAlerts, AreReadWithTheirDefaults) {
  const std::string list = R"([
      {"id": "low", "when": "acceptRateBelow", "campaignId": 41, "engagementId": 411, "below": 0.05,
       "minExposures": 200, "minutes": 60, "webhook": "https://hooks.example/a"},
      {"id": 7, "when": "neverEligible", "campaignId": 41, "minutes": 10080},
      {"id": "goal", "when": "goalStopped", "campaignId": 42, "minutes": 1, "webhook": "http://127.0.0.1:9/"}])";
  EXPECT_THAT(ErrorPathsOf(list), IsEmpty());
  const auto alerts = Read(list);
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_EQ(alerts[0].id, "low");
  EXPECT_EQ(alerts[0].when, AlertWhen::kAcceptRateBelow);
  EXPECT_EQ(alerts[0].campaign_id, 41);
  EXPECT_EQ(alerts[0].engagement_id, 411);
  EXPECT_EQ(alerts[0].below, 0.05);
  EXPECT_EQ(alerts[0].min_exposures, 200);
  EXPECT_EQ(alerts[0].webhook, "https://hooks.example/a");
  EXPECT_EQ(alerts[1].id, "7");
  EXPECT_TRUE(alerts[1].id_is_number);
  EXPECT_EQ(alerts[1].engagement_id, std::nullopt);
  EXPECT_EQ(alerts[1].min_exposures, 1);
  EXPECT_EQ(alerts[1].minutes, 10'080);
  EXPECT_EQ(alerts[2].when, AlertWhen::kGoalStopped);
}

TEST(AccountAlerts, AreRefusedAtThePlace) {
  const std::string never = R"("when": "neverEligible")";
  const std::string low = R"("when": "acceptRateBelow")";
  const std::string at = "settings.alerts[0].";
  for (const auto& [alerts, path] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "settings.alerts"},
           {"[7]", "settings.alerts[0]"},
           {R"([{"when": "neverEligible", "campaignId": 41, "minutes": 1}])", at + "id"},
           {R"([{"id": "", "when": "neverEligible", "campaignId": 41, "minutes": 1}])", at + "id"},
           {R"([{"id": true, "when": "neverEligible", "campaignId": 41, "minutes": 1}])", at + "id"},
           {R"([{"id": -1, "when": "neverEligible", "campaignId": 41, "minutes": 1}])", at + "id"},
           {R"([{"id": "a", "campaignId": 41, "minutes": 1}])", at + "when"},
           {R"([{"id": "a", "when": "neverEligible", "minutes": 1}])", at + "campaignId"},
           {R"([{"id": "a", "when": "neverEligible", "campaignId": 9, "minutes": 1}])", at + "campaignId"},
           {R"([{"id": "a", "when": "neverEligible", "campaignId": "41", "minutes": 1}])", at + "campaignId"},
           {R"([{"id": "a", "when": "neverEligible", "campaignId": 41}])", at + "minutes"},
           {R"([{"id": "a", "when": "neverEligible", "campaignId": 41, "minutes": 0}])", at + "minutes"},
           {R"([{"id": "a", "when": "neverEligible", "campaignId": 41, "minutes": 10081}])", at + "minutes"},
           {R"([{"id": "a", "when": "neverEligible", "campaignId": 41, "minutes": 1.5}])", at + "minutes"},
           {With("", R"("when": "rain")"), at + "when"},
           {With(R"("engagementId": 421)"), at + "engagementId"},  // of another campaign
           {With(R"("engagementId": 9)"), at + "engagementId"},
           {With("", low), at + "below"},
           {With(R"("below": null)", low), at + "below"},
           {With(R"("below": 0)", low), at + "below"},
           {With(R"("below": 1.01)", low), at + "below"},
           {With(R"("below": "low")"), at + "below"},
           {With(R"("minExposures": 0)"), at + "minExposures"},
           {With(R"("webhook": "http://hooks.example/")"), at + "webhook"},
           {With(R"("webhook": "hooks.example")"), at + "webhook"},
           {With(R"("webhook": 7)"), at + "webhook"},
           {With(R"("webhook": "https://hooks.example/)" + std::string(2'000, 'a') + R"(")"), at + "webhook"},
       }) {
    EXPECT_THAT(ErrorPathsOf(alerts), ElementsAre(path)) << alerts;
  }
}

TEST(AccountAlerts, HaveAnIdEach) {
  EXPECT_THAT(ErrorPathsOf(R"([{"id": "1", "when": "neverEligible", "campaignId": 41, "minutes": 1},
                               {"id": 1, "when": "goalStopped", "campaignId": 42, "minutes": 1}])"),
              ElementsAre("settings.alerts[1].id"));
}

std::string Many(std::size_t count) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) {
    list += (i == 0 ? "" : ",") + std::string(R"({"when": "neverEligible", "campaignId": 41, "minutes": 1, "id": )") +
            std::to_string(i) + "}";
  }
  return list + "]";
}

TEST(AccountAlerts, AreBoundedInNumber) {
  EXPECT_THAT(ErrorPathsOf(Many(kMaxAlerts)), IsEmpty());
  EXPECT_THAT(ErrorPathsOf(Many(kMaxAlerts + 1)), ElementsAre("settings.alerts"));
  EXPECT_EQ(Read(Many(kMaxAlerts + 1)).size(), kMaxAlerts);
}

// A document of before they were checked.
TEST(AccountAlerts, ThatAreNotWholeAreLeftOut) {
  const auto alerts = Read(R"([7, {"id": "a"}, {"id": "b", "when": "goalStopped", "campaignId": 1, "minutes": 5},
                               {"id": "b", "when": "goalStopped", "campaignId": 2, "minutes": 5}])");
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].campaign_id, 1);
  EXPECT_THAT(Read("{}"), IsEmpty());
}

}  // namespace
}  // namespace monitor
