// The resources beside engagement and report (http-api.md section 7).
#include <gtest/gtest.h>

#include <string>

#include "tests/api/node_fixture.h"
#include "tests/api/public_api_fixture.h"

namespace monitor {
namespace {

using SiblingResources = PublicApiTest;

// Nothing is lost: enabled again, the session goes on.
TEST_F(SiblingResources, ASuspendedAccountIsUnknownToVisitors) {
  Load();
  const std::string visit = NewVisit();
  const std::string document = TestDocument();
  Load("{\"enabled\":false," + document.substr(1));
  ExpectError(Send(Engagement(visit)), 404, 6);
  ExpectError(Send(Report(visit, R"({"engagementAttributes":[{"type":"lead"}]})")), 404, 6);
  MemoryRequest base_uri;
  base_uri.verb = http::Method::kGet;
  base_uri.target_path = "/api/account/demo/service/smt/baseURI.json";
  ExpectError(Send(base_uri), 404, 6);
  ExpectError(Send(Sibling(http::Method::kGet, "device", "state")), 401, 10);
  Load(document);
  EXPECT_EQ(Send(Engagement(visit)).status, 200);
}

TEST_F(SiblingResources, BaseUriTellsTheHost) {
  Load();
  MemoryRequest request;
  request.verb = http::Method::kGet;
  request.target_path = "/api/account/demo/service/smt/baseURI.json";
  request.target_query = "version=1.0";
  request.header_values["Host"] = "monitor.example:8443";
  http::Reply reply = Send(request);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"service":"smt","account":"demo","baseURI":"monitor.example:8443"})");
  request.target_path = "/api/account/other/service/smt/baseURI.json";
  ExpectError(Send(request), 404, 6);
}

TEST_F(SiblingResources, NeedATokenAndAreCheckedInOrder) {
  Load();
  MemoryRequest request = Sibling(http::Method::kGet, "bad!", "state", "v=9&sid=bad!");
  request.header_values["Authorization"] = "Bearer wrong";
  ExpectError(Send(request), 400, 33);
  request.target_query = "v=1&sid=bad!";
  ExpectError(Send(request), 401, 10);
  request.header_values.erase("Authorization");
  ExpectError(Send(request), 401, 10);
  request.header_values["Authorization"] = "bearer s3cret";
  ExpectError(Send(request), 404, 37);
  request = Sibling(http::Method::kGet, "nobody", "state", "v=1&sid=bad!");
  ExpectError(Send(request), 404, 39);
  request.target_query = "v=1";
  ExpectError(Send(request), 404, 12);
  request.target_path = "/api/account/other/monitoring/visitors/x/visits/current/state";
  ExpectError(Send(request), 401, 10);
}

TEST_F(SiblingResources, StateShowsTheSession) {
  Load();
  MemoryRequest first = Engagement(
      "v=1&vid=device",
      R"({"pageId":"p","entryPoints":["https://a/?q=1"],"clientProperties":{"osName":"IOS","deviceFamily":"MOBILE"},)"
      R"("engagementAttributes":[{"type":"searchInfo","keywords":["boots"]}]})");
  first.header_values["User-Agent"] = "agent";
  first.header_values["X-Forwarded-For"] = "192.0.2.77";
  http::Reply created = Send(first);
  http::Reply state = Send(Sibling(http::Method::kGet, "device", "state"));
  ASSERT_EQ(state.status, 200) << state.body;
  EXPECT_EQ(Text(state, "id"), Text(created, "sessionId"));
  for (const char* part : {R"("pages":[{"pageId":"p","entryPoints":["https://a/?q=1"]}])", R"("userAgent":"agent")",
                           R"("deviceOS":"IOS")", R"("deviceFamily":"MOBILE")", R"("ipv4":"192.0.2.0")",
                           R"("events":[{"type":"searchInfo","keywords":["boots"]}])", R"("engagementId":4101)"}) {
    EXPECT_TRUE(state.body.contains(part)) << part << " " << state.body;
  }
}

TEST_F(SiblingResources, AContextIsValidUntilItIsClosed) {
  Load();
  const std::string sid = Text(Send(Engagement("v=1&vid=device")), "sessionId");
  const std::string context = "campaigns/41/engagements/4101/contexts/";
  EXPECT_EQ(Send(Sibling(http::Method::kGet, "device", context + "1", "v=1&sid=" + sid)).body, "{}");
  EXPECT_EQ(Send(Sibling(http::Method::kHead, "device", context + "1")).status, 200);
  for (const char* other : {"campaigns/42/engagements/4101/contexts/1", "campaigns/41/engagements/4102/contexts/1",
                            "campaigns/41/engagements/4101/contexts/9", "campaigns/x/engagements/4101/contexts/1"}) {
    ExpectError(Send(Sibling(http::Method::kGet, "device", other)), 404, 12);
  }
  EXPECT_EQ(Send(Report("v=1&vid=device&sid=" + sid,
                        R"({"engagementAttributes":[{"type":"impClose","campaign":41,"engId":4101}]})"))
                .status,
            200);
  ExpectError(Send(Sibling(http::Method::kGet, "device", context + "1")), 404, 12);
}

TEST_F(SiblingResources, EventsReportToTheLiveSessionOnly) {
  Load();
  const std::string body = R"([{"type":"lead","lead":{"leadId":"7"}}])";
  ExpectError(Send(Sibling(http::Method::kPut, "device", "events", "v=1", body)), 404, 12);
  Send(Engagement("v=1&vid=device"));
  MemoryRequest request = Sibling(http::Method::kPut, "device", "events", "v=1", body);
  EXPECT_EQ(Send(request).body, "{}");
  request.verb = http::Method::kPost;
  EXPECT_EQ(Send(request).status, 200);
  request.header_values["X-HTTP-Method-Override"] = "PUT";
  EXPECT_EQ(Send(request).status, 200);
  request.content = "[]";
  ExpectError(Send(request), 400, 5, "body: ");
  request.content = R"([{"type":"cart"}])";
  ExpectError(Send(request), 400, 5, "[0].total");
  EXPECT_TRUE(Send(Sibling(http::Method::kGet, "device", "state")).body.contains(R"("leadId":"7")"));
}

}  // namespace
}  // namespace monitor
