#include "api/requests/request_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr auto kEngagement = VisitRequest::Kind::kEngagement;
constexpr auto kReport = VisitRequest::Kind::kReport;

RequestBody Accepted(std::string_view body, VisitRequest::Kind kind = kEngagement) {
  auto parsed = ParseRequestBody(body, kind);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? std::move(*parsed) : RequestBody{};
}

std::string Refused(std::string_view body, VisitRequest::Kind kind = kEngagement) {
  auto parsed = ParseRequestBody(body, kind);
  EXPECT_FALSE(parsed);
  return parsed ? "" : parsed.error().message;
}

std::string Repeat(std::string_view text, int times, std::string_view between = "") {
  std::string out;
  for (int i = 0; i < times; ++i) {
    if (i > 0) out += between;
    out += text;
  }
  return out;
}

TEST(RequestBody, AnEmptyBodyIsAnEmptyObject) {
  RequestBody body = Accepted("");
  EXPECT_FALSE(body.page);
  EXPECT_FALSE(body.client_properties);
  EXPECT_TRUE(body.attributes.empty());
}

TEST(RequestBody, MustBeAnObject) {
  for (const char* text : {"[]", "null", "1", "\"x\"", "true"})
    EXPECT_THAT(Refused(text), StartsWith("body: ")) << text;
}

TEST(RequestBody, MustBeJson) {
  for (const char* text : {"{", "{}x", "{\"a\":}", "{'a':1}", " ", "{\"a\":01}"}) {
    EXPECT_THAT(Refused(text), StartsWith("body: ")) << text;
  }
  EXPECT_THAT(Refused(std::string_view("{}\0", 3)), StartsWith("body: "));
}

TEST(RequestBody, NumbersMustBeFinite) { EXPECT_THAT(Refused(R"({"a":1e999})"), StartsWith("a: ")); }

TEST(RequestBody, ByteOrderMarksAreReadOver) {
  EXPECT_EQ(Accepted("\xEF\xBB\xBF{\"pageId\":\"p\"}").page, PageId("p"));
  EXPECT_EQ(Accepted("\xEF\xBB\xBF\xEF\xBB\xBF{\"pageId\":\"p\"}").page, PageId("p"));
  Accepted("\xEF\xBB\xBF");
  EXPECT_THAT(Refused("{}\xEF\xBB\xBF"), StartsWith("body: "));
}

TEST(RequestBody, MustBeUtf8) { EXPECT_THAT(Refused("{\"a\":\"\xff\"}"), StartsWith("body: ")); }

TEST(RequestBody, KeysMayNotComeTwice) {
  EXPECT_THAT(Refused(R"({"pageId":"1","pageId":"2"})"), StartsWith("body: "));
  EXPECT_THAT(Refused(R"({"unknown":{"a":1,"a":2}})"), StartsWith("body: "));
}

TEST(RequestBody, MayBe32DeepAndNotMore) {
  Accepted(R"({"a":)" + std::string(31, '[') + std::string(31, ']') + "}");
  EXPECT_THAT(Refused(R"({"a":)" + std::string(32, '[') + std::string(32, ']') + "}"), StartsWith("body: "));
}

TEST(RequestBody, NullCountsAsAbsent) {
  Accepted(R"({"consumerId":null,"identities":null,"clientProperties":null,"entryPoints":null,
               "engagementAttributes":null,"pageId":null})");
}

TEST(RequestBody, UnknownFieldsAreIgnored) { Accepted(R"({"somethingElse":{"x":[1,2]}})"); }

TEST(RequestBody, ConsumerIdIsAnAuthenticatedIdentityWithoutIssuer) {
  RequestBody body = Accepted(R"({"consumerId":"c1"})");
  ASSERT_EQ(body.identities.size(), 1u);
  EXPECT_EQ(body.identities[0].sub, "c1");
  EXPECT_EQ(body.identities[0].iss, "");
  EXPECT_TRUE(body.identities[0].authenticated());
}

