#include "consumers/peers/instances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <semaphore>

#include "domain/values/json.h"
#include "tests/consumers/peers/one_instance.h"
#include "tests/consumers/peers/random_traffic.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_http::Answer;

constexpr int kPartitions = 8;
const std::string kOrigin = RandomTraffic::kOrigin;

std::vector<int> All() { return {0, 1, 2, 3, 4, 5, 6, 7}; }

const std::vector<std::string> kQueries = {
    "",
    "&count=gross",
    "&by=campaign",
    "&by=campaign,engagement,device,language,zone,app&window=hour&count=gross",
    "&by=campaign&window=day",
    "&by=engagement&from=2026-03-29T00:00:00Z&to=2026-04-01T09:00:00Z",
    "&by=campaign,language&where=device:MOBILE,zone:left|embedded&window=day&count=gross",
    "&by=engagement,zone&orderBy=-acceptRate",
    "&by=campaign,device&orderBy=-lift.low&format=csv",
    "&by=campaign,engagement&window=hour&orderBy=-displayToAcceptMs.p90&limit=7",
    "&window=day&format=csv",
    "&where=campaign:1",
};

// One that has all, and several that have what is theirs and list each other; what comes is taken by both.
class InstancesTest : public testing::Test {
 protected:
  InstancesTest() { all_.Lists({}); }

  void Begin(const std::vector<std::vector<int>>& held) {
    all_.Holds(kPartitions, All());
    for (std::size_t i = 0; i < held.size(); ++i) several_.push_back(std::make_unique<OneInstance>());
    for (std::size_t i = 0; i < held.size(); ++i) {
      several_[i]->Lists({.peers = Urls(), .topic = "monitor.events"});
      several_[i]->Holds(kPartitions, held[i]);
      held_.push_back(held[i]);
    }
    Take(traffic_.Configured("demo"));
    for (const auto& one : several_) Await([&] { return one->Trouble().empty(); });
  }

  std::vector<std::string> Urls() const {
    std::vector<std::string> urls;
    for (const auto& one : several_) urls.push_back(one->url());
    return urls;
  }

  void Take(const SourceEvent& event) {
    const int partition = event.bucket % kPartitions;
    all_.Take(event);
    for (std::size_t i = 0; i < several_.size(); ++i) {
      if (std::ranges::find(held_[i], partition) != held_[i].end()) several_[i]->Take(event);
    }
    ++ends_[static_cast<std::size_t>(partition)];
    seq_ = event.seq;
  }
  void TakeSome(int events) {
    for (int i = 0; i < events; ++i) Take(traffic_.Next());
    Commit();
  }
  void Commit() {
    all_.Commit(ends_, kOrigin, seq_);
    for (const auto& one : several_) one->Commit(ends_, kOrigin, seq_);
  }

  // Everybody gives the answer of the one that has all.
  void ExpectSame(const std::string& query) {
    const std::string target = "/api/funnel?account=demo" + query;
    const Answer whole = all_.Get(target);
    ASSERT_EQ(whole.status, 200) << whole.body;
    for (const auto& one : several_) {
      const Answer added = one->Get(target);
      EXPECT_EQ(added.status, 200) << query;
      EXPECT_EQ(added.body, whole.body) << query;
      for (const char* header : {"X-As-Of", "X-Missing", "X-Next"})
        EXPECT_EQ(added.Header(header), whole.Header(header));
    }
  }
  std::string Missing(OneInstance& one) {
    return one.Get("/api/funnel?account=demo&format=csv").Header("X-Missing").value_or("");
  }

  RandomTraffic traffic_{17};
  std::vector<std::int64_t> ends_ = std::vector<std::int64_t>(kPartitions);
  std::uint64_t seq_ = 0;
  std::vector<std::vector<int>> held_;
  OneInstance all_;
  std::vector<std::unique_ptr<OneInstance>> several_;
};

