#include "domain/values/whole_number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace monitor {
namespace {

TEST(WholeNumber, IsTheWholeText) {
  EXPECT_EQ(ParseWhole<std::int64_t>("-42"), -42);
  EXPECT_EQ(ParseWhole<std::int64_t>("007"), 7);
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "x", "9223372036854775808"}) {
    EXPECT_FALSE(ParseWhole<std::int64_t>(text)) << text;
  }
  EXPECT_EQ(ParseWhole<std::uint8_t>("255"), 255);
  EXPECT_FALSE(ParseWhole<std::uint8_t>("256"));
  EXPECT_FALSE(ParseWhole<std::uint8_t>("-1"));
}

TEST(WholeNumber, AsPrintedHasOneSpelling) {
  EXPECT_EQ(ParseWholeAsPrinted<std::int64_t>("0"), 0);
  EXPECT_EQ(ParseWholeAsPrinted<std::int64_t>("-10"), -10);
  for (const char* text : {"", "00", "01", "-0", "-01"}) EXPECT_FALSE(ParseWholeAsPrinted<std::int64_t>(text)) << text;
}

}  // namespace
}  // namespace monitor
