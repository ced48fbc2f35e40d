#include "domain/funnel/row_sum.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "domain/funnel/row_key_layout.h"
#include "domain/values/packing.h"

namespace monitor::funnel {
namespace {

constexpr std::array<std::uint64_t Row::*, 18> kCounts{&Row::prospects,
                                                       &Row::control_group,
                                                       &Row::exposed,
                                                       &Row::exposures,
                                                       &Row::engagement_views,
                                                       &Row::accepted_offers,
                                                       &Row::accepted_sessions,
                                                       &Row::accepted_pairs,
                                                       &Row::accepted_without_display,
                                                       &Row::expanded,
                                                       &Row::timed_out,
                                                       &Row::closed,
                                                       &Row::interactions,
                                                       &Row::conversions,
                                                       &Row::converted_sessions,
                                                       &Row::late,
                                                       &Row::converted_prospects,
                                                       &Row::converted_control};
constexpr std::array kTimes{&Row::display_to_accept, &Row::accept_to_conversation, &Row::display_to_conversion};
// A new field belongs to one of these lists.
static_assert(sizeof(Row) == sizeof(Row::key) + sizeof(Row::value) + kCounts.size() * sizeof(std::uint64_t) +
                                 kTimes.size() * sizeof(DurationHistogram));

constexpr std::size_t kRowBytes = sizeof(RowKey) + sizeof(Row) + 64;  // with the map's own

std::size_t BytesOf(const Row& row) {
  std::size_t bytes = kRowBytes + row.value.size() * 96;
  for (const auto times : kTimes) bytes += (row.*times).buckets() * DurationHistogram::kBytesEach;
  return bytes;
}

bool IsEmpty(const Row& row) {
  return std::ranges::all_of(kCounts, [&](const auto count) { return row.*count == 0; }) && row.value.empty() &&
         std::ranges::all_of(kTimes, [&](const auto times) { return (row.*times).count() == 0; });
}

void ValueFields(Packer& io, const std::map<std::string, CurrencySum>& value) {
  io.Int(value.size());
  for (const auto& [currency, sum] : value) {
    const auto units = static_cast<UInt128>(sum.amount.units());
    io.Word(currency);
    io.Int(static_cast<std::uint64_t>(units));
    io.Int(static_cast<std::int64_t>(units >> 64));
    io.Int(sum.times);
  }
}

void ValueFields(Unpacker& io, std::map<std::string, CurrencySum>& value) {
  std::size_t size = 0;
  io.Int(size);
  for (; size > 0 && !io.failed(); --size) {
    std::string currency;
    std::uint64_t low = 0;
    std::int64_t high = 0;
    io.Word(currency);
    CurrencySum& sum = value[std::move(currency)];
    io.Int(low);
    io.Int(high);
    io.Int(sum.times);
    sum.amount = Decimal::FromUnits(static_cast<Int128>((static_cast<UInt128>(high) << 64) | low));
  }
}

template <class Io, class OneRow>
void Fields(Io& io, OneRow& row) {
  KeyFields(io, row.key);
  for (const auto count : kCounts) io.Int(row.*count);
  ValueFields(io, row.value);
  for (const auto times : kTimes) DurationHistogram::Fields(io, row.*times);
}

}  // namespace

void RowSum::Add(std::vector<Row> rows) {
  for (Row& row : rows) {
    RowKey key = row.key;
    const auto [place, made] = rows_.try_emplace(std::move(key));
    Row& sum = place->second;
    if (made) {
      bytes_ += BytesOf(row);
      sum = std::move(row);
      continue;
    }
    bytes_ -= BytesOf(sum);
    for (const auto count : kCounts) sum.*count += row.*count;
    for (const auto& [currency, value] : row.value) sum.value[currency] += value;
    for (const auto times : kTimes) (sum.*times).Add(row.*times);
    bytes_ += BytesOf(sum);
  }
}

void RowSum::Subtract(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const auto place = rows_.find(row.key);
    if (place == rows_.end()) continue;
    Row& sum = place->second;
    bytes_ -= BytesOf(sum);
    for (const auto count : kCounts) sum.*count -= row.*count;
    for (const auto& [currency, value] : row.value) sum.value[currency] -= value;
    std::erase_if(sum.value, [](const auto& value) { return value.second.times == 0; });
    for (const auto times : kTimes) (sum.*times).Subtract(row.*times);
    bytes_ += BytesOf(sum);
  }
}

std::vector<Row> RowSum::Take() {
  std::vector<Row> rows;
  rows.reserve(rows_.size());
  while (!rows_.empty()) {  // one by one, so that few are there twice
    auto node = rows_.extract(rows_.begin());
    if (!IsEmpty(node.mapped())) rows.push_back(std::move(node.mapped()));
  }
  bytes_ = 0;
  return rows;
}

std::string EncodeRows(const std::vector<Row>& rows) {
  Packer packer;
  packer.Each(rows, [&](const Row& row) { Fields(packer, row); });
  return std::move(packer).Done();
}

std::optional<std::vector<Row>> DecodeRows(std::string_view bytes) {
  Unpacker unpacker(bytes);
  std::vector<Row> rows;
  unpacker.Each(rows, [&](Row& row) { Fields(unpacker, row); });
  if (unpacker.failed() || !unpacker.at_end()) return std::nullopt;
  return rows;
}

}  // namespace monitor::funnel
