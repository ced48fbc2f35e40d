#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "domain/values/whole_number.h"
#include "eventstore/random.h"
#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_http::Answer;

TEST_F(AdminTest, OnlyHealthAndMetricsNeedNoToken) {
  for (const char* path : {"/livez", "/readyz", "/metrics"}) {
    EXPECT_EQ(testing_http::Do(server_.port(), "GET", path).status, 200) << path;
    EXPECT_EQ(testing_http::Do(server_.port(), "HEAD", path).status, 200) << path;
  }
  for (const char* path :
       {"/admin/accounts", "/admin/accounts/demo", "/admin/position", "/admin/log", "/nowhere", "/", "/livez/"}) {
    EXPECT_EQ(Code(testing_http::Do(server_.port(), "GET", path)), "401/10") << path;
  }
  for (const char* header :
       {"Authorization: Bearer wrong\r\n", "Authorization: Bearer \r\n", "Authorization: Basic x\r\n",
        "Authorization: a-token-of-the-test\r\n", "Authorization: Bearer a-token-of-the-tes\r\n"}) {
    EXPECT_EQ(Code(testing_http::Do(server_.port(), "GET", "/admin/accounts", "", header)), "401/10") << header;
  }
  EXPECT_EQ(
      testing_http::Do(server_.port(), "GET", "/admin/accounts", "", "Authorization: bearer  a-token-of-the-test\r\n")
          .status,
      200);
}

TEST_F(AdminTest, UnknownPathsAndMethodsHaveThePublicForm) {
  for (const char* path : {"/admin", "/admin/accounts/", "/admin//accounts", "/admin/accounts/demo/what", "//livez"})
    EXPECT_EQ(Code(Do("GET", path)), "404/5") << path;
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/a%2")), "404/6");  // kept as sent
  const Answer answer = Do("POST", "/admin/accounts/demo");
  EXPECT_EQ(Code(answer), "405/5");
  EXPECT_EQ(answer.Header("Allow"), "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(Do("GET", "/admin/drain").Header("Allow"), "POST");
}

TEST_F(AdminTest, UnknownAndDoubledParametersAreRefusedByName) {
  for (const char* path : {"/livez", "/readyz", "/metrics", "/admin/accounts", "/admin/position", "/admin/log"}) {
    const Answer answer = Do("GET", std::string(path) + "?form=1");
    EXPECT_EQ(Code(answer), "400/5") << path;
    EXPECT_THAT(answer.body, HasSubstr("\"message\":\"form: is no parameter here\"")) << path;
  }
  EXPECT_THAT(Do("GET", "/admin/log?from=1&limit=1&waitMs=0&from=2").body, HasSubstr("from: is given twice"));
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo?dry=1", SampleDocument("demo"))), "400/5");
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo")), "404/6");
  EXPECT_EQ(Code(testing_http::Do(server_.port(), "GET", "/admin/log?form=1")), "401/10");
}

TEST_F(AdminTest, AnAccountIsPutReadAndListed) {
  const std::string document = SampleDocument("demo");
  const std::string tag = "\"" + RevisionOf(document).str() + "\"";
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo")), "404/6");
  const Answer created = Do("PUT", "/admin/accounts/demo", document);
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.body, R"({"revision":)" + tag + "}");
  EXPECT_EQ(Do("PUT", "/admin/accounts/demo", document).status, 200);
  const Answer read = Do("GET", "/admin/accounts/demo");
  EXPECT_EQ(read.body, document);
  EXPECT_EQ(read.Header("ETag"), tag);
  EXPECT_EQ(Do("GET", "/admin/accounts").body,
            R"({"accounts":[{"id":"demo","revision":)" + tag + R"(,"name":"first"}]})");
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo", SampleDocument("demo", "x"), "If-Match: \"no\"\r\n")), "412/5");
  EXPECT_EQ(Do("PUT", "/admin/accounts/demo", SampleDocument("demo", "x"), "If-Match: " + tag + "\r\n").status, 200);
}