TEST(RequestBody, AnEmptyConsumerIdNamesNobody) { EXPECT_TRUE(Accepted(R"({"consumerId":""})").identities.empty()); }

TEST(RequestBody, ConsumerIdHasAtMost256Characters) {
  Accepted(R"({"consumerId":")" + Repeat("ü", 256) + "\"}");
  EXPECT_THAT(Refused(R"({"consumerId":")" + Repeat("ü", 257) + "\"}"), StartsWith("consumerId: "));
  EXPECT_EQ(Accepted(R"({"consumerId":12345})").identities.at(0).sub, "12345");
  EXPECT_THAT(Refused(R"({"consumerId":[1]})"), StartsWith("consumerId: "));
}

TEST(RequestBody, IdentitiesNeedAcrAndSub) {
  RequestBody body = Accepted(R"({"identities":[{"iss":"i","acr":"loa1","sub":"s"},{"acr":"0","sub":"t"}]})");
  ASSERT_EQ(body.identities.size(), 2u);
  EXPECT_TRUE(body.identities[0].authenticated());
  EXPECT_FALSE(body.identities[1].authenticated());
  EXPECT_THAT(Refused(R"({"identities":[{"sub":"s"}]})"), StartsWith("identities[0].acr: "));
  EXPECT_THAT(Refused(R"({"identities":[{"acr":"0"}]})"), StartsWith("identities[0].sub: "));
  EXPECT_THAT(Refused(R"({"identities":[{"acr":"loa2","sub":"s"}]})"), StartsWith("identities[0].acr: "));
  EXPECT_THAT(Refused(R"({"identities":[{"acr":1,"sub":"s"}]})"), StartsWith("identities[0].acr: "));
  EXPECT_EQ(Accepted(R"({"identities":[{"acr":0,"sub":7}]})").identities.at(0).sub, "7");
  Accepted(R"({"identities":[)" + Repeat(R"({"acr":"0","sub":"s"})", 20, ",") + "]}");
  EXPECT_THAT(Refused(R"({"identities":[)" + Repeat(R"({"acr":"0","sub":"s"})", 21, ",") + "]}"),
              StartsWith("identities: "));
  EXPECT_THAT(Refused(R"({"identities":[{"acr":"0","sub":""}]})"), StartsWith("identities[0].sub: "));
  EXPECT_THAT(Refused(R"({"identities":[{"acr":"0","sub":"s","iss":{}}]})"), StartsWith("identities[0].iss: "));
  EXPECT_THAT(Refused(R"({"identities":[{"acr":"0","sub":"s"},null]})"), StartsWith("identities[1]: "));
  EXPECT_THAT(Refused(R"({"identities":{}})"), StartsWith("identities: "));
}

TEST(RequestBody, ClientPropertiesAreKeptWithAliasesUnderTheirMainName) {
  RequestBody body = Accepted(
      R"({"clientProperties":{"osName":"IOS","deviceFamily":"TABLET","ipAddress":"192.0.2.7","appVersion":"1",
          "osVersion":"2","x":[1.50,null],"referrer":"https://r"}})");
  ASSERT_TRUE(body.client_properties);
  EXPECT_EQ(body.client_properties->json,
            R"({"os":"IOS","deviceFamily":"TABLET","ipAddress":"192.0.2.7","appVersion":"1","osVersion":"2",)"
            R"("x":[1.50,null],"referrer":"https://r"})");
  EXPECT_EQ(body.client_properties->device_family, DeviceFamily::kTablet);
  EXPECT_EQ(body.client_properties->referrer, "https://r");
  EXPECT_EQ(body.ip_address, "192.0.2.7");
}

TEST(RequestBody, TheMainNameWinsOverItsAlias) {
  EXPECT_EQ(Accepted(R"({"clientProperties":{"osName":"IOS","os":"LINUX"}})").client_properties->json,
            R"({"os":"LINUX"})");
  EXPECT_EQ(Accepted(R"({"clientProperties":{"osName":"IOS","os":null}})").client_properties->json, R"({"os":"IOS"})");
}

