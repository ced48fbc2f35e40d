// What sessions count whose facts went (docs/decisions/facts.md): rows by nothing, campaign and engagement, of each
// bucket, apart by the days that the sessions stood on, and of these by every stretch that a question's bounds may
// leave of them. Most sessions stand on one day and have one stretch.
//
// Threads: any, each with its own; while the database is open. Throws StoreFailure.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consumers/view/coverage.h"
#include "consumers/view/facts_reading.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor::view {

// Days of a zone, both counted in.
struct Stretch {
  std::int64_t first = 0, last = 0;
  auto operator<=>(const Stretch&) const = default;
};

// What sessions that stood on the same days count on each stretch of them.
using StretchRows = std::map<Stretch, std::vector<funnel::Row>>;

// By which rows are kept: nothing, campaign, engagement, both.
std::span<const std::vector<funnel::Breakdown>> RetiredBreakdowns();
bool IsKeptOfRetired(const std::vector<funnel::Breakdown>& by);

// What stands before the days in the keys of the family retired. `account_prefix` is AccountPrefix's.
std::string RetiredPrefix(const std::string& account_prefix, const std::string& zone, funnel::Counting counting,
                          const std::vector<funnel::Breakdown>& by);
std::string RetiredKey(const std::string& retired_prefix, const Stretch& session_days);
std::string EncodeStretches(const StretchRows& rows);
std::optional<StretchRows> DecodeStretches(std::string_view bytes);

// Up to there (exclusive) facts of an account may be gone; nullopt: all are there.
std::optional<TimeMs> FactsGoneBefore(const ViewDatabase& database, std::string_view account,
                                      const rocksdb::Snapshot* snapshot);

// Of the sessions of a zone in these buckets that began on one of these days. Nothing if the reading ended.
struct RetiredAsked {
  const std::string& account_text;  // AccountText's
  const std::string& zone;
  Stretch begun;
  funnel::Counting counting;
  const std::vector<funnel::Breakdown>& by;
};
void ForEachRetired(FactsReading& reading, const RetiredAsked& asked, const BucketSet& buckets,
                    const std::function<void(const Stretch& session_days, StretchRows rows)>& take);

}  // namespace monitor::view
