#include "consumers/view/retired_rows.h"

#include <algorithm>
#include <utility>

#include "consumers/view/view_keys.h"
#include "domain/funnel/row_sum.h"
#include "domain/values/packing.h"

namespace monitor::view {
namespace {

constexpr std::size_t kDayBytes = sizeof(std::uint64_t);
constexpr int kPartitionCounts[] = {0, 1, 2, 4, 8, 16, 32, 64, 128, 256};  // 0: of a log (coverage.h)

std::string TwoBytes(int number) { return {static_cast<char>(number >> 8), static_cast<char>(number & 0xff)}; }

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

std::string RetiredPart(int partitions, int partition) { return TwoBytes(partitions) + TwoBytes(partition); }

std::optional<std::vector<std::string>> RetiredParts(const FactsReading& reading, const BucketSet& buckets) {
  std::vector<std::string> parts;
  bool is_split = false;
  for (const int partitions : kPartitionCounts) {
    bool any = false;
    reading.database().Scan(kRetired, TwoBytes(partitions), reading.snapshot(), [&](auto, auto) {
      any = true;
      return false;
    });
    for (int partition = 0; any && partition < std::max(partitions, 1); ++partition) {
      const Coverage all{.partitions = partitions};
      const BucketSet of = partitions == 0 ? all.buckets : BucketsOf(all, partition);
      if ((of & buckets) == of) {
        parts.push_back(RetiredPart(partitions, partition));
      } else {
        is_split |= (of & buckets).any();
      }
    }
  }
  if (is_split) return std::nullopt;
  return parts;
}

std::string RetiredPrefix(const std::string& part, const std::string& account_text, const std::string& zone,
                          funnel::Counting counting, const std::vector<funnel::Breakdown>& by) {
  std::string prefix = part + account_text + zone + '\0';
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

void ForEachRetired(FactsReading& reading, const RetiredAsked& asked, std::span<const std::string> parts,
                    const std::function<void(const Stretch& session_days, StretchRows rows)>& take) {
  for (const std::string& part : parts) {
    if (reading.ended()) return;
    const std::string prefix = RetiredPrefix(part, asked.account_text, asked.zone, asked.counting, asked.by);
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
