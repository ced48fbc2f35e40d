#include "kafka/back_off.h"

#include <gtest/gtest.h>

namespace monitor::kafka {
namespace {

using std::chrono::milliseconds;

TEST(BackOff, BeginsWithTheFirstAndDoublesUpToTheGreatest) {
  BackOff back_off(milliseconds(200), milliseconds(1'000));
  for (int expected : {200, 400, 800, 1'000, 1'000}) EXPECT_EQ(back_off.Next(false), milliseconds(expected));
}

TEST(BackOff, BeginsAnewAfterProgress) {
  BackOff back_off(milliseconds(200), milliseconds(1'000));
  back_off.Next(false);
  back_off.Next(false);
  EXPECT_EQ(back_off.Next(true), milliseconds(200));
  EXPECT_EQ(back_off.Next(false), milliseconds(400));
}

TEST(PauseFor, EndsAtOnceWhenItIsStopped) {
  std::stop_source stop;
  EXPECT_FALSE(PauseFor(milliseconds(1), stop.get_token()));
  stop.request_stop();
  EXPECT_TRUE(PauseFor(std::chrono::hours(1), stop.get_token()));
}

}  // namespace
}  // namespace monitor::kafka
