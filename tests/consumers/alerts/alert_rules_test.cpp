#include "consumers/alerts/alert_rules.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(AlertRules, AnAcceptRateIsLowOnlyOfEnoughExposures) {
  const Alert alert{.when = AlertWhen::kAcceptRateBelow, .below = 0.1, .min_exposures = 20};
  const auto judged = [&](std::uint64_t exposures, std::uint64_t accepted) {
    return Judge(alert, {.exposures = exposures, .accepted_pairs = accepted}, true);
  };
  EXPECT_TRUE(judged(20, 0).firing);
  EXPECT_TRUE(judged(20, 1).firing);
  EXPECT_EQ(judged(20, 1).value, 0.05);
  EXPECT_FALSE(judged(20, 2).firing);  // it is the rate, not below it
  EXPECT_FALSE(judged(19, 0).firing);
  EXPECT_FALSE(judged(0, 0).firing);
  EXPECT_EQ(judged(0, 0).value, std::nullopt);
}

TEST(AlertRules, NobodyIsEligibleOnlyWhereSomebodyCame) {
  const Alert alert{.when = AlertWhen::kNeverEligible};
  EXPECT_TRUE(Judge(alert, {.prospects = 0, .visitors = true}, false).firing);
  EXPECT_FALSE(Judge(alert, {.prospects = 0, .visitors = false}, false).firing);
  EXPECT_TRUE(Judge(alert, {.prospects = 0, .visitors = false}, true).firing);  // at night, too
  EXPECT_FALSE(Judge(alert, {.prospects = 1, .visitors = true}, true).firing);
}

TEST(AlertRules, AGoalThatStoppedHasStoppedUntilItIsReachedAgain) {
  const Alert alert{.when = AlertWhen::kGoalStopped};
  EXPECT_TRUE(Judge(alert, {.conversions = 0, .conversions_before = 1}, false).firing);
  EXPECT_FALSE(Judge(alert, {.conversions = 0, .conversions_before = 0}, false).firing);
  EXPECT_TRUE(Judge(alert, {.conversions = 0, .conversions_before = 0}, true).firing);
  EXPECT_FALSE(Judge(alert, {.conversions = 1, .conversions_before = 0}, true).firing);
}

}  // namespace
}  // namespace monitor
