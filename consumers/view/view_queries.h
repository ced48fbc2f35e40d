// What a view is asked, over a database that stays as it is meanwhile: a snapshot, or with none what is committed.
//
// Threads: any, while the database is open. All functions throw StoreFailure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "consumers/view/coverage.h"
#include "consumers/view/view_database.h"
#include "consumers/view/view_store.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor::view {

// The accounts whose keys begin with `prefix`: one key a bucket, one of which has the outline.
std::vector<AccountOutline> Accounts(const ViewDatabase& database, const std::string& prefix);

// Feeds an account's facts in these buckets to `rows`. False: it ended early, because there are more rows than the
// query allows or nobody waits for them (asked now and then).
bool AddFacts(const ViewDatabase& database, const rocksdb::Snapshot* snapshot, const AccountId& account,
              const BucketSet& buckets, const std::function<bool()>& abandoned, funnel::RowBuilder& rows);

}  // namespace monitor::view
