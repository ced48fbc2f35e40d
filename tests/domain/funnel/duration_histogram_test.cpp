#include "domain/funnel/duration_histogram.h"

#include <gtest/gtest.h>

namespace monitor::funnel {
namespace {

TEST(DurationHistogram, IsWithinOnePercentAndAdds) {
  for (std::int64_t value = 0; value < 40'000'000; value = value * 101 / 100 + 1) {
    DurationHistogram one, two;
    one.Add(value);
    two.Add(one);
    EXPECT_LE(std::abs(static_cast<double>(*two.Percentile(50) - value)), 0.01 * static_cast<double>(value));
  }
}

TEST(DurationHistogram, TakesTheNearestRank) {
  DurationHistogram histogram;
  for (int value = 1; value <= 10; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Percentile(50), 5);
  EXPECT_EQ(histogram.Percentile(90), 9);
  EXPECT_EQ(histogram.Percentile(99), 10);
}

}  // namespace
}  // namespace monitor::funnel
