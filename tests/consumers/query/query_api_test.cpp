#include "consumers/query/query_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <thread>

#include "tests/consumers/still_generations.h"
#include "tests/server/raw_http_client.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing_http::Answer;

constexpr const char* kOrigin = "7f3a9c01.1";

struct PlainRequest : http::Request {
  PlainRequest(std::string_view path_text, std::string_view query_text) : resource(path_text), text(query_text) {}
  http::Method method() const override { return http::Method::kGet; }
  std::string_view path() const override { return resource; }
  std::string_view query() const override { return text; }
  std::string_view body() const override { return {}; }
  std::optional<std::string_view> Header(std::string_view name) const override {
    return name == "If-None-Match" && !tags.empty() ? std::optional<std::string_view>(tags) : std::nullopt;
  }
  std::string_view peer_address() const override { return {}; }

  std::string_view resource, text;
  std::string tags;
};

// A request whose client leaves: it is there for so many looks.
struct LeavingRequest : PlainRequest {
  LeavingRequest(std::string_view query_text, int looks) : PlainRequest("/api/funnel", query_text), looks_left(looks) {}
  bool abandoned() const override { return looks_left-- <= 0; }

  mutable int looks_left;
};

// Tells when it has got its place to wait.
struct WaitingRequest : PlainRequest {
  explicit WaitingRequest(std::string_view query_text) : PlainRequest("/api/position", query_text) {}
  bool abandoned() const override {
    std::call_once(told, [this] { waits.count_down(); });
    return false;
  }

  mutable std::once_flag told;
  mutable std::latch waits{1};
};

class QueryApiTest : public testing::Test {
 protected:
  QueryApiTest()
      : api_(*source_->generations, instances_, alarms_, alerts_, registry_, 1, {.admin = TokenHash("admins")}),
        server_({.handler_threads = 2,
                 .lanes = QueryApi::Lanes(2),
                 .lane_of = [this](const http::Request& request) { return api_.LaneOf(request); }},
                [this](const http::Request& request) { return api_.Handle(request); }) {}

  // Displays of one visitor, an hour from one to the next.
  void Display(int count) {
    for (int i = 0; i < count; ++i) {
      ++seq_;
      const auto event = ParseCloudEvent(
          {.origin = kOrigin,
           .seq = std::to_string(seq_),
           .prevseq = std::to_string(seq_ - 1),
           .bucket = std::to_string(BucketOf("demo/v")),
           .type = "monitor.impression-reported",
           .time = FormatRfc3339(FromUnixMs(3'600'000 * static_cast<std::int64_t>(seq_)))},
          R"({"accountId":"demo","visitorId":"v","sessionId":"s","appInstallationId":"web","pageId":"1",)"
          R"("kind":"display","contextId":"1","campaignId":41,"engagementId":4101,"engagementRevision":7,"zone":"proactive",)"
          R"("channel":"messaging","language":"en-US"})");
      ASSERT_TRUE(event && event->content);
      ASSERT_TRUE(source_->store->Fold(*event));
    }
    source_->store->SetOffset(0, static_cast<std::int64_t>(seq_));
    source_->store->SetPosition(kOrigin, seq_);
    ASSERT_TRUE(source_->store->Commit());
  }
  Answer Get(std::string_view target, std::string_view headers = {}) {
    return testing_http::Do(server_.port(), "GET", target, "", headers);
  }

  TemporaryFolder folder_;
  std::uint64_t seq_ = 0;
  std::unique_ptr<StillGenerations> source_ = std::make_unique<StillGenerations>(folder_.path());
  AlarmBook alarms_;
  metrics::Registry registry_;
  AlertBook alert_book_;
  Alerts alerts_{alert_book_, registry_, false};
  Instances instances_{*source_->generations, {}};
  QueryApi api_;
  http::Server server_;
};

