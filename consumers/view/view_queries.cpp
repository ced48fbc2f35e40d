#include "consumers/view/view_queries.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "consumers/view/account_outline.h"
#include "consumers/view/kept_rows.h"
#include "consumers/view/session_scan.h"
#include "consumers/view/view_keys.h"
#include "domain/funnel/local_days.h"
#include "domain/funnel/row_sum.h"

namespace monitor::view {
namespace {

using funnel::LocalDays;

// Clocks go back by less; then a day's instants may lie on both sides of its neighbour's.
constexpr std::chrono::hours kAnyShift{26};

// Which days of a zone a bound cuts, and which lie wholly before and behind it.
struct Cut {
  std::int64_t first = 0, last = -1;  // the days that it cuts; none if it is where a day begins
  std::int64_t behind = 0;            // the first day of which all is at it or later
};

Cut CutAt(LocalDays& zone, TimeMs bound) {
  const std::int64_t day = zone.DayOf(bound);
  const bool steady = zone.SteadyAround(bound, kAnyShift);
  if (steady && bound == zone.StartOf(day)) return {.behind = day};
  if (steady) return {.first = day, .last = day, .behind = day + 1};
  const std::int64_t last = zone.DayOf(bound + kAnyShift);
  return {.first = zone.DayOf(bound - kAnyShift), .last = last, .behind = last + 1};
}

// The days of a zone in the light of a query's bounds.
struct ZoneCut {
  ZoneCut(const std::string& name, const funnel::Query& query) : zone(name) {
    if (query.from) from = CutAt(zone, *query.from);
    if (query.to) to = CutAt(zone, *query.to);
  }

  bool IsWhole(std::int64_t day) const { return (!from || day >= from->behind) && !IsOut(day) && !IsCut(day); }
  bool IsCut(std::int64_t day) const {
    return (from && from->first <= day && day <= from->last) || (to && to->first <= day && day <= to->last);
  }
  // Behind the end.
  bool IsOut(std::int64_t day) const { return to && day >= to->behind; }

  LocalDays zone;
  std::optional<Cut> from, to;
};

class Question {
 public:
  Question(FactsReading& reading, const AccountId& account, const funnel::Query& query, const BucketSet& buckets)
      : reading_(reading), account_(account), query_(query), buckets_(buckets), days_(StampedDays(reading, account)) {}

  // From facts alone. nullopt: it ended early.
  std::optional<std::vector<funnel::Row>> Walk() {
    if (!query_.from && !query_.to) return WalkAll();
    AddTouched();
    return Count();
  }

  // Ascending.
  std::vector<std::string> TouchedSessions() {
    AddTouched();
    return TakeSessions();
  }

  // From what is kept of the days that are asked for as a whole.
  std::optional<std::vector<funnel::Row>> Sum() {
    const bool by_day = query_.window == funnel::Window::kDay;
    KeptRows kept(reading_, account_, buckets_);
    const Wanted wanted{by_day ? Kind::kWithin : Kind::kBegun, query_.counting, query_.by};
    for (const StampedDay& day : days_) {
      const ZoneCut& cut = CutOf(day.zone);
      if (cut.IsWhole(day.day)) {
        const auto found = kept.Of(day, std::span(&wanted, 1));
        if (!found || Overflowed()) return std::nullopt;
        kept.Keep();  // at once: who gives up now has less to count the next time
        // A session that goes on behind the last whole day stands on the next one: there it is counted.
        for (const auto& [last, rows] : found->front().of) {
          if (by_day || cut.IsWhole(last)) sum_.Add(rows);
        }
      }
      if (by_day) continue;
      if (cut.IsCut(day.day)) AddDay(day);
      if (IsEdge(cut, day.day)) AddEarlierOnes(day);
    }
    if (by_day && !AddCutDays()) return std::nullopt;
    AddOdd();
    auto rows = Count();
    if (!rows) return std::nullopt;
    sum_.Add(*std::move(rows));
    if (Overflowed()) return std::nullopt;
    std::vector<funnel::Row> all = sum_.Take();
    if (all.empty() && query_.by.empty() && !by_day) all.emplace_back();
    return all;
  }

 private:
  bool Overflowed() const { return sum_.bytes() > query_.max_bytes; }

  const ZoneCut& CutOf(const std::string& zone) { return cuts_.try_emplace(zone, zone, query_).first->second; }

  // Sessions that began before it count from their facts, not from what is kept.
  static bool IsEdge(const ZoneCut& cut, std::int64_t day) {
    return (cut.from && day == cut.from->behind) || (cut.to && day == cut.to->behind);
  }

