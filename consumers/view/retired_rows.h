// What sessions count whose facts went (docs/decisions/facts.md): rows by nothing, campaign and engagement, of each
// partition of the topic (of a log: of all), apart by the days that the sessions stood on, and of these by every
// stretch that a question's bounds may leave of them. Most sessions stand on one day and have one stretch.
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

// Sessions of which buckets are together, in the bytes of a key: those of one of so many partitions, 0: of a log.
std::string RetiredPart(int partitions, int partition);
// Those that are whole within these buckets; nullopt: there is one of which only some are.
std::optional<std::vector<std::string>> RetiredParts(const FactsReading& reading, const BucketSet& buckets);

// What stands before the days in the keys of the family retired. `account_text` is AccountText's.
std::string RetiredPrefix(const std::string& part, const std::string& account_text, const std::string& zone,
                          funnel::Counting counting, const std::vector<funnel::Breakdown>& by);
std::string RetiredKey(const std::string& retired_prefix, const Stretch& session_days);
std::string EncodeStretches(const StretchRows& rows);
std::optional<StretchRows> DecodeStretches(std::string_view bytes);

// Up to there (exclusive) facts of an account may be gone; nullopt: all are there.
std::optional<TimeMs> FactsGoneBefore(const ViewDatabase& database, std::string_view account,
                                      const rocksdb::Snapshot* snapshot);

// Of the sessions of a zone that began on one of these days. It may end early, with the reading.
struct RetiredAsked {
  const std::string& account_text;  // AccountText's
  const std::string& zone;
  Stretch begun;
  funnel::Counting counting;
  const std::vector<funnel::Breakdown>& by;
};
void ForEachRetired(FactsReading& reading, const RetiredAsked& asked, std::span<const std::string> parts,
                    const std::function<void(const Stretch& session_days, StretchRows rows)>& take);

}  // namespace monitor::view
