// Rows of different sessions, days or partitions, added up: every part of a row is a sum (funnel.md section 5), so that
// they can be taken away again as well. And the bytes in which rows are kept. Pure and single-threaded.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/funnel/funnel_rows.h"

namespace monitor::funnel {

class RowSum {
 public:
  void Add(std::vector<Row> rows);
  // What was added before, if only as a part of something.
  void Subtract(const std::vector<Row>& rows);
  // Of memory, about.
  std::size_t bytes() const { return bytes_; }
  // By key; none that is empty.
  std::vector<Row> Take();

 private:
  std::map<RowKey, Row> rows_;
  std::size_t bytes_ = 0;
};

// Of a view's own layout: kept until kFactsVersion changes.
std::string EncodeRows(const std::vector<Row>& rows);
std::optional<std::vector<Row>> DecodeRows(std::string_view bytes);

}  // namespace monitor::funnel
