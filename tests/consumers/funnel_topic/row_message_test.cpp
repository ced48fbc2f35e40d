#include "consumers/funnel_topic/row_message.h"

#include <gtest/gtest.h>

#include "domain/values/json.h"

namespace monitor {
namespace {

TEST(RowMessages, HaveBothCountsUnderOneKey) {
  HourlyRows hours{.partition = 3, .offset = 17, .gross = {{}, {}}, .net = {{}}};
  hours.gross[0].key = {.window_start = FromUnixMs(3'600'000), .campaign_id = 41, .engagement_id = 4101};
  hours.gross[0].engagement_views = 2;
  hours.gross[1].key = {.window_start = FromUnixMs(3'600'000), .campaign_id = 41, .engagement_id = 4102};
  hours.gross[1].engagement_views = 5;
  hours.net[0].key = hours.gross[1].key;
  hours.net[0].engagement_views = 4;

  const auto messages = RowMessages(AccountId("de\"mo"), hours);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].key, R"(["de\"mo",3600000,41,4101,3])");
  EXPECT_EQ(messages[1].key, R"(["de\"mo",3600000,41,4102,3])");
  const auto only_gross = json::Document::Parse(messages[0].Value(17));
  ASSERT_TRUE(only_gross);
  EXPECT_EQ(only_gross->root().Find("offset")->text(), "17");
  EXPECT_EQ(only_gross->root().Find("gross")->Find("engagementViews")->text(), "2");
  EXPECT_EQ(only_gross->root().Find("net")->Find("engagementViews")->text(), "0");
  EXPECT_EQ(only_gross->root().Find("net")->Find("engagementId")->text(), "4101");
  EXPECT_EQ(only_gross->root().Find("net")->Find("windowStart")->text(), "3600000");
  const auto both = json::Document::Parse(messages[1].Value(17));
  EXPECT_EQ(both->root().Find("gross")->Find("engagementViews")->text(), "5");
  EXPECT_EQ(both->root().Find("net")->Find("engagementViews")->text(), "4");
}

}  // namespace
}  // namespace monitor
