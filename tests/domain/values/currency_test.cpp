#include "domain/values/currency.h"

#include <gtest/gtest.h>

#include <string>

namespace monitor {
namespace {

TEST(Currency, IsComparedTrimmedAndInCapitals) {
  for (const char* text : {"USD", "usd", "Usd", "USD ", " usd", "\t\n\v\f\r usd \r"}) {
    EXPECT_EQ(CurrencyCode(text), "USD");
  }
  for (const char* code : {"AED", "EUR", "XAU", "XCG", "ZWL"}) EXPECT_EQ(CurrencyCode(code), code);
}

TEST(Currency, WhatIsNoCodeIsNoCurrency) {
  for (const char* text : {"", " ", "ABC", "AAA", "ZZZ", "US", "USDX", "U D", "US D", "EURO", "$", "\u20ac", "\u00dfD",
                           "ED ", "D A", "A", "AED AFN", "XXX", "xxx"}) {
    EXPECT_EQ(CurrencyCode(text), kNoCurrency) << text;
  }
  EXPECT_EQ(CurrencyCode(std::string(1 << 20, 'x')), kNoCurrency);
  EXPECT_EQ(CurrencyCode(std::string_view("US\0", 3)), kNoCurrency);
}

// However many texts visitors invent, there are no more sums than codes.
TEST(Currency, ThereAreNoMoreThanCodes) {
  std::size_t found = 0;
  std::string text = "AAA";
  for (text[0] = 'A'; text[0] <= 'Z'; ++text[0]) {
    for (text[1] = 'A'; text[1] <= 'Z'; ++text[1]) {
      for (text[2] = 'A'; text[2] <= 'Z'; ++text[2]) found += CurrencyCode(text) == text;
    }
  }
  EXPECT_EQ(found, 184u);
}

}  // namespace
}  // namespace monitor
