// What the condition vectors do not show; opening hours themselves are in tests/vectors/conditions/schedule*.json.
#include "domain/account/schedule.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(WallTime, IsTwoDigitsAColonAndTwoDigits) {
  EXPECT_EQ(ParseWallTime("00:00"), 0);
  EXPECT_EQ(ParseWallTime("09:05"), 545);
  EXPECT_EQ(ParseWallTime("23:59"), 1'439);
  EXPECT_EQ(ParseWallTime("24:00"), 1'440);
  for (std::string_view text : {"24:01", "25:00", "12:60", "9:00", "09:0", "09-00", "", "-1:00", "09:00:00", "0a:00"}) {
    EXPECT_EQ(ParseWallTime(text), std::nullopt) << text;
  }
}

TEST(Weekday, IsThreeCapitals) {
  EXPECT_EQ(ParseWeekday("MON"), 1);
  EXPECT_EQ(ParseWeekday("SUN"), 64);
  EXPECT_EQ(ParseWeekday("Mon"), std::nullopt);
  EXPECT_EQ(ParseWeekday(""), std::nullopt);
}

TEST(Hours, AreOpenBefore1970Too) {
  Hours hours;
  hours.weekly = {Shift{kEveryDay, 23 * 60, 24 * 60}};
  EXPECT_TRUE(hours.IsOpen(FromUnixMs(-1)));
  EXPECT_FALSE(hours.IsOpen(FromUnixMs(0)));
}

}  // namespace
}  // namespace monitor
