#include "eventstore/relay/broker_watch.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

using std::chrono::milliseconds;

constexpr BrokerWatch::Clock::time_point kStart{};
constexpr milliseconds kPatience = BrokerWatch::kPatience, kMoment{1};

TEST(BrokerWatch, GivesTheFirstConnectionItsPatience) {
  BrokerWatch watch(kStart);
  EXPECT_FALSE(watch.IsAway(kStart + kPatience - kMoment));
  EXPECT_TRUE(watch.IsAway(kStart + kPatience));
}

TEST(BrokerWatch, KnowsALostConnectionAtOnceAndUntilItIsBack) {
  BrokerWatch watch(kStart);
  watch.Waits(false, kStart);
  watch.Connected(false);
  EXPECT_TRUE(watch.IsAway(kStart));
  watch.Connected(true);
  EXPECT_FALSE(watch.IsAway(kStart));
}

TEST(BrokerWatch, CountsFromTheLastAcknowledgement) {
  BrokerWatch watch(kStart);
  watch.Waits(true, kStart);
  const auto acknowledged = kStart + kPatience - kMoment;
  watch.Waits(true, acknowledged);
  EXPECT_FALSE(watch.IsAway(kStart + kPatience));
  EXPECT_TRUE(watch.IsAway(acknowledged + kPatience));
}

TEST(BrokerWatch, HasNothingAgainstABrokerThatIsAskedNothing) {
  BrokerWatch watch(kStart);
  watch.Waits(false, kStart);
  EXPECT_FALSE(watch.IsAway(kStart + 100 * kPatience));
}

}  // namespace
}  // namespace monitor
