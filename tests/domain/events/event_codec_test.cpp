#include "domain/events/event_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "domain/values/json.h"
#include "tests/domain/events/plain_cipher.h"
#include "tests/domain/events/sample_events.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const PlainCipher kCipher;
const NoKey kNoKey;

std::string Golden(std::string_view type) {
  std::ifstream file(std::string(MONITOR_SOURCE_DIR) + "/tests/golden/" + std::string(type) + ".v1.json");
  std::stringstream text;
  text << file.rdbuf();
  std::string json = text.str();
  if (json.ends_with('\n')) json.pop_back();
  return json;
}

Event Decoded(std::string_view type, std::string_view json, const FieldCipher& cipher = kCipher) {
  auto event = DecodeEventData(type, json, cipher);
  EXPECT_TRUE(event) << (event ? "" : event.error().message);
  return event.value_or(Event{});
}

std::string EncodedActivity(const ActivityReported& data, EncodeOptions options = {}) {
  return EncodeEventData({SampleScope(), data}, kCipher, options);
}

ActivityReported ReadBack(const ActivityReported& data, const FieldCipher& cipher = kCipher) {
  return std::get<ActivityReported>(Decoded("activity-reported", EncodedActivity(data), cipher).data);
}

TEST(EventCodec, SamplesHoldEveryType) {
  std::set<std::size_t> types;
  for (const Event& event : SampleEvents()) types.insert(event.data.index());
  EXPECT_EQ(types.size(), std::variant_size_v<EventData>);
}

TEST(EventCodec, EveryTypeEncodesToItsGoldenFile) {
  for (const Event& event : SampleEvents()) {
    EXPECT_EQ(EncodeEventData(event, kCipher), Golden(TypeName(event.data))) << TypeName(event.data);
  }
}

TEST(EventCodec, EveryGoldenFileReadsAndEncodesToTheSameBytes) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    Event read = Decoded(type, Golden(type));
    EXPECT_EQ(TypeName(read.data), type);
    EXPECT_EQ(read.scope.stream(), event.scope.stream()) << type;
    EXPECT_EQ(EncodeEventData(read, kCipher), Golden(type)) << type;
  }
}

TEST(EventCodec, EveryGoldenFileReadsWithoutTheKeyToo) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    EXPECT_EQ(Decoded(type, Golden(type), kNoKey).scope.account.str(), "demo") << type;
  }
}

TEST(EventCodec, RefusesDataWithoutARequiredField) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    auto refused = DecodeEventData(type, "{}", kCipher);
    ASSERT_FALSE(refused) << type;
    EXPECT_EQ(refused.error().message, "accountId is missing");
  }
  EXPECT_EQ(DecodeEventData("session-closed", R"({"accountId":"demo"})", kCipher).error().message, "reason is missing");
}

TEST(EventCodec, RefusesUnknownTypesWordsAndNumbers) {
  EXPECT_FALSE(DecodeEventData("session-opened", R"({"accountId":"demo"})", kCipher));
  EXPECT_FALSE(DecodeEventData("session-closed", "[]", kCipher));
  EXPECT_FALSE(DecodeEventData("session-closed", "{", kCipher));
  EXPECT_FALSE(
      DecodeEventData("skill-availability-changed", R"({"accountId":"a","skillId":1,"state":"away"})", kCipher));
  EXPECT_FALSE(
      DecodeEventData("skill-availability-changed", R"({"accountId":"a","skillId":1.5,"state":"busy"})", kCipher));
}

TEST(EventCodec, SurvivesEveryCutOfEveryGoldenFile) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    std::string json = Golden(type);
    for (std::size_t size = 0; size < json.size(); ++size) {
      EXPECT_FALSE(DecodeEventData(type, json.substr(0, size), kCipher)) << type << " cut to " << size;
    }
  }
}

TEST(EventCodec, IgnoresFieldsThatALaterVersionMayAdd) {
  std::string json = R"({"later":{"x":[1]},"accountId":"demo","visitorId":"v","sessionId":"s","reason":"erased"})";
  EXPECT_EQ(std::get<SessionClosed>(Decoded("session-closed", json).data).reason, "erased");
}