TEST_F(AdminTest, ARefusedDocumentListsItsErrors) {
  const Answer answer =
      Do("PUT", "/admin/accounts/demo", R"({"accountId":"demo","timeZone":"Mars","currency":"??","campaigns":[{}]})");
  EXPECT_EQ(Code(answer), "400/5");
  const auto document = json::Document::Parse(answer.body);
  ASSERT_TRUE(document);
  const json::Value* errors = document->root().Find("errors");
  ASSERT_NE(errors, nullptr);
  EXPECT_GE(errors->items().size(), 3u);
  for (const json::Value& error : errors->items()) {
    EXPECT_NE(error.Find("path"), nullptr);
    EXPECT_NE(error.Find("message"), nullptr);
  }
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/other", SampleDocument("demo"))), "400/5");
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo", "nonsense")), "400/5");
}

TEST_F(AdminTest, SkillsAreSet) {
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})")), "404/6");
  PutDemo();
  EXPECT_EQ(Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})").body, "{}");
  EXPECT_EQ(accounts_.Find(AccountId("demo"))->StateOfSkill(3), SkillState::kBusy);
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo/skills/4", R"({"state":"busy"})")), "404/12");
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo/skills/x", R"({"state":"busy"})")), "404/12");
  for (const char* body : {"{}", R"({"state":"away"})", R"({"state":1})", "[]", ""}) {
    const Answer answer = Do("PUT", "/admin/accounts/demo/skills/3", body);
    EXPECT_EQ(Code(answer), "400/5") << body;
  }
}

TEST_F(AdminTest, SkillsAreListedWithTheirStates) {
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/skills")), "404/6");
  PutDemo();
  EXPECT_EQ(Do("GET", "/admin/accounts/demo/skills").body, R"({"skills":[{"id":3,"name":"sales","state":"online"}]})");
  Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"offline"})");
  EXPECT_EQ(Do("GET", "/admin/accounts/demo/skills").body, R"({"skills":[{"id":3,"name":"sales","state":"offline"}]})");
}

TEST_F(AdminTest, ExplainsEveryEngagementAndRecordsNothing) {
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/explain", "{}")), "404/6");
  PutDemo();
  const std::string position = Do("GET", "/admin/position").body;
  Answer answer = Do("POST", "/admin/accounts/demo/explain",
                     R"({"appInstallationId":"web","visitorId":"v","request":{"entryPoints":["https://x.example/"]}})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"revision":")" + RevisionOf(SampleDocument("demo")).str() +
                             R"(","engagements":[{"campaignId":41,"engagementId":4101,"verdict":"offered"},)" +
                             R"({"campaignId":41,"engagementId":4102,"verdict":"offered"}]})");
  EXPECT_EQ(Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"offline"})").status, 200);
  answer = Do("POST", "/admin/accounts/demo/explain", R"({"appInstallationId":"web","at":1700000000000})");
  EXPECT_THAT(answer.body, HasSubstr(R"("engagementId":4102,"verdict":"refused","reason":"unavailable")"));
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/explain", R"({"appInstallationId":"old"})")), "404/18");
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/explain", "{}")), "400/5");
  answer = Do("POST", "/admin/accounts/demo/explain", R"({"appInstallationId":"web","request":{"pageId":[]}})");
  EXPECT_EQ(Code(answer), "400/5");
  EXPECT_THAT(answer.body, HasSubstr(R"("message":"request.pageId)"));
  EXPECT_THAT(Do("GET", "/admin/position").body, Not(position));  // the skill's events, nothing of explain's
  EXPECT_THAT(Do("GET", "/admin/position").body, HasSubstr(R"("last":"4")"));
}

