#include "api/public/public_api.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "eventstore/forwarding_store.h"
#include "tests/api/node_fixture.h"
#include "tests/api/public_api_fixture.h"

namespace monitor {
namespace {

using PublicApiErrors = PublicApiTest;
using PublicApiHeaders = PublicApiTest;

TEST_F(PublicApiTest, AFirstRequestIsCreatedAndTheNextGoesOn) {
  Load();
  http::Reply first = Send(Engagement());
  EXPECT_EQ(first.status, 201) << first.body;
  EXPECT_TRUE(first.body.contains("\"engagementDetails\":[{\"campaignId\":41,\"engagementId\":4101,")) << first.body;
  EXPECT_TRUE(
      first.body.contains("\"engagementRevision\":7,\"contextId\":\"1\",\"connectorId\":900,"
                          "\"windowId\":\"77\",\"language\":\"en-US\",\"skillId\":3,\"skillName\":\"sales\","
                          "\"status\":\"expose\"}"))
      << first.body;
  EXPECT_EQ(Text(first, "visitorId").size(), 32u);
  EXPECT_EQ(Text(first, "pageId").size(), 10u);
  http::Reply second = Send(Engagement("v=1&vid=" + Text(first, "visitorId") + "&sid=" + Text(first, "sessionId"), ""));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(Text(second, "sessionId"), Text(first, "sessionId"));
}

TEST_F(PublicApiTest, AReportAnswersItsIdsOnly) {
  Load();
  const std::string visit = NewVisit();
  http::Reply reply = Send(Report(visit, R"({"pageId":"p1","engagementAttributes":[{"type":"searchInfo"}]})"));
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(Text(reply, "pageId"), "p1");
  EXPECT_FALSE(reply.body.contains("engagementDetails"));
}

TEST_F(PublicApiTest, APostIsThePutWhereThereIsNoOther) {
  Load();
  MemoryRequest report = Report("v=1&vid=x", R"({"engagementAttributes":[{"type":"lead"}]})");
  report.verb = http::Method::kPost;
  EXPECT_EQ(Send(report).status, 201);
  report.header_values["X-HTTP-Method-Override"] = "put";
  EXPECT_EQ(Send(report).status, 201);
  report.header_values["X-HTTP-Method-Override"] = "DELETE";
  ExpectError(Send(report), 405, 5);
  report.verb = http::Method::kGet;
  const http::Reply refused = Send(report);
  ExpectError(refused, 405, 5);
  EXPECT_TRUE(HasHeader(refused, "Allow: PUT, POST, OPTIONS"));
  MemoryRequest engagement = Engagement();
  engagement.header_values["X-HTTP-Method-Override"] = "PUT";
  ExpectError(Send(engagement), 405, 5);
}

TEST_F(PublicApiTest, ThePathIsDecodedOnce) {
  Load();
  MemoryRequest request = Engagement();
  request.target_path = "/%61pi/account/d%65mo/app/we%62/engagement";
  EXPECT_EQ(Send(request).status, 201);
  request.target_path = "/api/account/d%2565mo/app/web/engagement";
  ExpectError(Send(request), 404, 6);
  request.target_path = "/api/account/demo%2Fapp%2Fweb/engagement";
  ExpectError(Send(request), 404, 5);
  request.target_path = "/api/account/demo%2/app/web/engagement";  // kept as sent
  ExpectError(Send(request), 404, 6);
  request.target_path = "/api/account/demo/app/%zz/engagement";
  ExpectError(Send(request), 404, 18);
}

TEST_F(PublicApiTest, ATrailingSlashOrAnEmptySegmentIsAnotherPath) {
  Load();
  for (const char* path : {"/api/account/demo/app/web/engagement/", "/api/account//app/web/engagement",
                           "/api/account/demo/app//engagement", "//api/account/demo/app/web/engagement",
                           "/api/account/demo/app/web//engagement"}) {
    MemoryRequest request = Engagement();
    request.target_path = path;
    ExpectError(Send(request), 404, 5);
  }
}

TEST_F(PublicApiTest, VersionsAreComparedAsNumbers) {
  Load();
  for (const char* v : {"1", "1.0", "1.00", "1.1", "1.10"})
    EXPECT_EQ(Send(Engagement("v=" + std::string(v))).status, 201);
  for (const char* v : {"", "2", "1.2", "x", "1.1x", "%201", "1,0", "-1", "+1", "0x1"}) {
    ExpectError(Send(Engagement("v=" + std::string(v))), 400, 33, "v: ");
  }
  ExpectError(Send(Engagement("")), 400, 33, "v: ");
  EXPECT_EQ(Send(Engagement("v=1&v=7")).status, 201);
  ExpectError(Send(Engagement("v=7&v=1")), 400, 33);
}

TEST_F(PublicApiErrors, ComeInTheirOrder) {
  Load();
  MemoryRequest request = Engagement("v=9&vid=!&sid=!", std::string(65'537, '{'));
  request.target_path = "/nowhere";
  request.verb = http::Method::kDelete;
  ExpectError(Send(request), 413, 5);
  request.content = "{";
  ExpectError(Send(request), 404, 5);
  request.target_path = "/api/account/no-such/app/nope/report";
  ExpectError(Send(request), 405, 5);
  request.verb = http::Method::kPut;
  ExpectError(Send(request), 400, 33);
  request.target_query = "v=1&vid=!&sid=!";
  ExpectError(Send(request), 404, 6);
  request.target_path = "/api/account/other/app/nope/report";
  ExpectError(Send(request), 404, 6);
  request.target_path = "/api/account/demo/app/nope/report";
  ExpectError(Send(request), 404, 18);
  request.target_path = "/api/account/demo/app/old/report";
  ExpectError(Send(request), 404, 18);
  request.target_path = "/api/account/demo/app/web/report";
  ExpectError(Send(request), 404, 37, "vid: ");
  request.target_query = "v=1&sid=!";
  ExpectError(Send(request), 404, 39, "sid: ");
  request.target_query = "v=1";
  ExpectError(Send(request), 400, 5, "body: ");
  request.content = R"({"engagementAttributes":[{"type":"impDisplay","campaign":1,"engId":1}]})";
  ExpectError(Send(request), 400, 5, "consumerId");
  request.target_query = "v=1&vid=x";
  ExpectError(Send(request), 400, 5, "engagementAttributes[0]");
  EXPECT_EQ(LastSeq(), 1u);  // the account's document, nothing else
}

TEST_F(PublicApiErrors, TheLargestBodyIsAccepted) {
  Load();
  std::string body = R"({"x":")" + std::string(65'536 - 8, 'x') + "\"}";
  ASSERT_EQ(body.size(), 65'536u);
  EXPECT_EQ(Send(Engagement("v=1", body)).status, 201);
  body.insert(6, "x");
  ExpectError(Send(Engagement("v=1", body)), 413, 5, "body: ");
}

TEST_F(PublicApiErrors, AWrongMethodNamesTheAllowedOnes) {
  Load();
  MemoryRequest request = Engagement();
  request.verb = http::Method::kGet;
  http::Reply reply = Send(request);
  ExpectError(reply, 405, 5);
  EXPECT_TRUE(HasHeader(reply, "Allow: POST, OPTIONS"));
}

TEST_F(PublicApiErrors, AReportMustNameSomebody) {
  Load();
  const std::string attributes = R"("engagementAttributes":[{"type":"lead"}])";
  ExpectError(Send(Report("v=1", "{" + attributes + "}")), 400, 5, "consumerId");
  ExpectError(Send(Report("v=1&vid=", R"({"consumerId":"",)" + attributes + "}")), 400, 5, "consumerId");
  EXPECT_EQ(Send(Report("v=1", R"({"consumerId":"c",)" + attributes + "}")).status, 201);
  EXPECT_EQ(Send(Report("v=1", R"({"identities":[{"acr":"0","sub":"s"}],)" + attributes + "}")).status, 201);
  EXPECT_EQ(Send(Report("v=1&vid=x", "{" + attributes + "}")).status, 201);
}

TEST_F(PublicApiTest, LoadingIsAnsweredByVersionWithTheVisitorInTheText) {
  http::Reply reply = Send(Engagement("v=1.1&vid=device"));
  ExpectError(reply, 202, 38, "Loading account: demo, vid: device");
  EXPECT_EQ(Text(reply, "message"), "Loading account: demo, vid: device");
  EXPECT_EQ(Text(reply, "visitorId"), "device");
  reply = Send(Engagement("v=1.0"));
  ExpectError(reply, 500, 20);
  EXPECT_EQ(Text(reply, "message"), "Loading account: demo, vid: " + Text(reply, "visitorId"));
  EXPECT_EQ(Text(reply, "visitorId").size(), 32u);
  EXPECT_EQ(LastSeq(), 0u);
}

TEST_F(PublicApiTest, AnAccountWhoseStoredDocumentIsRefusedIsNotSaidToBeUnknown) {
  StoreRefusedDocument(*store_, {});
  ASSERT_TRUE(accounts_->Start(""));
  ExpectError(Send(Engagement()), 202, 38, "Loading account: demo");
  ExpectError(Send(Engagement("v=1.0")), 500, 20, "Loading account: demo");
  ASSERT_TRUE(accounts_->Put({AccountId("demo"), TestDocument(), "admin", std::nullopt}));
  EXPECT_EQ(Send(Engagement()).status, 201);
}

TEST_F(PublicApiTest, APassedDeadlineIsAnsweredLikeLoadingInEitherVersion) {
  api_options_.deadline = std::chrono::milliseconds(0);
  Restart();
  Load();
  http::Reply reply = Send(Engagement("v=1.1&vid=device"));
  ExpectError(reply, 500, 20);
  EXPECT_EQ(Text(reply, "message"), "Loading account: demo, vid: device");
  EXPECT_EQ(Text(reply, "visitorId"), "device");
}

TEST_F(PublicApiTest, WhileDrainingEverythingIsRefused) {
  Load();
  api_->StartDraining();
  for (const char* path : {"/api/account/demo/app/web/engagement", "/nowhere"}) {
    MemoryRequest request = Engagement();
    request.target_path = path;
    http::Reply reply = Send(request);
    ExpectError(reply, 503, 18);
    EXPECT_TRUE(HasHeader(reply, "Retry-After: "));
  }
}

TEST_F(PublicApiTest, WhileTheNodeRefusesEverythingIsRefused) {
  Load();
  const std::string visit = NewVisit();
  api_options_.refuses = [this] { return store_->Refusal() != nullptr; };
  Restart();
  EXPECT_EQ(Send(Engagement(visit)).status, 200);
  store_->Refuse("it is an older copy");
  for (const char* path : {"/api/account/demo/app/web/engagement", "/api/account/demo/service/smt/baseURI.json"}) {
    MemoryRequest request = Engagement(visit);
    request.target_path = path;
    http::Reply reply = Send(request);
    ExpectError(reply, 503, 18, "the server's data");
    EXPECT_TRUE(HasHeader(reply, "Retry-After: "));
  }
}

TEST_F(PublicApiHeaders, AreOnEveryAnswer) {
  Load();
  MemoryRequest nowhere = Engagement();
  nowhere.target_path = "/nowhere";
  for (const MemoryRequest& request : {Engagement(), nowhere}) {
    http::Reply reply = Send(request);
    EXPECT_EQ(reply.content_type, "application/json");
    for (const char* line : {"Cache-Control: no-store", "X-Content-Type-Options: nosniff",
                             "X-Request-Id: ", "Access-Control-Allow-Origin: *",
                             "Access-Control-Expose-Headers: X-Request-Id, Retry-After"}) {
      EXPECT_TRUE(HasHeader(reply, line)) << line;
    }
  }
}

TEST_F(PublicApiHeaders, TheClientsRequestIdIsKeptIfItIsUsable) {
  Load();
  MemoryRequest request = Engagement();
  request.header_values["X-Request-Id"] = "a~!1";
  EXPECT_TRUE(HasHeader(Send(request), "X-Request-Id: a~!1\r\n"));
  request.header_values["X-Request-Id"] = std::string(128, 'x');
  EXPECT_TRUE(HasHeader(Send(request), "X-Request-Id: " + std::string(128, 'x') + "\r\n"));
  for (const std::string& id : {std::string("a b"), std::string(129, 'x'), std::string("\x7f"), std::string()}) {
    request.header_values["X-Request-Id"] = id;
    http::Reply reply = Send(request);
    EXPECT_TRUE(HasHeader(reply, "X-Request-Id: "));
    EXPECT_FALSE(HasHeader(reply, "X-Request-Id: " + id + "\r\n"));
  }
}

TEST_F(PublicApiHeaders, APreflightIsAnswered204AndCached) {
  MemoryRequest request = Engagement("");
  request.verb = http::Method::kOptions;
  http::Reply reply = Send(request);
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.body, "");
  for (const char* line : {"Access-Control-Allow-Methods: GET, POST, PUT, OPTIONS", "Access-Control-Max-Age: ",
                           "X-HTTP-Method-Override", "traceparent", "Allow: POST, OPTIONS"}) {
    EXPECT_TRUE(HasHeader(reply, line)) << line;
  }
}

TEST_F(PublicApiTest, OverTheCapOfNewSessionsIsBusyAndOthersGoOn) {
  Load(TestDocument(R"(,"caps":{"newSessions":{"perSecond":0.001,"burst":1}})"));
  const std::string visit = NewVisit();
  const std::uint64_t last = LastSeq();
  http::Reply reply = Send(Engagement());
  ExpectError(reply, 503, 18);
  EXPECT_TRUE(HasHeader(reply, "Retry-After: 1000")) << reply.headers.text();
  EXPECT_EQ(LastSeq(), last);
  EXPECT_EQ(Send(Engagement(visit)).status, 200);
}

// Memory ends between the commit and the answer: 500 would say that nothing was recorded.
TEST_F(PublicApiTest, WhatIsRecordedAndCanNotBeAnsweredIsNotDenied) {
  struct Forgetful : ForwardingStore {
    using ForwardingStore::ForwardingStore;
    void AppendThen(AppendRequest request, Done done) override {
      ForwardingStore::AppendThen(std::move(request),
                                  [done = std::move(done)](const auto&) mutable { done = nullptr; });
    }
  };
  Load();
  const std::string visit = NewVisit();
  Forgetful forgetful(*store_);
  EXPECT_EQ(forgetful.Append({.key = "demo/", .now = now_, .states = {{StateTable::kMeta, "k", "v"}}}).error(),
            StoreError::kUnacknowledged);
  Visits visits(forgetful, *master_key_, visits_options_);
  PublicApi api({*accounts_, visits, *master_key_}, api_options_);
  const std::string body = R"({"pageId":"p1","engagementAttributes":[{"type":"searchInfo"}]})";
  const std::string visitor = visit.substr(visit.find("vid=") + 4, 32);
  for (const MemoryRequest& request :
       {Report(visit, body), Sibling(http::Method::kPut, visitor, "events", visit, R"([{"type":"searchInfo"}])")}) {
    const std::uint64_t before = LastSeq();
    std::promise<http::Reply> reply;
    bool is_left = false;
    api.Handle(request, [&](http::Reply answer) {
      is_left = visits.owner.Own(AccountId("demo"), VisitorId(visitor), std::chrono::steady_clock::now()).has_value();
      reply.set_value(std::move(answer));
    });
    EXPECT_TRUE(reply.get_future().get().unanswered);
    EXPECT_TRUE(is_left) << "or a server that goes would be gone before";
    EXPECT_GT(LastSeq(), before);
  }
}

TEST_F(PublicApiTest, RefusedRequestsSpendNoTokens) {
  Load(TestDocument(R"(,"caps":{"newSessions":{"perSecond":0.001,"burst":1}})"));
  for (int i = 0; i < 3; ++i) {
    ExpectError(Send(Report("v=1&vid=x", R"({"engagementAttributes":[{"type":"impClose","campaign":41,"engId":1}]})")),
                400, 5);
  }
  EXPECT_EQ(Send(Engagement()).status, 201);
}

TEST_F(PublicApiTest, AddressesAreTheEdgesPeerAndNotCountedOnBehalf) {
  Load(TestDocument(R"(,"caps":{"newSessionsPerAddress":{"perSecond":0.001,"burst":1}})"));
  MemoryRequest request = Engagement();
  request.header_values["X-Forwarded-For"] = "203.0.113.9, 192.0.2.1";
  EXPECT_EQ(Send(request).status, 201);
  ExpectError(Send(request), 503, 18);
  request.header_values["X-Forwarded-For"] = "198.51.100.1, 203.0.113.9, 192.0.2.1";
  ExpectError(Send(request), 503, 18);
  request.header_values["X-Forwarded-For"] = "192.0.2.1, 203.0.113.9";
  EXPECT_EQ(Send(request).status, 201);
  for (const char* obh : {"true", "TRUE", "True"}) {
    request.target_query = "v=1&obh=" + std::string(obh);
    EXPECT_EQ(Send(request).status, 201);
  }
  request.target_query = "v=1&obh=1";
  ExpectError(Send(request), 503, 18);
}

}  // namespace
}  // namespace monitor
