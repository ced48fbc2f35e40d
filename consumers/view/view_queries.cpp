#include "consumers/view/view_queries.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "consumers/view/account_outline.h"
#include "consumers/view/session_scan.h"
#include "consumers/view/view_keys.h"

namespace monitor::view {
namespace {

constexpr std::uint64_t kRecordsBetweenLooks = 256;

// Reads an account in one bucket after another.
class FactsReader {
 public:
  FactsReader(const ViewDatabase& database, const rocksdb::Snapshot* snapshot, const funnel::Query& query,
              const std::function<bool()>& abandoned)
      : database_(database), snapshot_(snapshot), query_(query), abandoned_(abandoned), rows_(query) {}

  // False: it ended early.
  bool Add(const std::string& account_prefix) {
    if (abandoned_()) return false;
    SessionScan sessions(rows_);
    const auto take = [&](std::string_view key, std::string_view value) {
      if (!sessions.Take(key, value)) throw StoreFailure("the view holds a record that can not be read");
      return GoesOn();
    };
    if (query_.from || query_.to) {
      const std::vector<std::string> prefixes = SessionsInRange(account_prefix);
      if (wanted_) database_.ScanEach(kFacts, prefixes, snapshot_, take);
    } else {
      database_.Scan(kFacts, account_prefix, snapshot_, take);
    }
    if (wanted_) sessions.Finish();
    return wanted_ && !rows_.overflowed();
  }

  std::vector<funnel::Row> Finish() { return rows_.Finish(); }

 private:
  // What a session counts it counts at the time of one of its facts, so that those without any on these days count
  // nothing. Prefixes of their facts, ascending.
  std::vector<std::string> SessionsInRange(const std::string& account_prefix) {
    const std::string first = query_.from ? DayPrefix(account_prefix, *query_.from) : account_prefix;
    const std::optional<std::string> end =
        query_.to ? std::optional(DayPrefix(account_prefix, *query_.to + std::chrono::days(1))) : std::nullopt;
    std::vector<std::string> sessions;
    database_.ScanFrom(kDays, account_prefix, first, snapshot_, [&](std::string_view key, std::string_view) {
      if (end && key >= *end) return false;
      sessions.push_back(SessionPrefixOf(account_prefix, key));
      return GoesOn();
    });
    std::ranges::sort(sessions);
    const auto repeated = std::ranges::unique(sessions);
    sessions.erase(repeated.begin(), repeated.end());
    return sessions;
  }

  // Asked once a record.
  bool GoesOn() { return wanted_ = !rows_.overflowed() && (++seen_ % kRecordsBetweenLooks != 0 || !abandoned_()); }

  const ViewDatabase& database_;
  const rocksdb::Snapshot* const snapshot_;
  const funnel::Query& query_;
  const std::function<bool()>& abandoned_;
  funnel::RowBuilder rows_;
  std::uint64_t seen_ = 0;
  bool wanted_ = true;
};

}  // namespace

std::optional<std::vector<funnel::Row>> Rows(const ViewDatabase& database, const rocksdb::Snapshot* snapshot,
                                             const AccountId& account, const funnel::Query& query,
                                             const BucketSet& buckets, const std::function<bool()>& abandoned) {
  FactsReader facts(database, snapshot, query, abandoned);
  for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
    if (!buckets[bucket]) continue;
    if (!facts.Add(AccountPrefix(static_cast<Bucket>(bucket), account.str()))) return std::nullopt;
  }
  return facts.Finish();
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