TEST_F(AdminTest, WhatIfTellsHowOffersWouldHaveDiffered) {
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/what-if", "{}")), "404/6");
  PutDemo();
  Visit("v1");
  Visit("v2", R"({"type":"personal","personal":{"firstname":"Wilhelmina"}})");
  const std::string origin = folder_.store().Origins().back().origin.ToString();
  std::string changed = SampleDocument("demo");
  changed.replace(changed.find("\"id\":4102"), 9, "\"enabled\":false,\"id\":4102");
  const Answer answer = Do("POST", "/admin/accounts/demo/what-if", "{\"document\":" + changed + "}");
  EXPECT_EQ(answer.body,
            R"({"from":")" + origin + R"(:1","sessions":2,"offers":{"before":4,"after":2},)" +
                R"("exposures":{"before":0,"after":0},"byEngagement":[)" +
                R"({"engagementId":4101,"before":2,"after":2},{"engagementId":4102,"before":2,"after":0}],)" +
                R"("zoneConflicts":{"before":0,"after":0},"otherRules":0})");
  EXPECT_THAT(Do("POST", "/admin/accounts/demo/what-if", "{\"to\":1000,\"document\":" + changed + "}").body,
              HasSubstr(R"("sessions":0)"));
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/what-if", "{}")), "400/5");
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/what-if", "{\"from\":\"x\",\"document\":" + changed + "}")), "400/5");
  const Answer refused =
      Do("POST", "/admin/accounts/demo/what-if", R"({"document":{"accountId":"demo","timeZone":"Mars"}})");
  EXPECT_EQ(Code(refused), "400/5");
  EXPECT_THAT(refused.body, HasSubstr(R"("errors":[)"));
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/what-if", "{\"document\":" + SampleDocument("other") + "}")),
            "400/5");
}

TEST_F(AdminTest, ConversationsStartAndEndOnce) {
  PutDemo();
  Visit("v1");
  const std::string path = "/admin/accounts/demo/conversations/c1";
  EXPECT_EQ(Code(Do("PUT", path, "{}")), "400/5");
  EXPECT_EQ(Code(Do("PUT", path, R"({"visitorId":"bad id"})")), "400/5");
  EXPECT_EQ(Code(Do("PUT", path, R"({"visitorId":"v1","contextId":0})")), "400/5");
  EXPECT_EQ(Code(Do("PUT", path, R"({"identity":{"iss":"x"}})")), "400/5");
  EXPECT_EQ(Code(Do("PUT", path, R"({"identity":{"iss":"x","sub":"nobody"}})")), "404/12");
  EXPECT_EQ(Do("PUT", path, R"({"visitorId":"v1"})").body, "{}");
  const std::string after_start = Do("GET", "/admin/position").body;
  EXPECT_EQ(Do("PUT", path, R"({"visitorId":"v1"})").status, 200);
  EXPECT_EQ(Do("GET", "/admin/position").body, after_start);
  EXPECT_EQ(Do("DELETE", path).body, "{}");
  const std::string after_end = Do("GET", "/admin/position").body;
  EXPECT_NE(after_end, after_start);
  EXPECT_EQ(Do("DELETE", path).status, 200);
  EXPECT_EQ(Do("DELETE", "/admin/accounts/demo/conversations/unknown").status, 200);
  EXPECT_EQ(Do("GET", "/admin/position").body, after_end);
  EXPECT_EQ(Code(Do("DELETE", "/admin/accounts/other/conversations/c1")), "404/6");
}

TEST_F(AdminTest, AVisitorIsShownAndErased) {
  PutDemo();
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/visitors/v1")), "404/12");
  EXPECT_EQ(Code(Do("DELETE", "/admin/accounts/demo/visitors/v1")), "404/12");
  const SessionId session = Visit("v1");
  EXPECT_EQ(Do("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", R"({"score":7.5})").body, "{}");
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", "{}")), "400/5");
  EXPECT_EQ(Code(Do("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", R"({"score":"much"})")), "400/5");
  const Answer shown = Do("GET", "/admin/accounts/demo/visitors/v1");
  EXPECT_EQ(shown.status, 200);
  EXPECT_THAT(shown.body, AllOf(HasSubstr(R"("visitorId":"v1")"), HasSubstr(session.str()), HasSubstr("7.5")));
  EXPECT_EQ(Do("DELETE", "/admin/accounts/demo/visitors/v1").body, "{}");
  EXPECT_THAT(Do("GET", "/admin/log").body, HasSubstr("monitor.visitor-erased"));
}