  void AddTouched() {
    for (const StampedDay& day : days_) {
      const ZoneCut& cut = CutOf(day.zone);
      if (cut.IsWhole(day.day) || cut.IsCut(day.day)) AddDay(day);
    }
    AddOdd();
  }
  void AddDay(const StampedDay& day) {
    AddSessions(DayOf(day.zone, day.day), [](std::string_view) { return true; });
  }
  void AddEarlierOnes(const StampedDay& day) {
    AddSessions(DayOf(day.zone, day.day), [](std::string_view value) { return value == "\1"; });
  }
  void AddOdd() {
    AddSessions(kOddPlace, [](std::string_view) { return true; });
  }

  // Those of the family days under `place` that are wanted by their value.
  template <class IsWanted>
  void AddSessions(const std::string& place, IsWanted is_wanted) {
    reading_.StandingAt(AccountText(account_.str()), place, buckets_, [&](std::string prefix, std::string_view value) {
      if (is_wanted(value)) sessions_.push_back(std::move(prefix));
    });
  }

  // The sessions that were added, each once; none afterwards.
  std::vector<std::string> TakeSessions() {
    std::ranges::sort(sessions_);
    const auto repeated = std::ranges::unique(sessions_);
    sessions_.erase(repeated.begin(), repeated.end());
    return std::exchange(sessions_, {});
  }

  std::optional<std::vector<funnel::Row>> Count() {
    return Build([&](SessionScan& sessions) { reading_.Sessions(TakeSessions(), sessions); });
  }

  std::optional<std::vector<funnel::Row>> WalkAll() {
    return Build([&](SessionScan& sessions) {
      for (std::size_t bucket = 0; bucket < buckets_.size() && !reading_.ended(); ++bucket) {
        if (!buckets_[bucket]) continue;
        reading_.Sessions(AccountPrefix(static_cast<Bucket>(bucket), account_.str()), sessions);
      }
    });
  }

  template <class Read>
  std::optional<std::vector<funnel::Row>> Build(Read read) {
    funnel::RowBuilder rows(query_);
    SessionScan sessions([&](const SessionScan::Session& session) {
      if (session.of_new_visitor) rows.BeginVisitor();
      rows.Add(session.traits, session.events);
      if (rows.overflowed()) reading_.Stop();
    });
    read(sessions);
    if (reading_.LookNow()) return std::nullopt;
    sessions.Finish();
    if (rows.overflowed()) return std::nullopt;
    return rows.Finish();
  }

  // What the sessions of cut days count on just these days; by days. False: it ended early.
  bool AddCutDays() {
    for (auto& [name, cut] : cuts_) {
      for (const StampedDay& day : days_) {
        if (day.zone == name && cut.IsCut(day.day)) AddDay(day);
      }
      auto rows = Count();
      if (!rows) return false;
      std::erase_if(*rows, [&](const funnel::Row& row) {
        const std::int64_t day = cut.zone.DayOf(*row.key.window_start);
        return !cut.IsCut(day) || row.key.window_start != cut.zone.StartOf(day);
      });
      sum_.Add(*std::move(rows));
    }
    return true;
  }

  FactsReading& reading_;
  const AccountId& account_;
  const funnel::Query& query_;
  const BucketSet& buckets_;
  const std::vector<StampedDay> days_;
  std::map<std::string, ZoneCut> cuts_;
  std::vector<std::string> sessions_;  // prefixes of their facts
  funnel::RowSum sum_;
};

}  // namespace

std::optional<std::vector<funnel::Row>> Rows(FactsReading& reading, const AccountId& account,
                                             const funnel::Query& query, const BucketSet& buckets) {
  Question question(reading, account, query, buckets);
  const bool kept = query.where.empty() && query.window != funnel::Window::kHour;
  return kept ? question.Sum() : question.Walk();
}

std::vector<std::string> TouchedSessions(FactsReading& reading, const AccountId& account, TimeMs from, TimeMs to,
                                         const BucketSet& buckets) {
  const funnel::Query query{.by = {}, .where = {}, .from = from, .to = to};
  return Question(reading, account, query, buckets).TouchedSessions();
}

std::vector<AccountOutline> Accounts(const ViewDatabase& database, const std::string& prefix) {
  std::vector<AccountOutline> accounts;
  database.Scan(kAccounts, prefix, nullptr, [&](std::string_view key, std::string_view value) {
    const std::string_view id = key.substr(0, key.find('\0'));
    if (accounts.empty() || accounts.back().id.str() != id) accounts.push_back({.id = AccountId(id)});
    if (const auto facts = ReadOutline(value)) {
      accounts.back().configured_at = facts->time;
      accounts.back().time_zone = facts->time_zone;
      accounts.back().json = facts->shown;
      accounts.back().alerts = facts->alerts;
    }
    return true;
  });
  return accounts;
}

}  // namespace monitor::view