TEST_F(InstancesTest, PartsAddUpToTheWhole) {
  Begin({{0, 3, 4}, {1}, {2, 5, 6, 7}});
  for (int round = 0; round < 4; ++round) {
    TakeSome(500);
    for (const std::string& query : kQueries) ExpectSame(query);
  }
  // There is something of everything.
  const std::string rows = all_.Get("/api/funnel?account=demo&by=campaign").body;
  for (const char* nothing :
       {"\"lift\":null", "Ms\":null", "\"late\":0,\"accept", "\"value\":{}", "\"interactions\":0,"}) {
    EXPECT_THAT(rows, Not(HasSubstr(nothing)));
  }
}

TEST_F(InstancesTest, PagesOfTheSumHaveEveryRowOnce) {
  Begin({{0, 1, 2, 3}, {4, 5, 6, 7}});
  TakeSome(800);
  const std::string query = "/api/funnel?account=demo&by=engagement,language&window=day&orderBy=-exposures";
  const auto rows_of = [](const Answer& answer) {
    return answer.body.substr(answer.body.find("\"rows\":["), answer.body.rfind(']') - answer.body.find("\"rows\":["));
  };
  std::string pages, after;
  for (std::size_t asked = 0;; ++asked) {
    const Answer page = several_[asked % 2]->Get(query + "&limit=5" + (after.empty() ? "" : "&after=" + after));
    ASSERT_EQ(page.status, 200) << page.body;
    pages +=
        (pages.empty() ? "" : ",") + rows_of(page).substr(pages.empty() ? 0 : std::string_view("\"rows\":[").size());
    const auto document = json::Document::Parse(page.body);
    const json::Value* next = document->root().Find("next");
    if (!next) break;
    after = next->text();
  }
  EXPECT_EQ(pages, rows_of(all_.Get(query)));
}

TEST_F(InstancesTest, WhatTwoAnswerForIsCountedOnceByWhoIsFurther) {
  Begin({{0, 1, 2, 3}, {3, 4, 5, 6, 7}});
  TakeSome(300);
  for (const std::string& query : kQueries) ExpectSame(query);
  held_[0] = {0, 1, 2};  // it takes nothing of 3 any more, and does not know yet that another one does
  const std::int64_t stands = ends_[3];
  for (int i = 0; i < 300; ++i) Take(traffic_.Next());
  all_.Commit(ends_, kOrigin, seq_);
  several_[1]->Commit(ends_, kOrigin, seq_);
  ASSERT_GT(std::exchange(ends_[3], stands), stands);
  several_[0]->Commit(ends_, kOrigin, seq_);
  for (const std::string& query : kQueries) ExpectSame(query);
}

TEST_F(InstancesTest, WhatNobodyHasOrHasWholeIsMissing) {
  Begin({{0, 1, 2, 3}, {5, 6, 7}});
  TakeSome(100);
  EXPECT_EQ(Missing(*several_[0]), "[4]");
  EXPECT_EQ(Missing(*several_[1]), "[4]");
  several_[1]->Holds(kPartitions, {4, 5, 6, 7}, {4, 6});
  EXPECT_EQ(Missing(*several_[0]), "[4,6]");
  EXPECT_EQ(Missing(*several_[1]), "[4,6]");
  several_[0]->Holds(kPartitions, {0, 1, 2, 3, 4});  // counted as far, and not behind
  EXPECT_EQ(Missing(*several_[1]), "[6]");
}

