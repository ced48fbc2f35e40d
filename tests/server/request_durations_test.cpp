#include "server/metrics/request_durations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace monitor::metrics {
namespace {

using http::Method;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class RequestDurationsTest : public testing::Test {
 protected:
  Registry registry_;
  RequestDurations durations_{registry_, {"/a/*", "/b"}};
};

TEST_F(RequestDurationsTest, NothingIsToldOfWhatNeverHappened) {
  EXPECT_EQ(registry_.Text(), "");
  durations_.Observe(0, Method::kGet, 200, milliseconds(3));
  EXPECT_THAT(registry_.Text(), HasSubstr("# TYPE http_server_request_duration_seconds histogram"));
  EXPECT_THAT(registry_.Text(), Not(HasSubstr("/b")));
  EXPECT_THAT(registry_.Text(), Not(HasSubstr("POST")));
}

TEST_F(RequestDurationsTest, RouteMethodAndStatusAreNamedAsTheConventionsDo) {
  durations_.Observe(1, Method::kPost, 201, milliseconds(3));
  EXPECT_THAT(registry_.Text(), HasSubstr("http_server_request_duration_seconds_bucket{http_request_method=\"POST\","
                                          "http_response_status_code=\"201\",http_route=\"/b\",le=\"0.005\"} 1\n"));
  durations_.Observe(1, Method::kOther, 599, milliseconds(3));
  durations_.Observe(1, Method::kOther, 599, milliseconds(3));
  EXPECT_THAT(
      registry_.Text(),
      HasSubstr("_count{http_request_method=\"_OTHER\",http_response_status_code=\"599\",http_route=\"/b\"} 2\n"));
}

TEST_F(RequestDurationsTest, WhatIsNoRouteHasNoneAndWhatIsUnansweredHasNoStatus) {
  durations_.Observe(std::nullopt, Method::kGet, 404, milliseconds(3));
  EXPECT_THAT(registry_.Text(), HasSubstr("_count{http_request_method=\"GET\",http_response_status_code=\"404\"} 1\n"));
  durations_.Observe(0, Method::kPut, 0, milliseconds(3));
  EXPECT_THAT(registry_.Text(),
              HasSubstr("_count{error_type=\"unanswered\",http_request_method=\"PUT\",http_route=\"/a/*\"} 1\n"));
}

TEST_F(RequestDurationsTest, ThreadsThatBeginAtOnceAreAllCounted) {
  constexpr int kThreads = 24, kEach = 1'000;  // more than a histogram has shards
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this] {
      for (int i = 0; i < kEach; ++i) durations_.Observe(0, Method::kGet, 200, milliseconds(i < kEach / 2 ? 2 : 200));
    });
  }
  threads.clear();
  const std::string of = "{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/a/*\"";
  EXPECT_THAT(registry_.Text(), HasSubstr("_bucket" + of + ",le=\"0.0025\"} 12000\n"));
  EXPECT_THAT(registry_.Text(), HasSubstr("_count" + of + "} 24000\n"));
}

}  // namespace
}  // namespace monitor::metrics
