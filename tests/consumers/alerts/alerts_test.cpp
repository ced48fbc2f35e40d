#include "consumers/alerts/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consumers/alerts/alert_watch.h"
#include "consumers/query/alerts_format.h"
#include "domain/values/json.h"
#include "tests/consumers/still_generations.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kOrigin = "7f3a9c01.1";
const Entry kEntry{.campaign_id = 41, .engagement_id = 4101, .engagement_revision = 7, .language = "en-US"};
const Entry kOther{.campaign_id = 41, .engagement_id = 4102, .engagement_revision = 7, .language = "en-US"};
constexpr std::int64_t kMinute = 60'000;
// What is asked for is minutes of a day in the midst of it.
constexpr std::int64_t kStart = 20'000 * 86'400'000LL + 12 * 3'600'000;

const std::string kLow =
    R"({"id": "low", "when": "acceptRateBelow", "campaignId": 41, "below": 0.5, "minExposures": 2, "minutes": 10)";
const std::string kGoal = R"({"id": "goal", "when": "goalStopped", "campaignId": 41, "minutes": 10)";
const std::string kNever =
    R"({"id": 7, "when": "neverEligible", "campaignId": 41, "engagementId": 4102, "minutes": 10)";

class AlertsTest : public testing::Test {
 protected:
  AlertsTest() { source_.Tell({.connected = true, .caught_up = true, .at_end = true}); }

  void Take(const EventScope& scope, std::int64_t ms, EventData data) {
    const std::uint64_t seq = ++seq_;
    const SourceEvent event{.origin = kOrigin,
                            .seq = seq,
                            .prevseq = seq - 1,
                            .bucket = BucketOf("demo/v"),
                            .time = FromUnixMs(kStart + ms),
                            .content = Event{scope, std::move(data)}};
    ASSERT_TRUE(source_.store->Fold(event));
    ASSERT_TRUE(source_.store->Commit());
  }
  void Configure(const std::string& alerts) {
    Take({.account = AccountId("demo")}, static_cast<std::int64_t>(seq_),
         AccountConfigured{.document = R"({"accountId": "demo", "settings": {"alerts": [)" + alerts + "]}}"});
  }
  void OfSession(const std::string& session, std::int64_t ms, EventData data) {
    Take({AccountId("demo"), VisitorId("v" + session), SessionId(session), AppInstallationId("web")}, ms,
         std::move(data));
  }
  void Begin(const std::string& session, std::int64_t ms, bool bot = false) {
    OfSession(session, ms, SessionCreated{.bot = bot, .time_zone = "UTC", .currency = "EUR"});
  }
  void Impress(const std::string& session, std::int64_t ms, ImpressionKind kind, const Entry& entry = kEntry) {
    OfSession(session, ms, ImpressionReported{.kind = kind, .context_id = 1, .entry = entry});
  }
  void Show(const std::string& session, std::int64_t ms, const Entry& entry = kEntry) {
    OfSession(session, ms, EngagementShown{.context_id = 1, .entry = entry});
    Impress(session, ms, ImpressionKind::kDisplay, entry);
  }
  void Convert(const std::string& session, std::int64_t ms) {
    ActivityReported activity;
    activity.goals.push_back({41, 1, GoalType::kPurchase, 0, std::nullopt, Decimal::Parse("5"), ""});
    OfSession(session, ms, activity);
  }
  void Look(std::int64_t ms) {
    alerts_.Look(instances_, FromUnixMs(kStart + ms), [] { return false; });
  }
  bool Fires(const std::string& id) const {
    const auto state = book_.Find({"demo", id});
    return state && state->firing;
  }
  std::string Json() const { return AlertsJson(*source_.generations->View()->Account("demo").value(), alerts_); }

  TemporaryFolder folder_;
  std::uint64_t seq_ = 0;
  StillGenerations source_{folder_.path()};
  Instances instances_{*source_.generations, {}};
  metrics::Registry registry_;
  AlertBook book_{folder_.path() + "/alerts"};
  Alerts alerts_{book_, registry_, true};
};

