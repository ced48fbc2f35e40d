#include "consumers/view/view_queries.h"

#include "consumers/view/account_outline.h"
#include "consumers/view/session_scan.h"
#include "consumers/view/view_keys.h"

namespace monitor::view {
namespace {

constexpr int kRecordsBetweenLooks = 256;

bool AddBucket(const ViewDatabase& database, const rocksdb::Snapshot* snapshot, const std::string& prefix,
               const std::function<bool()>& abandoned, funnel::RowBuilder& rows) {
  if (abandoned()) return false;
  SessionScan sessions(rows);
  int seen = 0;
  bool wanted = true;
  database.Scan(kFacts, prefix, snapshot, [&](std::string_view key, std::string_view value) {
    if (!sessions.Take(key, value)) throw StoreFailure("the view holds a record that can not be read");
    return wanted = !rows.overflowed() && (++seen % kRecordsBetweenLooks != 0 || !abandoned());
  });
  if (wanted) sessions.Finish();
  return wanted && !rows.overflowed();
}

}  // namespace

bool AddFacts(const ViewDatabase& database, const rocksdb::Snapshot* snapshot, const AccountId& account,
              const BucketSet& buckets, const std::function<bool()>& abandoned, funnel::RowBuilder& rows) {
  for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
    if (!buckets[bucket]) continue;
    const std::string prefix = AccountPrefix(static_cast<Bucket>(bucket), account.str());
    if (!AddBucket(database, snapshot, prefix, abandoned, rows)) return false;
  }
  return true;
}

std::vector<AccountOutline> Accounts(const ViewDatabase& database, const std::string& prefix) {
  std::vector<AccountOutline> accounts;
  database.Scan(kAccounts, prefix, nullptr, [&](std::string_view key, std::string_view value) {
    const std::string_view id = key.substr(0, key.find('\0'));
    if (accounts.empty() || accounts.back().id.str() != id) accounts.push_back({.id = AccountId(id)});
    if (const auto facts = ReadOutline(value)) {
      accounts.back().time_zone = facts->time_zone;
      accounts.back().json = value;
    }
    return true;
  });
  return accounts;
}

}  // namespace monitor::view
