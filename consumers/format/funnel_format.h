// A funnel as JSON and as CSV, with the same names (interfaces.md section 3). Numbers are printed in the shortest form
// that reads back the same; what has no value is null, in CSV an empty cell. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consumers/view/view_store.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor {

struct AnswerBounds {
  std::size_t max_bytes = 32 << 20;
  std::function<bool()> abandoned = [] { return false; };  // asked now and then
};

// Both: nullopt if the answer would be longer than that, or was abandoned.

// `missing`: partitions that are not in the rows; written only if there are any. `next`: behind its last row others
// come.
std::optional<std::string> FunnelJson(const AccountId& account, const funnel::Query& query, const FunnelReport& report,
                                      const std::vector<int>& missing, const AnswerBounds& bounds = {},
                                      const std::optional<std::string>& next = std::nullopt);
// One row, an object; appended.
void AppendRowJson(const funnel::Query& query, const funnel::Row& row, std::string& out);
// RFC 4180, with a header line. Has one column for every currency in the rows.
std::optional<std::string> FunnelCsv(const funnel::Query& query, const FunnelReport& report,
                                     const AnswerBounds& bounds = {});

// A cell of numbers, by its name in CSV ("lift" and times alone stand for "lift.value" and ".p50"): whether this
// query's rows have it, and the row's; nullopt: null.
bool HasNumbers(const funnel::Query& query, std::string_view column);
std::optional<double> NumberIn(const funnel::Query& query, const funnel::Row& row, std::string_view column);

// [<partition>, ...]
std::string PartitionsJson(const std::vector<int>& partitions);

// {"<origin>": "<seq>"}
std::string PositionsJson(const Positions& positions);

}  // namespace monitor
