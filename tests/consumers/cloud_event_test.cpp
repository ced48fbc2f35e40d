#include "consumers/cloud_event.h"

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
                                R"("sessionId":"s","reason":"event-cap"})"}) {
    const auto event = ParseCloudEvent(Line("\"7\"", data));
    ASSERT_TRUE(event) << data;
    EXPECT_EQ(event->seq, 7u);
    ASSERT_FALSE(event->content) << data;
    EXPECT_FALSE(event->content.error().empty());
  }
}

}  // namespace
}  // namespace monitor