TEST_F(AlertsTest, ALowAcceptRateFiresOverJustTheLastMinutes) {
  Configure(kLow + R"(, "webhook": "https://hooks.example/"})");
  Begin("a", 0), Show("a", 0);
  Begin("b", 0), Show("b", 0);
  Impress("a", 1'000, ImpressionKind::kAccept);
  Look(kMinute);
  EXPECT_FALSE(Fires("low"));  // one of two: not below a half
  EXPECT_EQ(book_.Find({"demo", "low"})->value, 0.5);

  Begin("c", 2 * kMinute), Show("c", 2 * kMinute);
  Look(10 * kMinute);  // from 0 on, that included
  EXPECT_TRUE(Fires("low"));
  EXPECT_EQ(book_.Find({"demo", "low"})->since, FromUnixMs(kStart + 10 * kMinute));
  EXPECT_THAT(registry_.Text(), HasSubstr("funneld_alert_firing{account=\"demo\",alert=\"low\"} 1\n"));
  Look(10 * kMinute + 1);  // the two of the beginning are older, one is too few
  EXPECT_FALSE(Fires("low"));
  EXPECT_THAT(registry_.Text(), HasSubstr("funneld_alert_firing{account=\"demo\",alert=\"low\"} 0\n"));

  const auto notices = book_.Notices();
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0].url, "https://hooks.example/");
  EXPECT_EQ(
      notices[0].body,
      R"({"specversion":"1.0","id":")" + notices[0].id +
          R"(","source":"/monitor/funneld","type":"monitor.alert.firing","subject":"demo/low",)"
          R"("time":")" +
          FormatRfc3339(FromUnixMs(kStart + 10 * kMinute)) +
          R"(","datacontenttype":"application/json","data":{"account":"demo","id":"low","when":"acceptRateBelow",)"
          R"("campaignId":41,"engagementId":null,"minutes":10,"value":0.3333333333333333,"below":0.5,)"
          R"("minExposures":2,"exposures":3,"acceptedPairs":1}})");
  EXPECT_THAT(notices[1].body, HasSubstr("monitor.alert.resolved"));
  EXPECT_NE(notices[0].id, notices[1].id);
}

TEST_F(AlertsTest, NobodyEligibleFiresOnceSomebodyCameAndUntilOneIs) {
  Configure(kNever + "}");
  Look(0);
  EXPECT_FALSE(Fires("7"));                 // nobody came
  Begin("a", kMinute), Show("a", kMinute);  // of another engagement
  Look(2 * kMinute);
  EXPECT_TRUE(Fires("7"));
  Look(60 * kMinute);
  EXPECT_TRUE(Fires("7"));
  Begin("b", 61 * kMinute, true), Show("b", 61 * kMinute, kOther);  // a bot is somebody, too
  Look(62 * kMinute);
  EXPECT_FALSE(Fires("7"));
}

TEST_F(AlertsTest, AGoalStopsAfterItWasReachedAndUntilItIsAgain) {
  Configure(kGoal + "}");
  Begin("a", 0), Show("a", 0), Convert("a", kMinute);
  Look(2 * kMinute);
  EXPECT_FALSE(Fires("goal"));
  Look(12 * kMinute);
  EXPECT_TRUE(Fires("goal"));
  Look(600 * kMinute);
  EXPECT_TRUE(Fires("goal"));
  Convert("a", 601 * kMinute);
  Look(602 * kMinute);
  EXPECT_FALSE(Fires("goal"));
}

