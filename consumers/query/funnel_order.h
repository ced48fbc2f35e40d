// The order of an answer's rows, and a part of them at a time (interfaces.md section 3: orderBy, limit, after). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/funnel/funnel_rows.h"

namespace monitor {

// What rows are ordered by; those without a value come last, equal ones in the order of their keys.
struct OrderColumn {
  std::string name;  // as in the answer; "value.USD", "lift.low", "displayToAcceptMs.p90" as in CSV
  bool descending = false;
};

// Behind which row to go on, by what it was ordered by.
struct RowCursor {
  std::optional<double> value;
  funnel::RowKey key;
};

struct RowOrder {
  std::optional<OrderColumn> column;  // none: by their keys
  std::optional<std::uint32_t> limit;
  std::optional<RowCursor> after;
  std::string query;  // what a cursor of it holds for
};

// nullopt: no column of this query's rows, or one that has no numbers.
std::optional<OrderColumn> ParseOrderColumn(std::string_view text, const funnel::Query& query);
// nullopt: none that ArrangeRows gave for this query.
std::optional<RowCursor> ParseCursor(std::string_view text, std::string_view query);

// Orders the rows and leaves those that are asked for; the cursor of those behind them, if there are any.
std::optional<std::string> ArrangeRows(std::vector<funnel::Row>& rows, const funnel::Query& query,
                                       const RowOrder& order);

}  // namespace monitor