TEST_F(AdminTest, AVisitorsSessionsAreShownTheNewestFirst) {
  PutDemo();
  std::vector<std::string> newest_first;
  for (int i = 0; i < 3; ++i) {
    newest_first.insert(newest_first.begin(), Visit("v1").str());
    const TimeMs begun = folder_.store().Now();
    while (folder_.store().Now() == begun) std::this_thread::yield();  // the next begins later
  }
  const auto shown = json::Document::Parse(Do("GET", "/admin/accounts/demo/visitors/v1").body);
  ASSERT_TRUE(shown);
  std::vector<std::string> ids;
  std::int64_t later = ToUnixMs(folder_.store().Now());
  for (const json::Value& session : shown->root().Find("sessions")->items()) {
    ids.emplace_back(session.Find("sessionId")->text());
    const auto started = ParseWhole<std::int64_t>(session.Find("startedAt")->text());
    ASSERT_TRUE(started);
    EXPECT_LT(*started, later);
    later = *started;
    EXPECT_EQ(session.Find("lastActivityAt")->text(), session.Find("startedAt")->text());
    EXPECT_TRUE(session.Find("live")->boolean());
  }
  EXPECT_EQ(ids, newest_first);
}

TEST_F(AdminTest, ASessionsEventsAreShownInPlaintextAndTheLogIsNot) {
  PutDemo();
  const SessionId session = Visit("v1", R"({"type":"personal","personal":{"firstname":"Wilhelmina"}})");
  const std::string path = "/admin/accounts/demo/visitors/v1/sessions/" + session.str() + "/events";
  const Answer answer = Do("GET", path);
  EXPECT_EQ(answer.status, 200);
  const auto events = json::Document::Parse(answer.body);
  ASSERT_TRUE(events);
  ASSERT_GE(events->root().items().size(), 3u);
  const json::Value& first = events->root().items()[0];
  EXPECT_EQ(first.Find("specversion")->text(), "1.0");
  EXPECT_EQ(first.Find("type")->text(), "monitor.session-created");
  EXPECT_EQ(first.Find("subject")->text(), "session/demo/v1/" + session.str());
  EXPECT_TRUE(first.Find("seq")->is_string());
  EXPECT_TRUE(first.Find("bucket")->is_number());
  EXPECT_TRUE(first.Find("data")->is_object());
  EXPECT_THAT(answer.body, HasSubstr("Wilhelmina"));
  EXPECT_THAT(Do("GET", "/admin/log").body, Not(HasSubstr("Wilhelmina")));
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/visitors/v1/sessions/other/events")), "404/12");
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/other/visitors/v1/sessions/x/events")), "404/6");
}

TEST_F(AdminTest, ReadyzSaysInWordsWhyNothingIsTaken) {
  store_fault_ = "35 MiB are free, 256 are wanted";
  const Answer ready = testing_http::Do(server_.port(), "GET", "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr(R"("status":"unready")"));
  EXPECT_THAT(ready.body, HasSubstr(R"("store":"35 MiB are free, 256 are wanted")"));
}

TEST_F(AdminTest, CommandsThatAreDoneLeaveTheirPlaces) {
  PutDemo();
  for (int i = 0; i < 2 * AdminOptions{}.max_waiting_commands; ++i) {
    ASSERT_EQ(Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})").status, 200) << i;
  }
}

