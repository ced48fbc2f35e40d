#include "domain/values/log_position.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(LogPositions, AreReadAsTheyAreWritten) {
  LogPosition position{{0x7f3a9c01, 12}, 42};
  EXPECT_EQ(position.ToString(), "7f3a9c01.12:42");
  EXPECT_EQ(LogPosition::Parse("7f3a9c01.12:42"), position);
  for (const char* wrong : {"", "7f3a9c01.12", "7f3a9c01:42", "7F3A9C01.1:1", "7f3a9c01.01:1", "7f3a9c01.1:-1",
                            "7f3a9c01.1:1 ", "7f3a9c01.1:99999999999999999999"}) {
    EXPECT_FALSE(LogPosition::Parse(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace monitor
