// The rows of an account's single days, kept beside the facts and brought up to date by what changed since, so that a
// question does not read all facts again (docs/decisions/rows.md). Whatever is kept can be made again; what is told is
// exact at the reading's snapshot.
//
// Threads: any, each with its own; while the database is open. Throws StoreFailure.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "consumers/view/coverage.h"
#include "consumers/view/facts_reading.h"
#include "domain/funnel/funnel_rows.h"
#include "domain/values/names.h"

namespace monitor::view {

// A day on which sessions of a zone have facts. Stamps are those of view_keys.h.
struct StampedDay {
  std::string zone;
  std::int64_t day = 0;
  std::string stamp;
  std::string forgotten;  // empty: none of its changes yet
};

// Of an account, by zone and day.
std::vector<StampedDay> StampedDays(const FactsReading& reading, const AccountId& account);

enum class Kind : char {
  kBegun = 'b',   // what the sessions that began on the day count at any time, by their last day; without windows
  kWithin = 'w',  // what counts on the day, whenever the session began; with the day as window
};

struct Wanted {
  Kind kind{};
  funnel::Counting counting = funnel::kNet;
  std::vector<funnel::Breakdown> by;
};

struct KeptDay {
  std::string stamp;                                    // as of which they are right; empty: nothing is kept
  std::map<std::int64_t, std::vector<funnel::Row>> of;  // by the last day of the sessions; kWithin: by the day itself
};

class KeptRows {
 public:
  // All must outlive it.
  KeptRows(FactsReading& reading, const AccountId& account, const BucketSet& buckets);

  // As of the day's stamp, in the order of `wanted`. nullopt: the reading ended, there is more than a query
  // allows, or what is kept of sessions whose facts went is not only of these buckets.
  std::optional<std::vector<KeptDay>> Of(const StampedDay& day, std::span<const Wanted> wanted);
  // Keeps what was brought up to date since the last time, if there is room.
  void Keep();
  // And forgets what changed of these days: only for what all have that is kept of them.
  void Forget(const StampedDay& day);

 private:
  using Changes = std::map<std::string, std::uint64_t>;  // session prefix → first new ordinal

  std::string KeyOf(const StampedDay& day, const Wanted& wanted) const;
  std::optional<KeptDay> Read(const StampedDay& day, const Wanted& wanted) const;
  // nullopt: what was kept of the day by then is void.
  std::optional<Changes> ChangesSince(const StampedDay& day, const std::string& stamp);

  FactsReading& reading_;
  const std::string account_;
  const BucketSet& buckets_;
  const std::string covered_;
  const std::optional<TimeMs> gone_before_;                // FactsGoneBefore
  const std::optional<std::vector<std::string>> retired_;  // RetiredParts'
  ViewDatabase::Aside aside_;
};

// Of what is kept, all that is of other buckets.
void DropRowsOfOthers(const ViewDatabase& database, const BucketSet& buckets);

// The days of all accounts of which something changed: brings what everybody asks for up to date.
void KeepChangedDays(FactsReading& reading, const BucketSet& buckets);

}  // namespace monitor::view
