#include "consumers/view/view_queries.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "consumers/view/account_outline.h"
#include "consumers/view/kept_rows.h"
#include "consumers/view/retired_rows.h"
#include "consumers/view/session_days.h"
#include "consumers/view/session_scan.h"
#include "consumers/view/view_keys.h"
#include "domain/funnel/local_days.h"
#include "domain/funnel/row_sum.h"

namespace monitor::view {
namespace {

using funnel::LocalDays;

// Clocks go back by less; over a midnight, a day's instants may lie on both sides of its neighbour's.
constexpr std::chrono::hours kAnyShift{26};

// Which days of a zone a bound cuts, and which lie wholly before and behind it.
struct Cut {
  std::int64_t first = 0, last = -1;  // the days that it cuts; none if it is where a day begins
  std::int64_t behind = 0;            // the first day of which all is at it or later
};

Cut CutAt(LocalDays& zone, TimeMs bound) {
  const std::int64_t day = zone.DayOf(bound);
  const bool steady = zone.DaysFollowAround(bound, kAnyShift);
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
      : reading_(reading),
        account_(account),
        query_(query),
        buckets_(buckets),
        days_(StampedDays(reading, account)),
        gone_before_(FactsGoneBefore(reading.database(), account.str(), reading.snapshot())),
        retired_(RetiredParts(reading, buckets)) {}

  // Whole days of all sessions, which rows are kept of.
  bool IsOfDays() const { return query_.where.empty() && query_.window != funnel::Window::kHour; }

  // It needs facts that may be gone.
  bool ComesTooLate() {
    if (!gone_before_ || (query_.from && *query_.from >= *gone_before_)) return false;
    if (!IsOfDays() || !IsKeptOfRetired(query_.by) || !retired_) return true;
    return std::ranges::any_of(days_, [&](const StampedDay& day) {
      ZoneCut& cut = CutOf(day.zone);
      return cut.IsCut(day.day) && cut.zone.StartOf(day.day) < *gone_before_;
    });
  }
  std::optional<TimeMs> gone_before() const { return gone_before_; }

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
      if (!IsEdge(cut, day.day)) continue;
      AddEarlierOnes(day);
      if (gone_before_ && retired_) AddEarlierRetired(day, cut);
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

  ZoneCut& CutOf(const std::string& zone) { return cuts_.try_emplace(zone, zone, query_).first->second; }

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
  // The same of those whose facts are gone: what the bounds leave of their days. Who is on both sides of the query's
  // days counts with those that began before.
  void AddEarlierRetired(const StampedDay& day, const ZoneCut& cut) {
    const std::int64_t from = cut.from ? cut.from->behind : std::numeric_limits<std::int64_t>::min();
    const std::int64_t last = cut.to ? cut.to->behind - 1 : std::numeric_limits<std::int64_t>::max();
    Stretch begun{.first = day.day - SessionDays::kMaxDays, .last = day.day - 1};
    if (cut.IsOut(day.day)) begun.first = std::max(begun.first, from);
    ForEachRetired(reading_, {AccountText(account_.str()), day.zone, begun, query_.counting, query_.by}, *retired_,
                   [&](const Stretch& session_days, StretchRows stretches) {
                     if (session_days.last < day.day) return;
                     const Stretch left{std::max(session_days.first, from), std::min(session_days.last, last)};
                     if (left.first <= left.last) sum_.Add(std::move(stretches[left]));
                   });
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
  const std::optional<TimeMs> gone_before_;
  const std::optional<std::vector<std::string>> retired_;  // RetiredParts'
  std::map<std::string, ZoneCut> cuts_;
  std::vector<std::string> sessions_;  // prefixes of their facts
  funnel::RowSum sum_;
};

}  // namespace

RowsAnswer Rows(FactsReading& reading, const AccountId& account, const funnel::Query& query, const BucketSet& buckets) {
  Question question(reading, account, query, buckets);
  if (question.ComesTooLate()) return {.rows = std::nullopt, .facts_gone_before = question.gone_before()};
  return {.rows = question.IsOfDays() ? question.Sum() : question.Walk(), .facts_gone_before = std::nullopt};
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