TEST_F(InstancesTest, WithoutWhoDoesNotAnswerItsPartitionsAreMissing) {
  Begin({{0, 1, 2, 3}, {4, 5, 6, 7}});
  TakeSome(300);
  const std::string before = several_[0]->Get("/api/funnel?account=demo").body;
  const std::uint16_t port = several_[1]->port();
  const std::string url = several_[1]->url();
  several_[1]->Stop();
  const Answer answer = several_[0]->Get("/api/funnel?account=demo");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("\"missing\":[4,5,6,7]"));
  const Answer ready = several_[0]->Get("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.body, HasSubstr("\"status\":\"degraded\""));
  EXPECT_THAT(ready.body, HasSubstr("\"peers\":\"" + url + " does not answer: "));
  EXPECT_EQ(several_[0]->Get("/api/funnel?account=nobody").status, 503);  // it may be the other one's

  several_[1]->Listen(port);
  Await([&] { return several_[0]->Trouble().empty(); });
  EXPECT_EQ(several_[0]->Get("/api/funnel?account=demo").body, before);
  EXPECT_THAT(several_[0]->Get("/readyz").body, HasSubstr("\"status\":\"ready\""));
  EXPECT_EQ(several_[0]->Get("/api/funnel?account=nobody").status, 404);
}

