#include "consumers/view/retired_rows.h"

#include <algorithm>
#include <utility>

#include "consumers/view/view_keys.h"
#include "domain/funnel/row_sum.h"
#include "domain/values/packing.h"

namespace monitor::view {
namespace {

constexpr std::size_t kDayBytes = sizeof(std::uint64_t);

}  // namespace

std::span<const std::vector<funnel::Breakdown>> RetiredBreakdowns() {
  using enum funnel::Breakdown;
  static const std::vector<std::vector<funnel::Breakdown>> all{
      {}, {kCampaign}, {kEngagement}, {kCampaign, kEngagement}};
  return all;
}

bool IsKeptOfRetired(const std::vector<funnel::Breakdown>& by) {
  return std::ranges::find(RetiredBreakdowns(), BreakdownBits(by), BreakdownBits) != RetiredBreakdowns().end();
}

std::string RetiredPrefix(const std::string& account_prefix, const std::string& zone, funnel::Counting counting,
                          const std::vector<funnel::Breakdown>& by) {
  std::string prefix = account_prefix + zone + '\0';
  prefix += static_cast<char>(counting);
  prefix += static_cast<char>(BreakdownBits(by));
  return prefix;
}

std::string RetiredKey(const std::string& retired_prefix, const Stretch& session_days) {
  return retired_prefix + DayNumber(session_days.first) + DayNumber(session_days.last);
}

std::string EncodeStretches(const StretchRows& stretches) {
  Packer packer;
  packer.Int(stretches.size());
  std::vector<std::string> packed;
  packed.reserve(stretches.size());
  for (const auto& [stretch, rows] : stretches) {
    packer.Int(stretch.first);
    packer.Int(stretch.last);
    packer.Text(packed.emplace_back(funnel::EncodeRows(rows)));
  }
  return std::move(packer).Done();
}

std::optional<StretchRows> DecodeStretches(std::string_view bytes) {
  StretchRows stretches;
  Unpacker unpacker(bytes);
  std::size_t size = 0;
  for (unpacker.Int(size); size > 0 && !unpacker.failed(); --size) {
    Stretch stretch;
    std::string packed;
    unpacker.Int(stretch.first);
    unpacker.Int(stretch.last);
    unpacker.Text(packed);
    auto rows = funnel::DecodeRows(packed);
    if (!rows) return std::nullopt;
    stretches[stretch] = std::move(*rows);
  }
  if (unpacker.failed() || !unpacker.at_end()) return std::nullopt;
  return stretches;
}

std::optional<TimeMs> FactsGoneBefore(const ViewDatabase& database, std::string_view account,
                                      const rocksdb::Snapshot* snapshot) {
  const auto bytes = database.GetAt(kProgress, RetiredUntilKey(account), snapshot);
  if (!bytes) return std::nullopt;
  return FromUnixMs(static_cast<std::int64_t>(Decoded(ParseNumber(*bytes))));
}

void ForEachRetired(FactsReading& reading, const RetiredAsked& asked, const BucketSet& buckets,
                    const std::function<void(const Stretch& session_days, StretchRows rows)>& take) {
  for (std::size_t bucket = 0; bucket < buckets.size() && !reading.ended(); ++bucket) {
    if (!buckets[bucket]) continue;
    const std::string prefix = RetiredPrefix(std::string(1, static_cast<char>(bucket)) + asked.account_text, asked.zone,
                                             asked.counting, asked.by);
    const std::string from = RetiredKey(prefix, {asked.begun.first, asked.begun.first});
    reading.database().ScanFrom(kRetired, prefix, from, reading.snapshot(),
                                [&](std::string_view key, std::string_view value) {
                                  const std::string_view days = key.substr(prefix.size());
                                  const Stretch session_days{.first = Decoded(ParseDay(days.substr(0, kDayBytes))),
                                                             .last = Decoded(ParseDay(days.substr(kDayBytes)))};
                                  if (session_days.first > asked.begun.last) return false;
                                  take(session_days, Decoded(DecodeStretches(value)));
                                  return reading.GoesOn();
                                });
  }
}

}  // namespace monitor::view
