#include "domain/events/event_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

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

EventSchema Newest(std::string_view type) { return {type, NewestSchemaVersion(type)}; }

std::string Golden(const EventSchema& schema) {
  std::ifstream file(std::string(MONITOR_SOURCE_DIR) + "/tests/golden/" + std::string(schema.type) + ".v" +
                     std::to_string(schema.version) + ".json");
  std::stringstream text;
  text << file.rdbuf();
  std::string json = text.str();
  if (json.ends_with('\n')) json.pop_back();
  return json;
}

Event Decoded(const EventSchema& schema, std::string_view json, const FieldCipher& cipher = kCipher) {
  auto event = DecodeEventData(schema, json, cipher);
  EXPECT_TRUE(event) << (event ? "" : event.error().message);
  return event.value_or(Event{});
}

std::string EncodedActivity(const ActivityReported& data, EncodeOptions options = {}) {
  return EncodeEventData({SampleScope(), data}, kCipher, options);
}

ActivityReported ReadBack(const ActivityReported& data, const FieldCipher& cipher = kCipher) {
  return std::get<ActivityReported>(Decoded({"activity-reported"}, EncodedActivity(data), cipher).data);
}

TEST(EventCodec, SamplesHoldEveryType) {
  std::set<std::size_t> types;
  for (const Event& event : SampleEvents()) types.insert(event.data.index());
  EXPECT_EQ(types.size(), std::variant_size_v<EventData>);
}

TEST(EventCodec, EveryTypeEncodesToItsGoldenFile) {
  for (const Event& event : SampleEvents()) {
    EXPECT_EQ(EncodeEventData(event, kCipher), Golden(Newest(TypeName(event.data)))) << TypeName(event.data);
  }
}

TEST(EventCodec, EveryGoldenFileReadsAndEncodesToTheSameBytes) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    Event read = Decoded(Newest(type), Golden(Newest(type)));
    EXPECT_EQ(TypeName(read.data), type);
    EXPECT_EQ(read.scope.stream(), event.scope.stream()) << type;
    EXPECT_EQ(EncodeEventData(read, kCipher), Golden(Newest(type))) << type;
  }
}

TEST(EventCodec, EveryGoldenFileReadsWithoutTheKeyToo) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    EXPECT_EQ(Decoded(Newest(type), Golden(Newest(type)), kNoKey).scope.account.str(), "demo") << type;
  }
}

TEST(EventCodec, RefusesDataWithoutARequiredField) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    auto refused = DecodeEventData(Newest(type), "{}", kCipher);
    ASSERT_FALSE(refused) << type;
    EXPECT_EQ(refused.error().message, "accountId is missing");
  }
  EXPECT_EQ(DecodeEventData({"session-closed"}, R"({"accountId":"demo"})", kCipher).error().message,
            "reason is missing");
}

TEST(EventCodec, RefusesUnknownTypesWordsAndNumbers) {
  EXPECT_FALSE(DecodeEventData({"session-opened"}, R"({"accountId":"demo"})", kCipher));
  EXPECT_FALSE(DecodeEventData({"session-closed"}, "[]", kCipher));
  EXPECT_FALSE(DecodeEventData({"session-closed"}, "{", kCipher));
  EXPECT_FALSE(
      DecodeEventData({"skill-availability-changed"}, R"({"accountId":"a","skillId":1,"state":"away"})", kCipher));
  EXPECT_FALSE(
      DecodeEventData({"skill-availability-changed"}, R"({"accountId":"a","skillId":1.5,"state":"busy"})", kCipher));
}

TEST(EventCodec, SurvivesEveryCutOfEveryGoldenFile) {
  for (const Event& event : SampleEvents()) {
    std::string_view type = TypeName(event.data);
    std::string json = Golden(Newest(type));
    for (std::size_t size = 0; size < json.size(); ++size) {
      EXPECT_FALSE(DecodeEventData(Newest(type), json.substr(0, size), kCipher)) << type << " cut to " << size;
    }
  }
}

