#include "consumers/view/view_keys.h"

#include <gtest/gtest.h>

namespace monitor::view {
namespace {

TEST(FactsKeys, AreTakenApartAgainInEveryBucket) {
  for (int bucket : {0, 1, 255}) {
    const std::string visitor = VisitorKey(static_cast<Bucket>(bucket), AccountId("demo"), VisitorId("v1"));
    const std::string key = FactsKey(SessionPrefix(visitor, SessionId("s1")), 258);
    const auto address = ParseFactsKey(key);
    ASSERT_TRUE(address) << bucket;
    EXPECT_EQ(address->visitor, "v1");
    EXPECT_EQ(address->session, "s1");
    EXPECT_EQ(address->ordinal, 258u);
  }
}

}  // namespace
}  // namespace monitor::view
