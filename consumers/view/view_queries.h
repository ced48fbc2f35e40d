// What a view is asked, over a database that stays as it is meanwhile: a snapshot, or with none what is committed.
//
// Threads: any, while the database is open. All functions throw StoreFailure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "consumers/view/coverage.h"
#include "consumers/view/facts_reading.h"
#include "consumers/view/view_database.h"
#include "consumers/view/view_store.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor::view {

// The accounts whose keys begin with `prefix`: one key a bucket, one of which has the outline.
std::vector<AccountOutline> Accounts(const ViewDatabase& database, const std::string& prefix);

struct RowsAnswer {
  std::optional<std::vector<funnel::Row>> rows;  // nullopt: there are more than the query allows, nobody waits for
                                                 // them, or
  std::optional<TimeMs> facts_gone_before;       // they can not be counted, since facts of before may be gone
};

// Over an account's facts in these buckets; without filters, by days or in one window, by what is kept of whole days
// and the facts of the others (docs/decisions/rows.md, facts.md).
RowsAnswer Rows(FactsReading& reading, const AccountId& account, const funnel::Query& query, const BucketSet& buckets);

// The prefixes of all sessions that may have facts within from ≤ t < to, ascending.
std::vector<std::string> TouchedSessions(FactsReading& reading, const AccountId& account, TimeMs from, TimeMs to,
                                         const BucketSet& buckets);

// The days with a stamp behind `since`; those of odd sessions if one of them changed. None of which facts may be gone:
// what was given of their hours stays.
std::vector<ChangedDay> ChangedSince(FactsReading& reading, std::uint64_t since, const BucketSet& buckets);

// Of each of the partitions, but for the offset. nullopt: there are more than a query allows, or nobody waits.
std::optional<std::vector<HourlyRows>> Hours(FactsReading& reading, const ChangedDay& day, const Coverage& coverage,
                                             std::span<const int> partitions);

}  // namespace monitor::view
