#include "consumers/view/cloud_event_reader.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

// An event of demo/v; the bucket is that of its key.
std::string Line(std::string_view seq, std::string_view data) {
  return R"({"type":"monitor.session-closed","time":"2026-11-24T10:00:00.000Z","origin":"7f3a9c01.1","prevseq":"3","bucket":)" +
         std::to_string(BucketOf("demo/v")) + R"(,"seq":)" + std::string(seq) + R"(,"data":)" + std::string(data) + "}";
}

constexpr std::string_view kData = R"({"accountId":"demo","visitorId":"v","sessionId":"s","reason":"event-cap"})";

TEST(CloudEvent, StructuredAndBinaryModeGiveTheSame) {
  const auto structured = ParseCloudEvent(Line("\"7\"", kData));
  const auto binary = ParseCloudEvent({.origin = "7f3a9c01.1",
                                       .seq = "7",
                                       .prevseq = "3",
                                       .bucket = std::to_string(BucketOf("demo/v")),
                                       .type = "monitor.session-closed",
                                       .time = "2026-11-24T10:00:00.000Z"},
                                      kData);
  for (const auto& event : {structured, binary}) {
    ASSERT_TRUE(event);
    EXPECT_EQ(event->origin, "7f3a9c01.1");
    EXPECT_EQ(event->seq, 7u);
    EXPECT_EQ(event->prevseq, 3u);
    EXPECT_EQ(event->bucket, BucketOf("demo/v"));
    EXPECT_EQ(event->time, *ParseRfc3339("2026-11-24T10:00:00Z"));
    ASSERT_TRUE(event->content);
    EXPECT_EQ(event->content->scope.visitor.str(), "v");
    EXPECT_EQ(std::get<SessionClosed>(event->content->data).reason, "event-cap");
  }
}

TEST(CloudEvent, WithoutAPlaceItIsRefused) {
  EXPECT_EQ(ParseCloudEvent("{").error().substr(0, 8), "not JSON");
  EXPECT_EQ(ParseCloudEvent(Line("\"0\"", kData)).error(), "seq: no positive number");
  EXPECT_EQ(ParseCloudEvent(Line("\"3\"", kData)).error(), "prevseq: no number below seq");
}

TEST(CloudEvent, WithAPlaceAndUnreadableDataItSaysWhy) {
  for (std::string_view data : {"null", "[]", R"({"accountId":"demo"})",
                                R"({"accountId":"demo","visitorId":"other",)"
                                R"("sessionId":"s","reason":"event-cap"})",
                                R"({"accountId":"demo","visitorId":"v","sessionId":"s/x","reason":"event-cap"})",
                                R"({"accountId":"demo","visitorId":"v","sessionId":"s\u0000","reason":"event-cap"})"}) {
    const auto event = ParseCloudEvent(Line("\"7\"", data));
    ASSERT_TRUE(event) << data;
    EXPECT_EQ(event->seq, 7u);
    ASSERT_FALSE(event->content) << data;
    EXPECT_FALSE(event->content.error().empty());
  }
}

TEST(CloudEvent, OfATypeOrAVersionThatIsNotKnownItSaysSo) {
  const std::string bucket = std::to_string(BucketOf("demo/v"));
  EventAttributes attributes{.origin = "7f3a9c01.1",
                             .seq = "7",
                             .prevseq = "3",
                             .bucket = bucket,
                             .type = "monitor.visitor-praised",
                             .time = "2026-11-24T10:00:00.000Z"};
  for (const std::string_view data : {kData, std::string_view("{")}) {
    const auto event = ParseCloudEvent(attributes, data);
    ASSERT_TRUE(event && event->unknown && !event->content);
    EXPECT_EQ(event->content.error(), "the type monitor.visitor-praised is not known");
  }
  attributes.type = "monitor.session-closed";
  attributes.dataschema = "urn:monitor:schema:session-closed:2";
  const auto newer = ParseCloudEvent(attributes, kData);
  ASSERT_TRUE(newer && newer->unknown && !newer->content);
  EXPECT_EQ(newer->content.error(), "version 2 of the type monitor.session-closed is not known");
  for (const char* known : {"urn:monitor:schema:session-closed:1", "", "http://127.0.0.1:8081"}) {
    attributes.dataschema = known;
    const auto event = ParseCloudEvent(attributes, kData);
    EXPECT_TRUE(event && !event->unknown && event->content) << known;
  }
}

}  // namespace
}  // namespace monitor