TEST_F(AdminTest, DrainingTurnsReadyzButNotLivez) {
  EXPECT_EQ(testing_http::Do(server_.port(), "GET", "/readyz").body,
            R"({"status":"ready","checks":{"accounts":"ok","store":"ok","clock":"ok","origin":"ok","drain":"ok"}})");
  EXPECT_EQ(Do("POST", "/admin/drain").body, "{}");
  EXPECT_TRUE(drain_.begun());
  const Answer ready = testing_http::Do(server_.port(), "GET", "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr(R"("drain":"draining")"));
  EXPECT_EQ(testing_http::Do(server_.port(), "GET", "/livez").status, 200);
}

TEST_F(AdminTest, AnAccountWhoseStoredDocumentIsRefusedIsNamedAndMended) {
  PutDemo();
  StoreRefusedDocument(folder_.store(), {.version = 2});
  Accounts accounts(folder_.store());
  ASSERT_TRUE(accounts.Start(""));
  Admin admin({.accounts = accounts,
               .visits = visits_,
               .store = folder_.store(),
               .master_key = master_key_,
               .metrics = registry_,
               .drain = drain_,
               .backup = backup_,
               .tokens = *tokens_},
              {});
  const http::Server server({.threads = 1, .handler_threads = 8},
                            [&](const http::Request& request) { return admin.Handle(request); });
  const auto ask = [&](std::string_view method, std::string_view path, std::string_view body = {}) {
    return testing_http::Do(server.port(), method, path, body, "Authorization: Bearer " + std::string(kToken) + "\r\n");
  };
  const Answer ready = ask("GET", "/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.body, AllOf(HasSubstr(R"("status":"degraded")"), HasSubstr("documents are refused: demo")));
  const std::string tag = "\"" + RevisionOf(kRefusedDocument).str() + "\"";
  EXPECT_THAT(ask("GET", "/admin/accounts").body,
              AllOf(HasSubstr(R"("id":"demo","revision":)" + tag), HasSubstr(R"("refused":"appInstallations)")));
  const Answer stored = ask("GET", "/admin/accounts/demo");
  EXPECT_EQ(stored.body, kRefusedDocument);
  EXPECT_EQ(stored.Header("ETag"), tag);
  EXPECT_EQ(ask("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})").status, 503) << "it may yet be told";
  EXPECT_EQ(ask("GET", "/admin/accounts/demo/visitors/v").status, 503);
  EXPECT_EQ(ask("PUT", "/admin/accounts/demo", SampleDocument("demo")).status, 200);
  EXPECT_THAT(ask("GET", "/readyz").body, HasSubstr(R"("status":"ready")"));
}

TEST_F(AdminTest, SaysWhyTheBrokerIsMissing) {
  Sentence missing("no connection");
  Admin admin({.accounts = accounts_,
               .visits = visits_,
               .store = folder_.store(),
               .master_key = master_key_,
               .metrics = registry_,
               .drain = drain_,
               .backup = backup_,
               .tokens = *tokens_,
               .broker = [&] { return missing.Get(); }},
              {});
  const http::Server server({.threads = 1, .handler_threads = 8},
                            [&](const http::Request& request) { return admin.Handle(request); });
  const Answer degraded = testing_http::Do(server.port(), "GET", "/readyz");
  EXPECT_EQ(degraded.status, 200);
  EXPECT_THAT(degraded.body, AllOf(HasSubstr(R"("status":"degraded")"), HasSubstr(R"("broker":"no connection")")));
  missing = "";
  EXPECT_THAT(testing_http::Do(server.port(), "GET", "/readyz").body,
              AllOf(HasSubstr(R"("status":"ready")"), HasSubstr(R"("broker":"ok")")));
}

TEST_F(AdminTest, ReadyzSaysInWordsWhatIsWrongWithClockAndOrigin) {
  clock_fault_ = "the log is 400 days ahead";
  const Answer degraded = testing_http::Do(server_.port(), "GET", "/readyz");
  EXPECT_EQ(degraded.status, 200) << "it serves";
  EXPECT_THAT(degraded.body, AllOf(StartsWith(R"({"status":"degraded")"),
                                   HasSubstr(R"("clock":"the log is 400 days ahead","origin":"ok")")));
  refusal_ = "it is an older copy";
  const Answer unready = testing_http::Do(server_.port(), "GET", "/readyz");
  EXPECT_EQ(unready.status, 503);
  EXPECT_THAT(unready.body,
              AllOf(StartsWith(R"({"status":"unready")"), HasSubstr(R"("origin":"it is an older copy")")));
}

TEST_F(AdminTest, MetricsAreInPrometheusForm) {
  registry_.AddCounter("monitor_things_total", "Things", {{"kind", "a"}}).Add(2);
  std::atomic<double> outside = 3;
  registry_.AddCounterFunction("monitor_outside_total", "Outside", {}, [&] { return outside.load(); });
  registry_.AddHistogram("monitor_wait_seconds", "Waits", {0.1, 1}).Observe(0.5);
  const Answer answer = testing_http::Do(server_.port(), "GET", "/metrics");
  EXPECT_THAT(*answer.Header("Content-Type"), StartsWith("text/plain"));
  EXPECT_THAT(answer.body,
              AllOf(HasSubstr("# TYPE monitor_things_total counter"), HasSubstr("monitor_things_total{kind=\"a\"} 2"),
                    HasSubstr("monitor_outside_total 3"), HasSubstr("monitor_wait_seconds_bucket{le=\"1\"} 1")));
  outside = 5;
  EXPECT_THAT(testing_http::Do(server_.port(), "GET", "/metrics").body, HasSubstr("monitor_outside_total 5"));
}

}  // namespace
}  // namespace monitor