TEST_F(InstancesTest, ATagHoldsUntilAnybodyCountsSomething) {
  Begin({{0, 1, 2, 3}, {4, 5, 6, 7}});
  TakeSome(100);
  const std::string target = "/api/funnel?account=demo&by=campaign";
  const std::string tag = several_[0]->Get(target).Header("ETag").value();
  EXPECT_EQ(several_[1]->Get(target).Header("ETag"), tag);
  for (const auto& one : several_) EXPECT_EQ(one->Get(target, "If-None-Match: " + tag + "\r\n").status, 304);
  several_[1]->store().SetOffset(4, ends_[4] + 1);
  ASSERT_TRUE(several_[1]->store().Commit());
  for (const auto& one : several_) {
    const Answer answer = one->Get(target, "If-None-Match: " + tag + "\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.Header("ETag"), tag);
  }
}

TEST_F(InstancesTest, APositionIsToldOnceAllAreThere) {
  Begin({{0, 1, 2, 3}, {4, 5, 6, 7}});
  TakeSome(50);
  const std::string before = "{\"" + kOrigin + "\":\"" + std::to_string(seq_) + "\"}";
  const std::uint64_t next = seq_ + 1;
  several_[0]->Commit(ends_, kOrigin, next);
  const std::string wait = "/api/position?waitFor=" + kOrigin + ":" + std::to_string(next);
  EXPECT_EQ(several_[0]->Get(wait + "&waitMs=1").body, before);
  std::string told;
  std::jthread waits([&] { told = several_[0]->Get(wait + "&waitMs=60000").body; });
  several_[1]->Commit(ends_, kOrigin, next);
  waits.join();
  EXPECT_EQ(told, "{\"" + kOrigin + "\":\"" + std::to_string(next) + "\"}");
}

// The document is an event of one partition; its zone says on which hours bounds must be.
TEST_F(InstancesTest, AnAccountIsKnownAsWhoHasItsNewestDocumentKnowsIt) {
  const int its_partition = BucketOf(PartitionKey(AccountId("demo"), VisitorId())) % kPartitions;
  std::vector<int> others = All();
  std::erase(others, its_partition);
  Begin({others, {its_partition}});
  TakeSome(100);
  const std::string accounts = all_.Get("/api/accounts").body;
  EXPECT_THAT(accounts, HasSubstr("Shop"));
  for (const auto& one : several_) EXPECT_EQ(one->Get("/api/accounts").body, accounts);
  ExpectSame("&window=day&from=2026-03-31T22:00:00Z");
  Take(traffic_.Configured("another"));
  Commit();
  for (const auto& one : several_) {
    EXPECT_EQ(one->Get("/api/funnel?account=another").status, 200);
    EXPECT_EQ(one->Get("/api/funnel?account=nobody").status, 404);
  }
}

// Half of those who saw it clicked: those whose events are not where the document is.
TEST_F(InstancesTest, AlertsAreJudgedOverTheSumByWhoHasTheDocument) {
  const auto partition_of = [](const std::string& visitor) {
    return BucketOf(PartitionKey(AccountId("demo"), VisitorId(visitor))) % kPartitions;
  };
  const auto visitor_where = [&](bool with_the_document) {
    std::string visitor = "v";
    while ((partition_of(visitor) == partition_of("")) != with_the_document) visitor += "v";
    return visitor;
  };
  std::vector<int> others = All();
  std::erase(others, partition_of(""));
  Begin({others, {partition_of("")}});
  const TimeMs start = FromUnixMs(1'774'728'000'000);
  const auto take = [&](const std::string& visitor, EventData data) {
    const EventScope scope{AccountId("demo"), VisitorId(visitor), SessionId(visitor.empty() ? "" : "s"), {}};
    Take({.origin = kOrigin,
          .seq = seq_ + 1,
          .prevseq = seq_,
          .bucket = BucketOf(PartitionKey(scope.account, scope.visitor)),
          .time = start,
          .content = Event{scope, std::move(data)}});
  };
  const auto impress = [&](const std::string& visitor, ImpressionKind kind) {
    const Entry entry{.campaign_id = 41, .engagement_id = 4101, .engagement_revision = 7, .language = "en-US"};
    take(visitor, ImpressionReported{.kind = kind, .context_id = 1, .entry = entry});
  };
  take("", AccountConfigured{
               .revision = {},
               .document =
                   R"({"accountId": "demo", "settings": {"alerts": [)"
                   R"({"id": "low", "when": "acceptRateBelow", "campaignId": 41, "below": 0.5, "minExposures": 1, )"
                   R"("minutes": 10}, {"id": "never", "when": "neverEligible", "campaignId": 42, "minutes": 10}]}})",
               .by = ""});
  const std::string here = visitor_where(true), there = visitor_where(false);
  impress(here, ImpressionKind::kDisplay);
  impress(there, ImpressionKind::kDisplay);
  impress(there, ImpressionKind::kAccept);
  Commit();
  const auto alerts = [&](OneInstance& one) {
    const auto answer = one.Get("/api/alerts?account=demo");
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto document = json::Document::Parse(answer.body);
    std::string said;
    for (const json::Value& alert : document->root().Find("alerts")->items()) {
      if (alert.Find("since") == nullptr) continue;  // not judged yet
      said += std::string(alert.Find("id")->text()) + (alert.Find("firing")->boolean() ? " fires " : " is quiet ");
    }
    return said;
  };
  several_[0]->LookAtAlerts(start);
  for (const auto& one : several_) EXPECT_EQ(alerts(*one), "");  // it is not its to judge
  several_[1]->LookAtAlerts(start);
  for (const auto& one : several_) EXPECT_EQ(alerts(*one), "low is quiet never fires ");

  several_[0]->Stop();  // and with it the click
  Await([&] { return !several_[1]->Trouble().empty(); });
  several_[1]->LookAtAlerts(start);
  EXPECT_EQ(alerts(*several_[1]), "low is quiet never fires ");
}

TEST_F(InstancesTest, PartsAreForWhoMayReadAndAreNotAskedFurther) {
  OneInstance asked({.read = TokenHash("readers"), .admin = {}});
  asked.Lists({.peers = {"http://127.0.0.1:1"}, .topic = "monitor.events"});
  asked.Holds(kPartitions, {0, 1, 2, 3});
  constexpr std::string_view kReaders = "Authorization: Bearer readers\r\n";
  EXPECT_EQ(asked.Get("/api/parts").status, 401);
  EXPECT_EQ(asked.Get("/api/parts/accounts").status, 401);
  EXPECT_EQ(testing_http::Do(asked.port(), "POST", "/api/parts/rows").status, 401);
  EXPECT_EQ(asked.Get("/api/parts", kReaders).status, 200);
  EXPECT_EQ(asked.Get("/api/parts?acount=demo", kReaders).status, 400);
  EXPECT_EQ(asked.Get("/api/parts?account=a/b", kReaders).status, 400);
  EXPECT_THAT(testing_http::Do(asked.port(), "POST", "/api/parts/rows", "no question", kReaders).body,
              HasSubstr("\"message\":\"body: is not of a funneld\",\"internalCode\":5"));

  for (const bool has_token : {false, true}) {
    OneInstance asks;
    asks.Lists({.peers = {asked.url()}, .token = has_token ? "readers" : "", .topic = "monitor.events"});
    asks.Holds(kPartitions, {4, 5, 6, 7});
    Await([&] {
      return has_token ? asks.LastFound().missing.empty() && !asks.LastFound().version.empty()
                       : !asks.Trouble().empty();
    });
    EXPECT_EQ(asks.Trouble().empty(), has_token);
    EXPECT_THAT(asks.Trouble(), HasSubstr(has_token ? "" : "answers with status 401: Authorization: "));
  }
}

// A server that is no funneld, one of another version, and one of another topic.
TEST_F(InstancesTest, WhatCanNotBeAddedIsSaidAndMissing) {
  std::string tells = "<html>";
  http::Server stranger({.threads = 1}, [&](const http::Request&) { return http::Reply{.body = tells}; });
  OneInstance one;
  const std::string url = "http://127.0.0.1:" + std::to_string(stranger.port());
  one.Lists({.peers = {url}, .topic = "monitor.events"});
  one.Holds(kPartitions, {0, 1, 2, 3});
  one.Take(traffic_.Configured("demo"));
  one.Commit(ends_, kOrigin, 1);
  Await([&] { return one.Trouble() == url + " what it tells is not of a funneld"; });
  EXPECT_EQ(Missing(one), "[4,5,6,7]");
}

TEST_F(InstancesTest, WhoReadsAnotherTopicIsNotAdded) {
  OneInstance shop, test;
  shop.Lists({.peers = {test.url()}, .topic = "shop.monitor.events"});
  test.Lists({.peers = {shop.url()}, .topic = "test.monitor.events"});
  shop.Holds(kPartitions, {0});
  test.Holds(kPartitions, {1});
  const std::string reads = test.url() + " reads the topic test.monitor.events, and this instance shop.monitor.events";
  Await([&] { return shop.Trouble() == reads; });
}

// What does not answer at all costs a question its patience once, and then nothing.
TEST_F(InstancesTest, WhoIsSilentIsNotWaitedForForLong) {
  std::binary_semaphore ends(0);
  http::Server silent({.threads = 1, .handler_threads = 8}, [&](const http::Request&) {
    ends.acquire();
    ends.release();
    return http::Reply{};
  });
  OneInstance one;
  const std::string url = "http://127.0.0.1:" + std::to_string(silent.port());
  one.Lists({.peers = {url}, .topic = "monitor.events", .patience = std::chrono::milliseconds(50)});
  one.Holds(kPartitions, {0, 1, 2, 3});
  one.Take(traffic_.Configured("demo"));
  one.Commit(ends_, kOrigin, 1);
  EXPECT_EQ(Missing(one), "[4,5,6,7]");
  EXPECT_THAT(one.Trouble(), HasSubstr(url + " does not answer: "));
  ends.release();
}

TEST_F(InstancesTest, AnAnswerThatIsTooLongIsRefusedWhoeverCountsIt) {
  Begin({{0, 1, 2, 3}, {4, 5, 6, 7}});
  TakeSome(400);
  funnel::Query query{.by = {funnel::Breakdown::kCampaign, funnel::Breakdown::kEngagement},
                      .window = funnel::Window::kHour};
  query.max_bytes = 20'000;
  TemporaryFolder folder;
  StillGenerations nothing(folder.path());  // holds none: all is counted by others
  Instances asks(*nothing.generations, {.peers = Urls(), .topic = "monitor.events"});
  const auto moment = asks.Look("demo", [] { return false; });
  ASSERT_TRUE(moment) << moment.error();
  const auto sum = asks.Count(*moment, AccountId("demo"), query, [] { return false; });
  ASSERT_TRUE(sum) << sum.error();
  EXPECT_FALSE(sum->complete);
  query.max_bytes = 64 << 20;
  EXPECT_TRUE(asks.Count(*moment, AccountId("demo"), query, [] { return false; })->complete);
}

}  // namespace
}  // namespace monitor
