#include "server/metrics/readiness_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace monitor::metrics {
namespace {

using testing::HasSubstr;

TEST(ReadinessMetrics, TheyFollowTheChecks) {
  std::vector<http::Check> checks = {{"disk", "", true}, {"peers", ""}};
  Registry registry;
  AddReadinessMetrics(registry, "node", [&] { return checks; });
  EXPECT_THAT(registry.Text(), HasSubstr("node_ready 1\n"));
  EXPECT_THAT(registry.Text(), HasSubstr("node_check_ok{check=\"peers\"} 1\n"));
  checks[1].fault = "one is away";
  EXPECT_THAT(registry.Text(), HasSubstr("node_ready 1\n"));
  EXPECT_THAT(registry.Text(), HasSubstr("node_check_ok{check=\"peers\"} 0\n"));
  checks[0].fault = "full";
  EXPECT_THAT(registry.Text(), HasSubstr("node_ready 0\n"));
  EXPECT_THAT(registry.Text(), HasSubstr("node_check_ok{check=\"disk\"} 0\n"));
}

}  // namespace
}  // namespace monitor::metrics