TEST(EventPrivacy, NothingPersonalStandsInClear) {
  std::string json =
      EncodedActivity(SampleActivity()) + EncodeEventData({SampleScope(), SampleSessionCreated()}, kCipher);
  for (std::string_view personal :
       {"Ann", "a@b.c", "red shoes", "user=ann", "#pay", "id.example", "guest", "203.0.113.77", "Mozilla", "q=new"}) {
    EXPECT_THAT(json, Not(HasSubstr(std::string(personal))));
  }
  EXPECT_THAT(json, HasSubstr("o-1"));  // pseudonymous, and consumers need it
}

TEST(EventPrivacy, SealedAttributesKeepTypeAndNothingElse) {
  ActivityReported data = SampleActivity();
  data.goals.clear();
  for (auto type :
       {AttributeType::kPersonal, AttributeType::kCtmrinfo, AttributeType::kSearchInfo, AttributeType::kError}) {
    std::string text = R"({"type":")" + std::string(ToText(type)) + R"(","secret":"x"})";
    data.engagement_attributes = {{type, text}};
    std::string expected = R"("engagementAttributes":[{"type":")" + std::string(ToText(type)) + R"(","enc":")" +
                           kCipher.Seal(text) + R"("}])";
    EXPECT_THAT(EncodedActivity(data), HasSubstr(expected));
    EXPECT_EQ(ReadBack(data).engagement_attributes.at(0).json, text);
  }
}

TEST(EventPrivacy, AClearAttributesOwnEncFieldStays) {
  ActivityReported data = SampleActivity();
  data.goals.clear();
  data.engagement_attributes = {{AttributeType::kLead, R"({"type":"lead","enc":"QUJD"})"}};
  EXPECT_EQ(ReadBack(data, kNoKey).engagement_attributes.at(0).json, R"({"type":"lead","enc":"QUJD"})");
  EXPECT_THAT(OpenSealedFields(EncodedActivity(data), kCipher), HasSubstr(R"({"type":"lead","enc":"QUJD"})"));
}

