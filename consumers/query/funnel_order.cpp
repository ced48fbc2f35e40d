#include "consumers/query/funnel_order.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <compare>
#include <utility>

#include "consumers/format/funnel_format.h"
#include "domain/funnel/row_key_layout.h"
#include "domain/values/hash.h"
#include "domain/values/packing.h"

namespace monitor {
namespace {

using funnel::Row;
using funnel::RowKey;

constexpr std::size_t kMarkBytes = 8;

template <class Io, class Cursor>
void CursorFields(Io& io, Cursor& cursor) {
  io.Maybe(cursor.value, [&](auto& value) {
    auto bits = std::bit_cast<std::uint64_t>(double(value));
    io.Fixed(bits);
    if constexpr (Io::kReads) value = std::bit_cast<double>(bits);
  });
  funnel::KeyFields(io, cursor.key);
}

// So that a cursor is taken for its own query only.
std::string MarkOf(std::string_view query) {
  const auto hash = Sha256(query);
  return {reinterpret_cast<const char*>(hash.data()), kMarkBytes};
}

std::string Format(const RowCursor& cursor, std::string_view query) {
  Packer io;
  CursorFields(io, cursor);
  return Hex(MarkOf(query) + std::move(io).Done());
}

std::optional<std::string> BytesOfHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    std::uint8_t byte = 0;
    const char* const end = text.data() + i + 2;
    if (std::from_chars(text.data() + i, end, byte, 16).ptr != end) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

// True if `one` stands before `other`.
bool Before(const RowCursor& one, const RowCursor& other, bool descending) {
  if (one.value.has_value() != other.value.has_value()) return one.value.has_value();
  if (one.value && *one.value != *other.value) return (*one.value < *other.value) != descending;
  return one.key < other.key;
}

}  // namespace

std::optional<OrderColumn> ParseOrderColumn(std::string_view text, const funnel::Query& query) {
  OrderColumn column;
  column.descending = text.starts_with('-');
  text.remove_prefix(column.descending ? 1 : 0);
  column.name = text;
  return HasNumbers(query, text) ? std::optional(std::move(column)) : std::nullopt;
}

std::optional<RowCursor> ParseCursor(std::string_view text, std::string_view query) {
  const auto bytes = BytesOfHex(text);
  if (!bytes || !bytes->starts_with(MarkOf(query))) return std::nullopt;
  Unpacker io(std::string_view(*bytes).substr(kMarkBytes));
  RowCursor cursor;
  CursorFields(io, cursor);
  return io.failed() || !io.at_end() ? std::nullopt : std::optional(std::move(cursor));
}

std::optional<std::string> ArrangeRows(std::vector<Row>& rows, const funnel::Query& query, const RowOrder& order) {
  const bool descending = order.column && order.column->descending;
  const auto place = [&](const Row& row) {
    return RowCursor{order.column ? NumberIn(query, row, order.column->name) : std::nullopt, row.key};
  };
  if (order.column) {
    // What they are ordered by is worked out once for each.
    std::vector<std::pair<RowCursor, std::size_t>> places;
    places.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) places.emplace_back(place(rows[i]), i);
    std::ranges::sort(places,
                      [&](const auto& one, const auto& other) { return Before(one.first, other.first, descending); });
    std::vector<Row> ordered;
    ordered.reserve(rows.size());
    for (const auto& [cursor, i] : places) ordered.push_back(std::move(rows[i]));
    rows = std::move(ordered);
  }
  if (order.after) {
    const auto first = std::ranges::partition_point(
        rows, [&](const RowCursor& one) { return !Before(*order.after, one, descending); }, place);
    rows.erase(rows.begin(), first);
  }
  if (!order.limit || rows.size() <= *order.limit) return std::nullopt;
  rows.resize(*order.limit);
  return Format(place(rows.back()), order.query);
}

}  // namespace monitor