TEST_F(AlertsTest, WhatIsNotCountedIsNotMissed) {
  Configure(kGoal + "}");
  Begin("a", 0), Show("a", 0), Convert("a", kMinute);
  for (const SourceStatus& status :
       {SourceStatus{.connected = false, .caught_up = true}, SourceStatus{.connected = true, .caught_up = false},
        SourceStatus{.connected = true, .fault = "the disk", .caught_up = true},
        SourceStatus{.connected = true, .caught_up = true, .missing = {3}}}) {
    source_.Tell(status);
    Look(12 * kMinute);
    EXPECT_FALSE(book_.Find({"demo", "goal"}));
  }
}

TEST_F(AlertsTest, ARestartTellsNothingTwice) {
  Configure(kGoal + R"(, "webhook": "https://hooks.example/"})");
  Begin("a", 0), Show("a", 0), Convert("a", kMinute);
  Look(12 * kMinute);
  ASSERT_EQ(book_.Notices().size(), 1u);
  AlertBook again(folder_.path() + "/alerts");
  again.Remove(again.Notices()[0].id);
  metrics::Registry registry;
  Alerts alerts(again, registry, true);
  alerts.Look(instances_, FromUnixMs(kStart + 13 * kMinute), [] { return false; });
  EXPECT_TRUE(again.Find({"demo", "goal"})->firing);
  EXPECT_EQ(again.Find({"demo", "goal"})->since, FromUnixMs(kStart + 12 * kMinute));
  EXPECT_THAT(again.Notices(), IsEmpty());
}

TEST_F(AlertsTest, OneThatIsChangedBeginsAnewAndOneThatIsGoneIsForgotten) {
  Configure(kGoal + "}");
  Begin("a", 0), Show("a", 0), Convert("a", kMinute);
  Look(12 * kMinute);
  EXPECT_TRUE(Fires("goal"));
  Configure(R"({"id": "goal", "when": "goalStopped", "campaignId": 42, "minutes": 10})");
  EXPECT_THAT(Json(), HasSubstr(R"("firing":false,"since":null,"value":null)"));
  Look(13 * kMinute);
  EXPECT_FALSE(Fires("goal"));
  Configure("");
  Look(14 * kMinute);
  EXPECT_FALSE(book_.Find({"demo", "goal"}));
  EXPECT_EQ(Json(), R"({"alerts":[]})");
}

TEST_F(AlertsTest, AreGivenAsTheyStandInTheDocument) {
  Configure(kNever + "}, " + kLow + R"(, "webhook": "https://hooks.example/secret"})");
  EXPECT_EQ(
      Json(),
      R"({"alerts":[{"id":7,"when":"neverEligible","campaignId":41,"engagementId":4102,"firing":false,"since":null,)"
      R"("value":null},{"id":"low","when":"acceptRateBelow","campaignId":41,"engagementId":null,"firing":false,)"
      R"("since":null,"value":null}]})");
  Look(0);
  EXPECT_THAT(Json(), HasSubstr(R"("firing":false,"since":)" + std::to_string(kStart) + R"(,"value":0})"));
  EXPECT_THAT(source_.generations->View()->Account("demo").value()->json, Not(HasSubstr("hooks.example")));
}

TEST_F(AlertsTest, WithoutAKeyNothingIsToBeSent) {
  Configure(kGoal + R"(, "webhook": "https://hooks.example/"})");
  Begin("a", 0), Show("a", 0), Convert("a", kMinute);
  AlertBook book;
  metrics::Registry registry;
  Alerts alerts(book, registry, false);
  alerts.Look(instances_, FromUnixMs(kStart + 12 * kMinute), [] { return false; });
  EXPECT_TRUE(book.Find({"demo", "goal"})->firing);
  EXPECT_THAT(book.Notices(), IsEmpty());
}

// By the clock: what is judged is ages ago.
TEST_F(AlertsTest, AreWatched) {
  Configure(kGoal + "}");
  const AlertWatch watch(instances_, alerts_, std::chrono::milliseconds(1));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!book_.Find({"demo", "goal"})) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // polls with a deadline
  }
}

}  // namespace
}  // namespace monitor