TEST(EventPrivacy, EntryPointsAreCutAndSealedOnlyIfThereIsAQueryOrFragment) {
  ActivityReported data = SampleActivity();
  data.entry_points = {"https://a.example/x", "sec://Sport"};
  EXPECT_THAT(EncodedActivity(data), HasSubstr(R"("entryPoints":["https://a.example/x","sec://Sport"],)"));
  EXPECT_THAT(EncodedActivity(data), Not(HasSubstr("entryPointsEnc")));
  data.entry_points = {"https://a.example/x#top", "sec://Sport"};
  EXPECT_THAT(EncodedActivity(data),
              HasSubstr(R"("entryPoints":["https://a.example/x","sec://Sport"],"entryPointsEnc":{)"));
  EXPECT_THAT(ReadBack(data).entry_points, ElementsAre("https://a.example/x#top", "sec://Sport"));
  EXPECT_THAT(ReadBack(data, kNoKey).entry_points, ElementsAre("https://a.example/x", "sec://Sport"));
}

TEST(EventPrivacy, WithoutTheKeyGoalsStillNameTheirAttribute) {
  ActivityReported read = ReadBack(SampleActivity(), kNoKey);
  ASSERT_EQ(read.engagement_attributes.size(), 1u);  // the personal one before it is left out
  ASSERT_EQ(read.goals.size(), 1u);
  EXPECT_EQ(read.goals[0].attribute, 0u);
  EXPECT_EQ(read.engagement_attributes[read.goals[0].attribute].type, AttributeType::kPurchase);
  EXPECT_THAT(read.identities, IsEmpty());
}

TEST(EventPrivacy, WithoutTheKeyAConversationKeepsItsIdentitysHash) {
  auto started =
      std::get<ConversationStarted>(Decoded("conversation-started", Golden("conversation-started"), kNoKey).data);
  ASSERT_TRUE(started.identity);
  EXPECT_EQ(started.identity->hash.str(), "aa11");
  EXPECT_EQ(started.identity->sub, "");
}

TEST(EventPrivacy, WithTheKeyEverythingComesBack) {
  ActivityReported read = ReadBack(SampleActivity());
  EXPECT_THAT(read.entry_points, ElementsAre("sec://Sport", "https://shop.example/cart?user=ann#pay", "lang://de"));
  ASSERT_EQ(read.identities.size(), 2u);
  EXPECT_EQ(read.identities[0].iss, "https://id.example");
  EXPECT_TRUE(read.identities[0].authenticated());
  EXPECT_EQ(read.identities[1].sub, "guest");
  EXPECT_EQ(read.identities[1].hash.str(), "bb22");
  EXPECT_EQ(read.goals.at(0).value, Decimal::Parse("129.5"));
  EXPECT_EQ(read.engagement_attributes.at(0).json, SampleActivity().engagement_attributes[0].json);
  auto created = std::get<SessionCreated>(Decoded("session-created", Golden("session-created")).data);
  EXPECT_EQ(created.client_properties.referrer, "https://search.example/find?q=new+phone");
  EXPECT_THAT(created.client_properties.json, HasSubstr("q=new+phone"));
  EXPECT_EQ(created.client_properties.device_family, DeviceFamily::kMobile);
  EXPECT_EQ(created.user_agent, SampleSessionCreated().user_agent);
}

TEST(EventPrivacy, ClientAddressIsTruncatedHoweverItsNameIsWritten) {
  ActivityReported data = SampleActivity();
  data.client_properties = ClientProperties{.json = R"({"ipAddress":"203.0.113.77"})"};
  EXPECT_THAT(EncodedActivity(data), HasSubstr(R"("clientProperties":{"ipAddress":"203.0.113.0"})"));
  EXPECT_THAT(EncodedActivity(data, {.keep_full_address = true}), HasSubstr(R"({"ipAddress":"203.0.113.77"})"));
  data.client_properties = ClientProperties{.json = R"({"ip\u0041ddress":"2001:db8:1:2::3"})"};
  EXPECT_THAT(EncodedActivity(data), HasSubstr(R"("clientProperties":{"ipAddress":"2001:db8:1::"})"));
}

TEST(EventPrivacy, WhatIsNoAddressIsNotStoredAsOne) {
  EXPECT_EQ(TruncateAddress("203.0.113.77"), "203.0.113.0");
  EXPECT_EQ(TruncateAddress("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
  EXPECT_EQ(TruncateAddress("::ffff:203.0.113.77"), "203.0.113.0");
  EXPECT_EQ(TruncateAddress("::1"), "::");
  for (std::string_view text : {"", "203.0.113", "203.0.113.256", "localhost", "203.0.113.7 ", "fe80::1%eth0", "1:2",
                                "203.0.113.77.203.0.113.77.203.0.113.77.203.0.113.77"}) {
    EXPECT_EQ(TruncateAddress(text), "") << text;
  }
  using namespace std::literals;
  EXPECT_EQ(TruncateAddress("203.0.113.77\0x"sv), "");
}

TEST(EventPrivacy, OpenedDataHoldsTheOriginalsInPlace) {
  std::string opened = OpenSealedFields(Golden("activity-reported"), kCipher);
  EXPECT_THAT(opened,
              HasSubstr(R"("entryPoints":["sec://Sport","https://shop.example/cart?user=ann#pay","lang://de"])"));
  EXPECT_THAT(opened, HasSubstr(SampleActivity().engagement_attributes[0].json));
  EXPECT_THAT(opened, HasSubstr(R"("identities":[{"iss":"https://id.example","acr":"loa1","sub":"ann"},)"));
  EXPECT_THAT(opened, Not(HasSubstr("\"enc\"")));
  opened = OpenSealedFields(Golden("session-created"), kCipher);
  EXPECT_THAT(opened, HasSubstr(R"("referrer":"https://search.example/find?q=new+phone")"));
  EXPECT_THAT(opened, HasSubstr(R"("userAgent":"Mozilla/5.0 (Linux; Android 10; K) Mobile Safari/537.36")"));
  EXPECT_THAT(opened, Not(HasSubstr("Enc\"")));
  EXPECT_TRUE(json::Document::Parse(opened));
}

TEST(EventPrivacy, WhatCannotBeOpenedStaysSealed) {
  for (const Event& event : SampleEvents()) {
    std::string golden = Golden(TypeName(event.data));
    EXPECT_EQ(OpenSealedFields(golden, kNoKey), golden);
  }
}

TEST(EventCodec, WritesRareFlagsOnlyWhenTheySaySomething) {
  std::string json = EncodedActivity({.page_id = PageId("1"), .decided_at = FromUnixMs(5)});
  EXPECT_EQ(
      json,
      R"({"accountId":"demo","visitorId":"5e0f","sessionId":"s-1","appInstallationId":"web","pageId":"1",)"
      R"("request":"report","decidedAt":5,"accountVersion":0,"entryPoints":[],"engagementAttributes":[],"goals":[]})");
}

}  // namespace
}  // namespace monitor