TEST_F(QueryApiTest, AnAlarmStandsUntilWhoMayClearsIt) {
  EXPECT_EQ(Get("/api/alarms").body, R"({"alarms":[]})");
  alarms_.Raise("events are lost");
  const std::string id = alarms_.All()[0].id;
  EXPECT_THAT(Get("/api/alarms").body, HasSubstr(R"([{"id":")" + id + R"(","since":)"));
  const auto clear = [&](const std::string& which, std::string_view headers) {
    return testing_http::Do(server_.port(), "POST", "/api/alarms/" + which + "/clear", "", headers).status;
  };
  constexpr std::string_view kAdmins = "Authorization: Bearer admins\r\n";
  EXPECT_EQ(clear(id, ""), 401);
  EXPECT_EQ(clear(id, "Authorization: Bearer guessed\r\n"), 401);
  EXPECT_EQ(clear("0123456789abcdef", kAdmins), 404);
  EXPECT_EQ(clear(id, kAdmins), 200);
  EXPECT_EQ(clear(id, kAdmins), 404);
  EXPECT_EQ(Get("/api/alarms/" + id + "/clear").status, 405);
  EXPECT_EQ(Get("/api/alarms").body, R"({"alarms":[]})");
}

TEST_F(QueryApiTest, NothingThatDidNotMoveIsAnsweredTwice) {
  Display(2);
  const std::string target = "/api/funnel?account=demo";
  const Answer first = Get(target);
  const std::string tag = first.Header("ETag").value();
  EXPECT_EQ(first.Header("Cache-Control"), "no-cache");
  for (const std::string& tags : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const Answer again = Get(target, "If-None-Match: " + tags + "\r\n");
    EXPECT_EQ(again.status, 304) << tags;
    EXPECT_EQ(again.Header("ETag"), tag);
    EXPECT_EQ(again.body, "");
  }
  EXPECT_EQ(Get(target, "If-None-Match: \"other\"\r\n").body, first.body);
  EXPECT_EQ(Get(target + "&count=gross", "If-None-Match: " + tag + "\r\n").status, 200);
  ASSERT_TRUE(source_->store->Commit());  // of nothing
  source_->store->SetPosition(kOrigin, seq_);
  source_->store->SetOffset(0, 2);  // as before
  ASSERT_TRUE(source_->store->Commit());
  EXPECT_EQ(Get(target, "If-None-Match: " + tag + "\r\n").status, 304);

  Display(1);
  const Answer moved = Get(target, "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(moved.status, 200);
  EXPECT_NE(moved.Header("ETag"), tag);
}

TEST_F(QueryApiTest, ATagSurvivesARestartAndKnowsWhatIsMissing) {
  Display(2);
  const std::string tag = Get("/api/funnel?account=demo").Header("ETag").value();
  source_.reset();
  source_ = std::make_unique<StillGenerations>(folder_.path());
  Instances instances(*source_->generations, {});
  QueryApi again(*source_->generations, instances, alarms_, alerts_, registry_, 1, {});
  http::Server server({}, [&](const http::Request& request) { return again.Handle(request); });
  const auto get = [&](std::string_view target, const std::string& headers = {}) {
    return testing_http::Do(server.port(), "GET", target, "", headers);
  };
  EXPECT_EQ(get("/api/funnel?account=demo", "If-None-Match: " + tag + "\r\n").status, 304);

  source_->status.missing = {3, 11};
  const Answer answer = get("/api/funnel?account=demo", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("\"missing\":[3,11]"));
  EXPECT_EQ(get("/api/funnel?account=demo&format=csv").Header("X-Missing"), "[3,11]");
}

TEST_F(QueryApiTest, ARebuiltViewDoesNotConfirmWhatTheOldOneTold) {
  const std::string target = "/api/funnel?account=demo";
  std::string tag, number;
  for (const bool rebuilt : {false, true}) {
    source_.reset();
    source_ = std::make_unique<StillGenerations>(folder_.path() + (rebuilt ? "/rebuilt" : "/first"));
    seq_ = 0;
    Display(2);
    Instances instances(*source_->generations, {});
    QueryApi api(*source_->generations, instances, alarms_, alerts_, registry_, 1, {});
    http::Server server({}, [&](const http::Request& request) { return api.Handle(request); });
    const Answer answer = testing_http::Do(server.port(), "GET", target, "", "If-None-Match: " + tag + "\r\n");
    EXPECT_EQ(answer.status, 200);
    tag = answer.Header("ETag").value();
    // The same writes both times: RocksDB's number does not tell them apart.
    const std::string version = source_->store->Version();
    const std::string its_number = version.substr(version.find('/'));
    EXPECT_EQ(its_number, rebuilt ? number : its_number);
    number = its_number;
  }
}

TEST_F(QueryApiTest, WhatIsAskedIsOfTheOldViewUntilTheNextTakesOver) {
  Display(2);
  const std::string target = "/api/funnel?account=demo&count=gross";
  const Answer before = Get(target);
  const std::string if_none_match = "If-None-Match: " + before.Header("ETag").value() + "\r\n";
  const auto rebuild = [&](std::string_view method, std::string_view query = "", std::string_view token = "admins") {
    return testing_http::Do(server_.port(), method, "/api/rebuild" + std::string(query), "",
                            "Authorization: Bearer " + std::string(token) + "\r\n");
  };
  EXPECT_EQ(Get("/api/rebuild").body, R"({"rebuilding":false,"since":null})");
  EXPECT_EQ(rebuild("POST", "", "guessed").status, 401);
  EXPECT_EQ(rebuild("DELETE", "", "guessed").status, 401);
  EXPECT_EQ(rebuild("POST", "?acceptLoss=yes").status, 400);
  EXPECT_EQ(rebuild("DELETE").status, 409);
  const Answer begun = rebuild("POST");
  EXPECT_EQ(begun.status, 202);
  const std::string since = begun.body.substr(1, begun.body.size() - 2);
  EXPECT_THAT(since, testing::StartsWith("\"since\":1"));
  EXPECT_THAT(rebuild("POST").body,
              HasSubstr("\"rebuild: the funnel is being counted anew already\",\"internalCode\":5"));
  EXPECT_EQ(rebuild("POST").status, 409);
  const std::string goes_on = ",\"eventsLeft\":0,\"atEnd\":false,\"held\":null}";
  EXPECT_EQ(Get("/api/rebuild").body, "{\"rebuilding\":true," + since + goes_on);

  seq_ = 0;
  Display(1);
  EXPECT_EQ(Get(target, if_none_match).status, 304);
  EXPECT_EQ(Get("/api/position").body, "{\"7f3a9c01.1\":\"2\"}");
  const std::string third = "waitMs=60000&waitFor=" + std::string(kOrigin) + ":3";
  WaitingRequest awaits(third);
  http::Reply reached;
  std::jthread waiting([&] { reached = api_.Handle(awaits); });
  awaits.waits.wait();
  Display(2);
  EXPECT_EQ(Get(target).body, before.body);
  source_->Tell({.connected = true, .caught_up = true, .at_end = true});
  waiting.join();
  EXPECT_EQ(reached.body, "{\"7f3a9c01.1\":\"3\"}");
  EXPECT_EQ(Get("/api/rebuild").body, "{\"rebuilding\":false," + since + "}");
  const Answer after = Get(target, if_none_match);
  EXPECT_EQ(after.status, 200);
  EXPECT_THAT(after.body, HasSubstr("\"engagementViews\":3"));
}

TEST_F(QueryApiTest, EveryResourceRefusesUnknownAndDoubledParameters) {
  Display(1);
  for (const char* path : {"/", "/livez", "/readyz", "/metrics", "/api/accounts", "/api/position", "/api/funnel"}) {
    const Answer answer = Get(std::string(path) + "?acount=demo");
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_THAT(answer.body, HasSubstr("\"message\":\"acount: is no parameter here\",\"internalCode\":5")) << path;
  }
  EXPECT_THAT(Get("/?account=demo&account=demo").body, HasSubstr("account: is given twice"));
  EXPECT_EQ(Get("/?account=demo").status, 200);
  EXPECT_THAT(Get("/api/funnel?by=app").body, HasSubstr("account: missing"));
  EXPECT_THAT(Get("/api/position?waitFor=a:1&waitFor=a:1").body, HasSubstr("waitFor: is given twice"));
  EXPECT_EQ(Get("/nowhere?x=1").status, 404);
}

// It asks for the token itself, so it is there without one, and nothing else with it.
TEST_F(QueryApiTest, ThePageNeedsNoTokenAndWhatItShowsDoes) {
  QueryApi api(*source_->generations, instances_, alarms_, alerts_, registry_, 1, {.read = TokenHash("readers")});
  const auto status = [&](std::string_view path) { return api.Handle(PlainRequest(path, "")).status; };
  for (const char* path : {"/", "/page/main.js", "/page/d3.js", "/livez"}) EXPECT_EQ(status(path), 200) << path;
  EXPECT_EQ(status("/page/nowhere.js"), 404);
  for (const char* path : {"/api/accounts", "/api/funnel", "/api/alerts", "/metrics", "/openapi.json", "/page", "/page/"}) {
    EXPECT_EQ(status(path), 401) << path;
  }
}

TEST_F(QueryApiTest, UnknownPathsAndMethodsAreToldApart) {
  for (const char* path :
       {"/nowhere", "/api/accounts/", "//api/accounts", "/api%2Faccounts", "/%zz", "/livez/", "//"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
    EXPECT_EQ(testing_http::Do(server_.port(), "POST", path).status, 404) << path;
  }
  EXPECT_EQ(Get("/api/%61ccounts").status, 200);
  const Answer answer = testing_http::Do(server_.port(), "POST", "/api/accounts");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.Header("Allow"), "GET, HEAD");
}

// So no path is quick for the listener and unknown to the API.
TEST_F(QueryApiTest, WhatTheListenerTreatsApartIsServed) {
  EXPECT_EQ(QueryApi::AtOnce(), (std::vector<std::string_view>{"/livez", "/readyz", "/metrics"}));
}

TEST_F(QueryApiTest, OnlyAQueryWhoseTagHoldsNoMoreTakesLong) {
  Display(1);
  const std::string query = "account=demo";
  PlainRequest request("/api/funnel", query);
  EXPECT_EQ(api_.LaneOf(request), 1u);
  EXPECT_EQ(api_.LaneOf(PlainRequest("/api/%66unnel", query)), 1u);
  EXPECT_EQ(api_.LaneOf(PlainRequest("/api/accounts", "")), 0u);
  request.tags = Get("/api/funnel?account=demo").Header("ETag").value();
  EXPECT_EQ(api_.LaneOf(request), 0u);
  Display(1);
  EXPECT_EQ(api_.LaneOf(request), 1u);
}

TEST_F(QueryApiTest, AWaitWithoutAPlaceIsRefusedAndNotAnsweredAsIfItWereOver) {
  Display(1);
  const std::string next = "waitMs=60000&waitFor=" + std::string(kOrigin) + ":2";
  WaitingRequest first(next);
  http::Reply reached;
  std::jthread waiting([&] { reached = api_.Handle(first); });
  first.waits.wait();
  const Answer refused = Get("/api/position?" + next);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_THAT(refused.body, HasSubstr("\"internalCode\":18"));
  for (const char* no_wait : {"", "?waitFor=7f3a9c01.1:1", "?waitFor=7f3a9c01.1:2&waitMs=0"}) {
    EXPECT_EQ(Get(std::string("/api/position") + no_wait).body, "{\"7f3a9c01.1\":\"1\"}") << no_wait;
  }
  Display(1);
  waiting.join();
  EXPECT_EQ(reached.status, 200);
  EXPECT_EQ(reached.body, "{\"7f3a9c01.1\":\"2\"}");
  EXPECT_EQ(Get("/api/position?waitMs=1&waitFor=7f3a9c01.1:3").status, 200);  // the place is free again
}

TEST_F(QueryApiTest, ABadParameterOfAPositionIsNamedWhateverElseIsGiven) {
  Display(1);
  for (const char* query : {"waitMs=abc", "waitMs=-1", "waitMs=1.5", "waitFor=7f3a9c01.1:1&waitMs=abc"}) {
    const Answer answer = Get(std::string("/api/position?") + query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_THAT(answer.body, HasSubstr("\"message\":\"waitMs: must be a number of milliseconds\",\"internalCode\":5"));
  }
  EXPECT_EQ(Get("/api/position?waitFor=7f3a9c01.1").status, 400);
  EXPECT_EQ(Get("/api/position?waitMs=5").status, 200);
}

TEST_F(QueryApiTest, WhatNobodyWaitsForIsNotReadToItsEnd) {
  Display(5'000);
  const std::string query = "account=demo&window=hour";
  LeavingRequest stays(query, 1'000'000);
  EXPECT_EQ(api_.Handle(stays).status, 200);
  const int looks = 1'000'000 - stays.looks_left;
  EXPECT_GE(looks, 5'000 / 256 + 5'000 / 64);  // while it reads, and while it writes
  for (int patience : {0, 1, 5, 5'000 / 256 + 10, looks - 1}) {
    LeavingRequest leaves(query, patience);
    EXPECT_EQ(api_.Handle(leaves).status, 503) << patience;
    EXPECT_GE(leaves.looks_left, -2) << patience;  // it was noticed, and looked at once more for the reply
  }
}

}  // namespace
}  // namespace monitor
