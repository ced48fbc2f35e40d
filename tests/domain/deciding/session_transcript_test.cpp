#include "domain/deciding/session_transcript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(SessionTranscript, HoldsWhatWasSaidWordForWord) {
  SessionTranscript transcript;
  const auto fold = [&](EventData data) { Evolve(transcript, Event{{}, std::move(data)}); };
  SessionCreated created;
  created.user_agent = "Firefox";
  created.client_properties.json = R"({"a":1})";
  fold(created);
  ActivityReported activity;
  activity.page_id = PageId("p1");
  activity.entry_points = {"sec://a", "sec://a", "sec://b"};
  activity.engagement_attributes = {{AttributeType::kCart, "{}"}};
  fold(activity);
  activity.client_properties = ClientProperties{.json = R"({"a":2})"};
  fold(activity);
  activity.page_id = PageId("p2");
  fold(activity);
  fold(SessionClosed{"erased"});
  EXPECT_EQ(transcript.user_agent, "Firefox");
  EXPECT_EQ(transcript.client_properties_json, R"({"a":2})");
  ASSERT_THAT(transcript.pages, SizeIs(2));
  EXPECT_THAT(transcript.pages[0].entry_points, ElementsAre("sec://a", "sec://b"));
  EXPECT_THAT(transcript.attributes, SizeIs(3));
}

}  // namespace
}  // namespace monitor
