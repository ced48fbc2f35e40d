#include "domain/values/decimal.h"

#include <gtest/gtest.h>

#include <random>

namespace monitor {
namespace {

std::string Echo(std::string_view text) {
  auto decimal = Decimal::Parse(text);
  return decimal ? decimal->ToString() : "refused";
}

TEST(Decimal, PrintsWithoutExponentAndTrailingZeros) {
  EXPECT_EQ(Echo("0"), "0");
  EXPECT_EQ(Echo("-0"), "0");
  EXPECT_EQ(Echo("-0.0"), "0");
  EXPECT_EQ(Echo("129.50"), "129.5");
  EXPECT_EQ(Echo("-3"), "-3");
  EXPECT_EQ(Echo("100"), "100");
  EXPECT_EQ(Echo("0.000001"), "0.000001");
  EXPECT_EQ(Echo("999999999999999.999999"), "999999999999999.999999");
}

TEST(Decimal, ExpandsExponentsBeforeItCountsDigits) {
  EXPECT_EQ(Echo("1e2"), "100");
  EXPECT_EQ(Echo("1.5E+3"), "1500");
  EXPECT_EQ(Echo("1e14"), "100000000000000");
  EXPECT_EQ(Echo("1e15"), "refused");
  EXPECT_EQ(Echo("1e-6"), "0.000001");
  EXPECT_EQ(Echo("6e-7"), "0.000001");
  EXPECT_EQ(Echo("0.0000001e1"), "0.000001");
  EXPECT_EQ(Echo("1000000000000000000e-4"), "100000000000000");
  EXPECT_EQ(Echo("0e400"), "0");
}

TEST(Decimal, RefusesWhatIsTooLongOrNotFinite) {
  EXPECT_EQ(Echo("1000000000000000"), "refused");
  EXPECT_EQ(Echo("-1000000000000000.1"), "refused");
  EXPECT_EQ(Echo("999999999999999.9999996"), "refused") << "16 integer digits once rounded";
  EXPECT_EQ(Echo("1e400"), "refused");
  EXPECT_EQ(Echo("1e99999999999999999999"), "refused");
  EXPECT_EQ(Echo(std::string(100'000, '9')), "refused");
}

TEST(Decimal, RoundsHalfToEvenAtTheSixthDecimal) {
  EXPECT_EQ(Echo("0.30000000000000004"), "0.3");
  EXPECT_EQ(Echo("59.989999999999995"), "59.99");
  EXPECT_EQ(Echo("1.0000000"), "1");
  EXPECT_EQ(Echo("0.1234567"), "0.123457");
  EXPECT_EQ(Echo("0.0000005"), "0");
  EXPECT_EQ(Echo("0.0000015"), "0.000002");
  EXPECT_EQ(Echo("0.0000025"), "0.000002");
  EXPECT_EQ(Echo("0.00000250"), "0.000002");
  EXPECT_EQ(Echo("0.000002500000001"), "0.000003");
  EXPECT_EQ(Echo("-0.0000015"), "-0.000002");
  EXPECT_EQ(Echo("-0.0000005"), "0");
  EXPECT_EQ(Echo("5e-7"), "0");
  EXPECT_EQ(Echo("9e-8"), "0");
  EXPECT_EQ(Echo("1e-400"), "0");
  EXPECT_EQ(Echo("1e-99999999999999999999"), "0");
  EXPECT_EQ(Echo("0.9999999"), "1");
  EXPECT_EQ(Echo("999999999999999.9999994"), "999999999999999.999999");
  EXPECT_EQ(Echo("1." + std::string(100'000, '3')), "1.333333");
}

TEST(Decimal, ReadsLeadingZeros) {
  EXPECT_EQ(Echo("007.50"), "7.5");
  EXPECT_EQ(Echo("-01"), "-1");
  EXPECT_EQ(Echo("00"), "0");
  EXPECT_EQ(Echo("000000000000000000001e2"), "100");
}

TEST(Decimal, TakesJsonsGrammarOtherwise) {
  for (std::string_view text :
       {"", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "inf", " 1", "1 ", "1,5", "1_000", "--1"}) {
    EXPECT_EQ(Echo(text), "refused") << text;
  }
}

TEST(Decimal, AddsExactlyWhereDoublesDoNot) {
  Decimal sum;
  for (int i = 0; i < 10; ++i) sum += *Decimal::Parse("0.1");
  EXPECT_EQ(sum, *Decimal::Parse("1"));
  Decimal large;
  for (int i = 0; i < 1'000'000; ++i) large += *Decimal::Parse("999999999999999.999999");
  EXPECT_EQ(large.ToString(), "999999999999999999999");
}

TEST(Decimal, OrdersByValue) {
  EXPECT_LT(*Decimal::Parse("-1"), *Decimal::Parse("-0.5"));
  EXPECT_LT(*Decimal::Parse("9.99"), *Decimal::Parse("10"));
  EXPECT_EQ(*Decimal::Parse("10.0"), *Decimal::Parse("1e1"));
}

TEST(Decimal, PrintedFormReadsBackTheSame) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 10'000; ++i) {
    std::string text = (random() % 2 ? "-" : "") + std::to_string(random() % 1'000'000'000'000'000) + "." +
                       std::to_string(random() % 1'000'000);
    auto decimal = Decimal::Parse(text);
    ASSERT_TRUE(decimal) << text;
    EXPECT_EQ(Decimal::Parse(decimal->ToString()), decimal);
  }
}

}  // namespace
}  // namespace monitor