TEST(RequestBody, ClientPropertiesAreValidated) {
  EXPECT_THAT(Refused(R"({"clientProperties":[]})"), StartsWith("clientProperties: "));
  EXPECT_THAT(Refused(R"({"clientProperties":{"deviceFamily":"PHONE"}})"),
              StartsWith("clientProperties.deviceFamily: "));
  EXPECT_THAT(Refused(R"({"clientProperties":{"os":"BEOS"}})"), StartsWith("clientProperties.os: "));
  EXPECT_THAT(Refused(R"({"clientProperties":{"osName":"ios"}})"), StartsWith("clientProperties.osName: "));
  EXPECT_THAT(Refused(R"({"clientProperties":{"ipAddress":"1.2.3"}})"), StartsWith("clientProperties.ipAddress: "));
  EXPECT_THAT(Refused(R"({"clientProperties":{"ipAddress":"256.1.1.1"}})"), StartsWith("clientProperties.ipAddress: "));
  EXPECT_THAT(Refused(R"({"clientProperties":{"appVersion":{}}})"), StartsWith("clientProperties.appVersion: "));
  EXPECT_THAT(Refused(R"({"clientProperties":{"osVersion":[]}})"), StartsWith("clientProperties.osVersion: "));
  EXPECT_EQ(Accepted(R"({"clientProperties":{"ipAddress":"2001:db8::1"}})").ip_address, "2001:db8::1");
  const RequestBody ported = Accepted(R"({"clientProperties":{"ipAddress":"203.0.113.7:51234","appVersion":2}})");
  EXPECT_EQ(ported.ip_address, "203.0.113.7");
  EXPECT_EQ(ported.client_properties->json, R"({"ipAddress":"203.0.113.7","appVersion":"2"})");
}

