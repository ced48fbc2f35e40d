#include "domain/values/timestamp.h"

#include <gtest/gtest.h>

#include <random>

namespace monitor {
namespace {

TEST(Timestamp, FormatsThreeDigitsAndZ) {
  EXPECT_EQ(FormatRfc3339(FromUnixMs(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatRfc3339(FromUnixMs(1'795'509'750'123)), "2026-11-24T08:42:30.123Z");
  EXPECT_EQ(FormatRfc3339(FromUnixMs(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatRfc3339(FromUnixMs(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(Timestamp, FormatStaysInsideFourDigitYears) {
  EXPECT_EQ(FormatRfc3339(FromUnixMs(INT64_MAX)), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatRfc3339(FromUnixMs(INT64_MIN)), "0000-01-01T00:00:00.000Z");
}

TEST(Timestamp, ReadsOffsetsAndCutsFractions) {
  EXPECT_EQ(ParseRfc3339("2026-11-24T08:42:30.123Z"), FromUnixMs(1'795'509'750'123));
  EXPECT_EQ(ParseRfc3339("2026-11-24t10:42:30.1239999+02:00"), FromUnixMs(1'795'509'750'123));
  EXPECT_EQ(ParseRfc3339("2026-11-24T03:12:30.1-05:30"), FromUnixMs(1'795'509'750'100));
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00z"), FromUnixMs(0));
}

TEST(Timestamp, RefusesWhatIsNoInstant) {
  for (std::string_view text : {"",
                                "2026-11-24",
                                "2026-11-24T08:42:30",
                                "2026-11-24 08:42:30Z",
                                "2026-11-24T08:42Z",
                                "2026-02-29T00:00:00Z",
                                "2026-13-01T00:00:00Z",
                                "2026-00-01T00:00:00Z",
                                "2026-04-31T00:00:00Z",
                                "2026-11-24T24:00:00Z",
                                "2026-11-24T08:60:00Z",
                                "2026-11-24T08:42:60Z",
                                "2026-11-24T08:42:30.Z",
                                "2026-11-24T08:42:30+2:00",
                                "2026-11-24T08:42:30+0200",
                                "2026-11-24T08:42:30+24:00",
                                "2026-11-24T08:42:30+02:60",
                                "2026-11-24T08:42:30Zx",
                                "x026-11-24T08:42:30Z",
                                "-026-11-24T08:42:30Z"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
}

TEST(Timestamp, PrintedFormReadsBackTheSame) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 10'000; ++i) {
    TimeMs time = FromUnixMs(static_cast<std::int64_t>(random() % 253'402'300'800'000));
    EXPECT_EQ(ParseRfc3339(FormatRfc3339(time)), time);
  }
}

}  // namespace
}  // namespace monitor
