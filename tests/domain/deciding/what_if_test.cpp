#include "domain/deciding/what_if.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/domain/deciding/scene.h"

namespace monitor {
namespace {

constexpr TimeMs kStart = TimeMs{std::chrono::milliseconds{1'764'000'000'000}};

// Two that compete, written with and without a space: two revisions of one meaning.
std::string Competing(std::string_view space) {
  return R"({"accountId": "shop", "appInstallations": [{"id": "web"}], "settings": {"controlGroup": {"percentage": 0}},
    "campaigns": [{"id": 1, "controlGroup": {"percentage": 0}, "engagements": [
      {"id": 11, "channel": "messaging", "type": "sticky"}, {"id": 12, "channel": "messaging", "type": "sticky"}]}]})" +
         std::string(space);
}

TEST(WhatIf, FindsNoDifferenceInADocumentThatSaysTheSame) {
  testing::Scene scene;
  scene.Configure(Competing(""));
  WhatIf what_if({ParseAccount(Competing(" ")).value(), std::nullopt, std::nullopt});
  Replayer replayer([&](const RecordedRequest& recorded) { what_if.Take(recorded); });
  replayer.Take({"",
                 kStart,
                 {{AccountId("shop"), {}, {}, {}}, AccountConfigured{{}, Competing(""), "admin"}},
                 true,
                 scene.account.version});
  for (int i = 0; i < 100; ++i) {
    const std::string visitor = "v" + std::to_string(i);
    ASSERT_TRUE(scene.Run(scene.Request(VisitRequest::Kind::kEngagement, visitor), kStart));
    for (const auto& [event, time] : scene.visitors[visitor].events) replayer.Take({"", time, event});
  }
  replayer.Finish();
  const WhatIfReport& report = what_if.report();
  EXPECT_EQ(report.sessions, 100u);
  EXPECT_EQ(report.zone_conflicts.before, 100u);
  EXPECT_EQ(report.zone_conflicts.after, 100u);
  for (std::int64_t engagement : {11, 12}) {
    const BeforeAfter& offers = report.offers_by_engagement.at(engagement);
    EXPECT_GT(offers.before, 25u);
    EXPECT_EQ(offers.after, offers.before) << engagement;
  }
}

TEST(WhatIf, TakesSessionsByTheirBeginningTheRangesEndExcluded) {
  testing::Scene scene;
  scene.Configure(Competing(""));
  WhatIf what_if({ParseAccount(Competing(" ")).value(), kStart, kStart + std::chrono::minutes(2)});
  Replayer replayer([&](const RecordedRequest& recorded) { what_if.Take(recorded); });
  replayer.Take({"",
                 kStart,
                 {{AccountId("shop"), {}, {}, {}}, AccountConfigured{{}, Competing(""), "admin"}},
                 true,
                 scene.account.version});
  for (int minute = -1; minute <= 2; ++minute) {
    const std::string visitor = "v" + std::to_string(minute);
    const TimeMs begin = kStart + std::chrono::minutes(minute);
    ASSERT_TRUE(scene.Run(scene.Request(VisitRequest::Kind::kEngagement, visitor), begin));
    ASSERT_TRUE(scene.Run(scene.Request(VisitRequest::Kind::kEngagement, visitor), begin + std::chrono::minutes(1)));
    for (const auto& [event, time] : scene.visitors[visitor].events) replayer.Take({"", time, event});
  }
  replayer.Finish();
  EXPECT_EQ(what_if.report().sessions, 2u);
  EXPECT_EQ(what_if.report().zone_conflicts.before, 4u) << "both requests of both";
}

// One offer on one page that asks three times, a minute apart.
TEST(WhatIf, KeepsSessionsAsTheyWereRecordedWhateverTheDocumentSaysOfThem) {
  const std::string recorded_document = Competing("");
  std::string changed = recorded_document;
  const std::string settings = R"("settings": {)";
  changed.insert(changed.find(settings) + settings.size(),
                 R"("session": {"idleTimeout": 10, "maxAge": 20}, "caps": {"eventsPerSession": 1}, )");
  testing::Scene scene;
  scene.Configure(recorded_document);
  for (int i = 0; i < 3; ++i) {
    VisitRequest request = scene.Request(VisitRequest::Kind::kEngagement, "v1");
    request.page = PageId("p");
    ASSERT_TRUE(scene.Run(request, kStart + std::chrono::minutes(i)));
  }
  WhatIf what_if({ParseAccount(changed).value(), std::nullopt, std::nullopt});
  Replayer replayer([&](const RecordedRequest& recorded) { what_if.Take(recorded); });
  replayer.Take({"",
                 kStart,
                 {{AccountId("shop"), {}, {}, {}}, AccountConfigured{{}, recorded_document, "admin"}},
                 true,
                 scene.account.version});
  for (const auto& [event, time] : scene.visitors["v1"].events) replayer.Take({"", time, event});
  replayer.Finish();
  EXPECT_EQ(what_if.report().sessions, 1u);
  EXPECT_EQ(what_if.report().offers.before, 1u);
  EXPECT_EQ(what_if.report().offers.after, 1u);
}

}  // namespace
}  // namespace monitor
