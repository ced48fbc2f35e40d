// Recorded requests are decided once more from their events alone.
#include "domain/deciding/replay.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/domain/deciding/scene.h"
#include "tests/domain/deciding/vector_steps.h"

namespace monitor {
namespace {

constexpr TimeMs kStart = TimeMs{std::chrono::milliseconds{1'764'000'000'000}};

// What is offered depends on an attribute that is sealed with the visitor's key.
constexpr std::string_view kForGoldCustomers = R"({
  "accountId": "shop", "appInstallations": [{"id": "web"}], "settings": {"controlGroup": {"percentage": 0}},
  "visitorProfiles": [{"id": 7, "conditions": [{"type": "customerInfo", "ctype": ["gold"]}]}],
  "campaigns": [{"id": 1, "visitorProfiles": [7], "controlGroup": {"percentage": 0},
    "engagements": [{"id": 11, "channel": "messaging", "type": "sticky"}]}]})";

class Replay : public ::testing::Test {
 protected:
  Replay() {
    scene_.Configure(std::string(kForGoldCustomers));
    Take({{AccountId("shop"), {}, {}, {}},
          AccountConfigured{scene_.account.account->revision, std::string(kForGoldCustomers), "admin"}},
         true, scene_.account.version);
  }

  void Visit(const std::string& visitor, const std::string& body) {
    VisitRequest request = scene_.Request(VisitRequest::Kind::kEngagement, visitor);
    testing::ReadBody(json::Document::Parse(body)->root(), request);
    now_ += std::chrono::seconds(1);
    offered_ = scene_.Run(request, now_).value().details.size();
  }

  void Take(Event event, bool opened = true, std::uint64_t account_version = 0) {
    replayer_.Take({"", kStart, std::move(event), opened, account_version});
  }

  // All events of the visitor; what was sealed stays closed, as after its erasure, or not.
  void TakeAll(const std::string& visitor, bool has_key) {
    for (auto [event, time] : scene_.visitors[visitor].events) {
      auto* activity = std::get_if<ActivityReported>(&event.data);
      const bool opened = has_key || !activity || activity->engagement_attributes.empty();
      if (!opened) activity->engagement_attributes.clear();
      Take(std::move(event), opened);
    }
    replayer_.Finish();
  }

  testing::Scene scene_;
  TimeMs now_ = kStart;
  std::size_t offered_ = 0;
  std::uint64_t different_ = 0;
  Replayer replayer_{[this](const RecordedRequest& request) { different_ += VerifyRequest(request).has_value(); }};
};

constexpr const char* kGold = R"({"engagementAttributes": [{"type": "ctmrinfo", "info": {"ctype": "gold"}}]})";

TEST_F(Replay, ReproducesEveryRequest) {
  Visit("v1", kGold);
  Visit("v1", "{}");
  ASSERT_EQ(offered_, 1u);
  TakeAll("v1", true);
  EXPECT_EQ(replayer_.counts().requests, 2u);
  EXPECT_EQ(different_, 0u);
}

TEST_F(Replay, LeavesOutWhatRestsOnAnErasedVisitorsSealedAttributes) {
  Visit("v1", "{}");
  Visit("v1", kGold);
  Visit("v1", "{}");
  ASSERT_EQ(offered_, 1u);
  TakeAll("v1", false);
  EXPECT_EQ(replayer_.counts().requests, 1u);
  EXPECT_EQ(replayer_.counts().sealed, 2u);
  EXPECT_EQ(different_, 0u);
}

TEST_F(Replay, LeavesOutRequestsOfOlderRulesAndWhatRestsOnThem) {
  Visit("v1", kGold);
  Visit("v1", "{}");
  Visit("v2", "{}");
  bool first = true;
  for (auto& [event, time] : scene_.visitors["v1"].events) {
    auto* activity = std::get_if<ActivityReported>(&event.data);
    if (activity && std::exchange(first, false)) activity->rules = 1;
  }
  TakeAll("v1", true);
  TakeAll("v2", true);
  EXPECT_EQ(replayer_.counts().other_rules, 2u);
  EXPECT_EQ(replayer_.counts().requests, 1u);
  EXPECT_EQ(different_, 0u);
}

// The log begins behind the account's sixth event; a later one comes before the visit.
TEST_F(Replay, TakesAnAccountsVersionsFromItsStreamNotFromWhereTheLogBegins) {
  const AccountConfigured configured{{}, std::string(kForGoldCustomers), "admin"};
  const EventScope scope{AccountId("shop"), {}, {}, {}};
  scene_.account.version = 8;
  Visit("v1", kGold);
  ASSERT_EQ(offered_, 1u);
  std::uint64_t different = 0;
  Replayer trimmed([&](const RecordedRequest& request) { different += VerifyRequest(request).has_value(); });
  trimmed.Take({"", kStart, {scope, configured}, true, 7});
  trimmed.Take({"", kStart, {scope, configured}, true, 8});
  for (const auto& [event, time] : scene_.visitors["v1"].events) trimmed.Take({"", time, event});
  trimmed.Finish();
  EXPECT_EQ(trimmed.counts().requests, 1u);
  EXPECT_EQ(trimmed.counts().incomplete, 0u);
  EXPECT_EQ(different, 0u);
}

constexpr std::string_view kWithSkill = R"({
  "accountId": "shop", "appInstallations": [{"id": "web"}], "settings": {"controlGroup": {"percentage": 0}},
  "skills": [{"id": 3}], "campaigns": [{"id": 1, "controlGroup": {"percentage": 0},
    "engagements": [{"id": 11, "channel": "chat", "type": "sticky", "skillId": 3}]}]})";

TEST_F(Replay, LeavesOutWhatRestsOnASkillThatMayHaveBeenToldBeforeTheLogBegins) {
  const EventScope scope{AccountId("shop"), {}, {}, {}};
  scene_.Configure(std::string(kWithSkill));
  scene_.SetSkill(3, SkillState::kOffline);  // no longer in the log
  scene_.Configure(std::string(kWithSkill));
  Replayer trimmed([&](const RecordedRequest& request) { different_ += VerifyRequest(request).has_value(); });
  trimmed.Take({"", kStart, {scope, AccountConfigured{{}, std::string(kWithSkill), ""}}, true, scene_.account.version});
  Visit("v1", "{}");
  ASSERT_EQ(offered_, 0u);
  scene_.SetSkill(3, SkillState::kOnline);
  for (const auto& [event, time] : scene_.visitors["v1"].events) trimmed.Take({"", time, event});
  trimmed.Take({"", kStart, {scope, SkillAvailabilityChanged{3, SkillState::kOnline}}, true, scene_.account.version});
  Visit("v2", "{}");
  ASSERT_EQ(offered_, 1u);
  for (const auto& [event, time] : scene_.visitors["v2"].events) trimmed.Take({"", time, event});
  trimmed.Finish();
  EXPECT_EQ(trimmed.counts().incomplete, 1u);
  EXPECT_EQ(trimmed.counts().requests, 1u);
  EXPECT_EQ(different_, 0u);
}

}  // namespace
}  // namespace monitor
