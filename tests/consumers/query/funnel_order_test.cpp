#include "consumers/query/funnel_order.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace monitor {
namespace {

using funnel::Breakdown;
using funnel::Row;

Row RowOf(std::int64_t engagement, std::uint64_t exposures, std::uint64_t pairs) {
  Row row;
  row.key.engagement_id = engagement;
  row.exposures = exposures;
  row.accepted_pairs = pairs;
  return row;
}

std::vector<std::int64_t> Ids(const std::vector<Row>& rows) {
  std::vector<std::int64_t> ids;
  for (const Row& row : rows) ids.push_back(row.key.engagement_id);
  return ids;
}

const funnel::Query kByEngagement{.by = {Breakdown::kEngagement}};

std::vector<Row> SampleRows() {
  return {RowOf(1, 10, 5), RowOf(2, 0, 0), RowOf(3, 10, 1), RowOf(4, 10, 9), RowOf(5, 10, 5)};
}

TEST(FunnelOrder, GoesByTheColumnAndThenByTheKey) {
  auto rows = SampleRows();
  EXPECT_FALSE(ArrangeRows(rows, kByEngagement, {.column = OrderColumn{"acceptRate", false}}));
  EXPECT_EQ(Ids(rows), (std::vector<std::int64_t>{3, 1, 5, 4, 2})) << "without a value last";
  rows = SampleRows();
  ArrangeRows(rows, kByEngagement, {.column = OrderColumn{"acceptRate", true}});
  EXPECT_EQ(Ids(rows), (std::vector<std::int64_t>{4, 1, 5, 3, 2}));
}

// Part by part all rows come once, in the same order, whatever the size of the parts.
TEST(FunnelOrder, PartsAreTheWhole) {
  for (const bool descending : {false, true}) {
    for (const char* column : {"acceptRate", "exposures", ""}) {
      RowOrder order{.query = "q"};
      if (*column) order.column = OrderColumn{column, descending};
      auto whole = SampleRows();
      ArrangeRows(whole, kByEngagement, order);
      for (std::uint32_t limit = 1; limit <= 6; ++limit) {
        std::vector<std::int64_t> seen;
        order.limit = limit;
        order.after.reset();
        for (;;) {
          auto rows = SampleRows();
          const auto next = ArrangeRows(rows, kByEngagement, order);
          for (const auto id : Ids(rows)) seen.push_back(id);
          if (!next) break;
          order.after = ParseCursor(*next, "q");
          ASSERT_TRUE(order.after);
        }
        EXPECT_EQ(seen, Ids(whole)) << column << " " << limit;
      }
    }
  }
}

TEST(FunnelOrder, ACursorGoesOnWhereARowWentMeanwhile) {
  RowOrder order{.limit = 2, .query = "q"};
  auto rows = SampleRows();
  order.after = ParseCursor(*ArrangeRows(rows, kByEngagement, order), "q");
  rows = SampleRows();
  rows.erase(rows.begin() + 1);  // the one that the cursor names
  ArrangeRows(rows, kByEngagement, order);
  EXPECT_EQ(Ids(rows), (std::vector<std::int64_t>{3, 4}));
}

TEST(FunnelOrder, ACursorIsForItsOwnQuery) {
  auto rows = SampleRows();
  const std::string next = *ArrangeRows(rows, kByEngagement, {.limit = 1, .query = "q"});
  EXPECT_TRUE(ParseCursor(next, "q"));
  EXPECT_FALSE(ParseCursor(next, "another"));
  for (std::size_t size = 0; size < next.size(); ++size) EXPECT_FALSE(ParseCursor(next.substr(0, size), "q"));
  EXPECT_FALSE(ParseCursor(next + "00", "q"));
  EXPECT_FALSE(ParseCursor("x" + next.substr(1), "q"));
}

}  // namespace
}  // namespace monitor
