#include "domain/funnel/row_sum.h"

#include <gtest/gtest.h>

#include <random>

namespace monitor::funnel {
namespace {

class RowSumTest : public testing::Test {
 protected:
  std::uint64_t Up(std::uint64_t limit) { return random_() % limit; }

  // A key among few, so that rows meet.
  Row RandomRow() {
    Row row;
    row.key = {.window_start = Up(2) ? std::optional(FromUnixMs(static_cast<std::int64_t>(Up(3)) - 1)) : std::nullopt,
               .app_installation = Up(2) ? "web" : "",
               .campaign_id = -static_cast<std::int64_t>(Up(2)),
               .device = Up(2) ? std::optional(DeviceFamily::kMobile) : std::nullopt};
    row.prospects = Up(1'000);
    row.late = Up(2);
    row.converted_control = Up(1'000'000'000'000);
    for (std::uint64_t i = Up(3); i > 0; --i) {
      row.value[Up(2) ? "USD" : "EUR"] += *Decimal::Parse(Up(2) ? "-999999999999999.5" : "999999999999999.000001");
    }
    for (std::uint64_t i = Up(4); i > 0; --i) row.display_to_accept.Add(static_cast<std::int64_t>(Up(3) * 100'000));
    for (std::uint64_t i = Up(4); i > 0; --i) row.display_to_conversion.Add(static_cast<std::int64_t>(Up(200)));
    return row;
  }

  std::vector<Row> RandomRows() {
    std::vector<Row> rows;
    for (std::uint64_t i = Up(6); i > 0; --i) rows.push_back(RandomRow());
    return rows;
  }

  // Bytes say all of a row.
  static std::string Sum(const std::vector<std::vector<Row>>& added, const std::vector<std::vector<Row>>& taken) {
    RowSum sum;
    for (const auto& rows : added) sum.Add(rows);
    for (const auto& rows : taken) sum.Subtract(rows);
    return EncodeRows(sum.Take());
  }

  std::mt19937_64 random_{5};
};

TEST_F(RowSumTest, WhatIsTakenAwayWasNeverThere) {
  for (int i = 0; i < 200; ++i) {
    const auto one = RandomRows(), two = RandomRows(), three = RandomRows();
    EXPECT_EQ(Sum({one, two, three}, {two}), Sum({three, one}, {}));
    EXPECT_EQ(Sum({one}, {one}), Sum({}, {}));
  }
}

TEST_F(RowSumTest, RowsComeBackFromTheirBytes) {
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = EncodeRows(RandomRows());
    const auto rows = DecodeRows(bytes);
    ASSERT_TRUE(rows);
    EXPECT_EQ(EncodeRows(*rows), bytes);
    EXPECT_FALSE(DecodeRows(bytes + '\0'));
    EXPECT_FALSE(DecodeRows(std::string_view(bytes).substr(0, bytes.size() - 1)));
  }
}

// Thousands of the largest amounts.
TEST_F(RowSumTest, SumsMayBeLargerThanAnyAmount) {
  Row row;
  for (int i = 0; i < 100'000; ++i) row.value["USD"] += *Decimal::Parse("999999999999999.999999");
  const auto rows = DecodeRows(EncodeRows({row}));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->front().value.at("USD").ToString(), "99999999999999999999.9");
  EXPECT_EQ(rows->front().value, row.value);
}

}  // namespace
}  // namespace monitor::funnel
