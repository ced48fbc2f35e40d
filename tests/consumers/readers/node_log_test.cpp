#include "consumers/readers/node_log.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

NodeLog Log() {
  return *ParseNodeLog(R"({"origin":"7f3a9c01.3","first":"1","last":"9","relayed":"0","origins":[)"
                       R"({"origin":"7f3a9c01.2","first":"41","last":"60"},)"
                       R"({"origin":"7f3a9c01.3","first":"1","last":"9"}]})");
}

TEST(NodeLog, WithoutARangeIsRefused) {
  EXPECT_FALSE(ParseNodeLog("{}"));
  EXPECT_FALSE(ParseNodeLog(R"({"origins":[]})"));
  EXPECT_FALSE(ParseNodeLog(R"({"origins":[{"origin":"7f3a9c01.1","first":"1","last":"-1"}]})"));
}

TEST(NodeLog, WhatIsUnreadAddsUpOverItsOrigins) {
  EXPECT_EQ(Unread(Log(), {}), 20u + 9u);
  EXPECT_EQ(Unread(Log(), {{"7f3a9c01.2", 50}}), 10u + 9u);
  EXPECT_EQ(Unread(Log(), {{"7f3a9c01.2", 60}, {"7f3a9c01.3", 9}}), 0u);
  EXPECT_EQ(Unread(Log(), {{"7f3a9c01.2", 60}, {"7f3a9c01.3", 12}}), 0u);
}

TEST(NodeLog, WhatWasCountedOfItMayBeAnyPartOfIt) {
  EXPECT_EQ(WhyAhead(Log(), {}), std::nullopt);
  EXPECT_EQ(WhyAhead(Log(), {{"7f3a9c01.2", 60}, {"7f3a9c01.3", 9}}), std::nullopt);
  EXPECT_EQ(WhyAhead(Log(), {{"7f3a9c01.1", 500}, {"7f3a9c01.2", 10}}), std::nullopt) << "trimmed";
  EXPECT_EQ(WhyAhead(Log(), {{"7f3a9c01.2", 1'000}, {"7f3a9c01.3", 1}}), std::nullopt) << "restored without the rest";
}

TEST(NodeLog, MoreThanItHoldsIsAhead) {
  EXPECT_EQ(WhyAhead(Log(), {{"7f3a9c01.3", 10}}),
            "the view is ahead of the log: 7f3a9c01.3 is counted up to 10, the node has it up to 9");
  EXPECT_EQ(WhyAhead(Log(), {{"7f3a9c01.4", 1}}),
            "the view is ahead of the log: 7f3a9c01.4 is counted up to 1, the node does not know it");
  EXPECT_NE(WhyAhead(Log(), {{"0badcafe.1", 1}}), std::nullopt) << "another node's";
}

}  // namespace
}  // namespace monitor