TEST(RequestBody, EntryPointsMayBeACommaDelimitedString) {
  EXPECT_THAT(Accepted(R"({"entryPoints":["https://a/?x=1,2","sec://Food","foo://x"]})").entry_points,
              ElementsAre("https://a/?x=1,2", "sec://Food", "foo://x"));
  EXPECT_THAT(Accepted(R"({"entryPoints":"https://a, sec://Food,,lang://De"})").entry_points,
              ElementsAre("https://a", "sec://Food", "lang://De"));
  EXPECT_TRUE(Accepted(R"({"entryPoints":""})").entry_points.empty());
  EXPECT_THAT(Accepted(R"({"entryPoints":[1]})").entry_points, ElementsAre("1"));
  EXPECT_THAT(Refused(R"({"entryPoints":[{}]})"), StartsWith("entryPoints[0]: "));
  EXPECT_THAT(Refused(R"({"entryPoints":["a://b",null]})"), StartsWith("entryPoints[1]: "));
  EXPECT_THAT(Refused(R"({"entryPoints":7})"), StartsWith("entryPoints: "));
}

TEST(RequestBody, EntryPointsAreLimitedInNumberAndLength) {
  EXPECT_EQ(Accepted(R"({"entryPoints":[)" + Repeat("\"a://b\"", 50, ",") + "]}").entry_points.size(), 50u);
  EXPECT_EQ(Accepted(R"({"entryPoints":")" + Repeat("a://b", 50, ",") + "\"}").entry_points.size(), 50u);
  EXPECT_THAT(Refused(R"({"entryPoints":[)" + Repeat("\"a://b\"", 51, ",") + "]}"), StartsWith("entryPoints: "));
  EXPECT_THAT(Refused(R"({"entryPoints":")" + Repeat("a://b", 51, ",") + "\"}"), StartsWith("entryPoints: "));
  Accepted(R"({"entryPoints":[")" + std::string(2048, 'a') + "\"]}");
  EXPECT_THAT(Accepted(R"({"entryPoints":["a",")" + Repeat("ü", 3000) + "\"]}").entry_points,
              ElementsAre("a", Repeat("ü", 2048)));
}

TEST(RequestBody, PageIdHasAtMost64Characters) {
  EXPECT_EQ(Accepted(R"({"pageId":"p"})").page, PageId("p"));
  Accepted(R"({"pageId":")" + std::string(64, 'p') + "\"}");
  EXPECT_THAT(Refused(R"({"pageId":")" + std::string(65, 'p') + "\"}"), StartsWith("pageId: "));
  EXPECT_EQ(Accepted(R"({"pageId":1})").page, PageId("1"));
  EXPECT_THAT(Refused(R"({"pageId":[1]})"), StartsWith("pageId: "));
}

TEST(RequestBody, AReportNeedsAttributes) {
  EXPECT_THAT(Refused("{}", kReport), StartsWith("engagementAttributes: "));
  EXPECT_THAT(Refused("", kReport), StartsWith("engagementAttributes: "));
  EXPECT_THAT(Refused(R"({"engagementAttributes":[]})", kReport), StartsWith("engagementAttributes: "));
  EXPECT_THAT(Refused(R"({"engagementAttributes":null})", kReport), StartsWith("engagementAttributes: "));
  EXPECT_THAT(Refused(R"({"engagementAttributes":{}})", kReport), StartsWith("engagementAttributes: "));
}

TEST(RequestBody, AnEngagementRequestHoldsNoImpressions) {
  Accepted(R"({"engagementAttributes":[]})");
  EXPECT_THAT(
      Refused(R"({"engagementAttributes":[{"type":"searchInfo"},{"type":"impDisplay","campaign":1,"engId":2}]})"),
      StartsWith("engagementAttributes[1].type: "));
}

TEST(RequestBody, HoldsAtMost100Attributes) {
  const std::string lead = R"({"type":"lead"})";
  EXPECT_EQ(Accepted(R"({"engagementAttributes":[)" + Repeat(lead, 100, ",") + "]}", kReport).attributes.size(), 100u);
  EXPECT_THAT(Refused(R"({"engagementAttributes":[)" + Repeat(lead, 101, ",") + "]}", kReport),
              StartsWith("engagementAttributes: "));
}

TEST(RequestBody, ImpressionsAreTakenOutAndKeepTheirPlace) {
  RequestBody body = Accepted(
      R"({"engagementAttributes":[{"type":"lead"},
          {"type":"impAccept","campaign":"41","engId":4101.0,"revision":7,"eContext":[null,{"type":"other"},
           {"type":"engagementContext","id":"3"},{"type":"engagementContext","id":"4"}]}]})",
      kReport);
  ASSERT_EQ(body.attributes.size(), 1u);
  ASSERT_EQ(body.impressions.size(), 1u);
  EXPECT_EQ(body.impressions[0].kind, ImpressionKind::kAccept);
  EXPECT_EQ(body.impressions[0].campaign_id, 41);
  EXPECT_EQ(body.impressions[0].engagement_id, 4101);
  EXPECT_EQ(body.impressions[0].revision, 7);
  EXPECT_EQ(body.impressions[0].context_id, "3");
  EXPECT_EQ(body.impressions[0].index, 1u);
}

TEST(RequestBody, AttributeErrorsNameTheirPlace) {
  const std::string cart = R"({"engagementAttributes":[{"type":"lead"},{"type":"cart","numItems":1,"total":"x"}]})";
  EXPECT_THAT(Refused(cart), StartsWith("engagementAttributes[1].total: "));
  EXPECT_THAT(Refused(R"({"engagementAttributes":[null]})"), StartsWith("engagementAttributes[0]: "));
}

TEST(EventsBody, IsAnArrayOfAttributes) {
  auto body = ParseEventsBody(R"([{"type":"lead"},{"type":"impClose","campaign":1,"engId":2}])");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->attributes.size(), 1u);
  EXPECT_EQ(body->impressions.size(), 1u);
  for (const char* text : {"", "{}", "[]", "null"}) {
    auto refused = ParseEventsBody(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, StartsWith("body: "));
  }
  EXPECT_THAT(ParseEventsBody(R"([{"type":"cart"}])").error().message, StartsWith("[0].total: "));
}

}  // namespace
}  // namespace monitor