TEST(EventCodec, DataOfEveryOlderVersionIsReadAsWhatTheNewestWouldSay) {
  for (const Event& event : SampleEvents()) {
    const std::string_view type = TypeName(event.data);
    for (std::uint64_t version = 1; version < NewestSchemaVersion(type); ++version) {
      const Event read = Decoded({type, version}, Golden({type, version}));
      EXPECT_EQ(TypeName(read.data), type) << version;
      const std::string said_now = EncodeEventData(read, kCipher);
      EXPECT_EQ(EncodeEventData(Decoded(Newest(type), said_now), kCipher), said_now) << type << version;
    }
  }
  auto now = std::get<ConversationEnded>(Decoded({"conversation-ended", 2}, Golden({"conversation-ended", 2})).data);
  EXPECT_EQ(now.app_installation_id, AppInstallationId("web"));
  EXPECT_EQ(now.connector_id, 900);
  const Event before = Decoded({"conversation-ended", 1}, Golden({"conversation-ended", 1}));
  EXPECT_TRUE(before.scope.app_installation.empty());  // the request's that ended it
  const auto& ended = std::get<ConversationEnded>(before.data);
  EXPECT_EQ(std::tie(ended.conversation_id, ended.session_id, ended.context_id, ended.entry),
            std::tie(now.conversation_id, now.session_id, now.context_id, now.entry));
  EXPECT_FALSE(ended.app_installation_id || ended.connector_id);
}

TEST(EventCodec, AVersionThatIsNotKnownIsToldAsSuch) {
  for (const auto& [schema, message] : std::map<std::pair<std::string, std::uint64_t>, std::string>{
           {{"conversation-ended", 3}, "version 3 of the type monitor.conversation-ended is not known"},
           {{"session-closed", 0}, "version 0 of the type monitor.session-closed is not known"},
           {{"visitor-praised", 1}, "the type monitor.visitor-praised is not known"}}) {
    const auto event = DecodeEventData({schema.first, schema.second}, R"({"accountId":"demo"})", kCipher);
    ASSERT_FALSE(event);
    EXPECT_TRUE(event.error().unknown);
    EXPECT_EQ(event.error().message, message);
  }
  EXPECT_FALSE(DecodeEventData({"conversation-ended", 1}, "[]", kCipher));
}

TEST(EventCodec, DataschemasNameTypeAndVersion) {
  EXPECT_EQ(DataschemaOf({"session-closed", 12}), "urn:monitor:schema:session-closed:12");
  EXPECT_EQ(VersionIn("urn:monitor:schema:session-closed:12"), 12U);
  for (const char* other : {"", "urn:monitor:schema:session-closed:x", "https://example.org/schema:7"}) {
    EXPECT_EQ(VersionIn(other), 1U) << other;
  }
}

TEST(EventCodec, IgnoresFieldsThatALaterVersionMayAdd) {
  std::string json = R"({"later":{"x":[1]},"accountId":"demo","visitorId":"v","sessionId":"s","reason":"erased"})";
  EXPECT_EQ(std::get<SessionClosed>(Decoded({"session-closed"}, json).data).reason, "erased");
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
      std::get<ConversationStarted>(Decoded({"conversation-started"}, Golden({"conversation-started"}), kNoKey).data);
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
  auto created = std::get<SessionCreated>(Decoded({"session-created"}, Golden({"session-created"})).data);
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
  std::string opened = OpenSealedFields(Golden({"activity-reported"}), kCipher);
  EXPECT_THAT(opened,
              HasSubstr(R"("entryPoints":["sec://Sport","https://shop.example/cart?user=ann#pay","lang://de"])"));
  EXPECT_THAT(opened, HasSubstr(SampleActivity().engagement_attributes[0].json));
  EXPECT_THAT(opened, HasSubstr(R"("identities":[{"iss":"https://id.example","acr":"loa1","sub":"ann"},)"));
  EXPECT_THAT(opened, Not(HasSubstr("\"enc\"")));
  opened = OpenSealedFields(Golden({"session-created"}), kCipher);
  EXPECT_THAT(opened, HasSubstr(R"("referrer":"https://search.example/find?q=new+phone")"));
  EXPECT_THAT(opened, HasSubstr(R"("userAgent":"Mozilla/5.0 (Linux; Android 10; K) Mobile Safari/537.36")"));
  EXPECT_THAT(opened, Not(HasSubstr("Enc\"")));
  EXPECT_TRUE(json::Document::Parse(opened));
}

TEST(EventPrivacy, WhatCannotBeOpenedStaysSealed) {
  for (const Event& event : SampleEvents()) {
    std::string golden = Golden(Newest(TypeName(event.data)));
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
