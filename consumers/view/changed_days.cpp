// Which days changed and what their hours have, of view_queries.h.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "consumers/view/retired_rows.h"
#include "consumers/view/session_scan.h"
#include "consumers/view/view_keys.h"
#include "consumers/view/view_queries.h"
#include "domain/funnel/local_days.h"

namespace monitor::view {
namespace {

using funnel::LocalDays;

constexpr std::chrono::hours kDay{24};
// No hour of a zone's clock is longer, also where it is set back.
constexpr std::chrono::hours kLongestHour{2};
constexpr std::chrono::hours kAnyShift{26};  // see view_queries.cpp

// The day's instants; where the clock is set near it, days do not follow one another, and its neighbours' hours as
// well.
ChangedDay Instants(const AccountId& account, LocalDays& zone, std::int64_t day, std::uint64_t stamp) {
  ChangedDay changed{.account = account, .from = zone.StartOf(day), .to = zone.StartOf(day + 1), .stamp = stamp};
  if (zone.SteadyAround(changed.from, kAnyShift) && zone.SteadyAround(changed.to, kAnyShift)) return changed;
  changed.from -= kLongestHour;
  changed.to += kLongestHour;
  return changed;
}

// What a day's hours count, gross and net, of sessions as they come.
class HourBuilders {
 public:
  HourBuilders(const ChangedDay& day, TimeMs to)
      : day_(day), gross_(QueryOf(day, to, funnel::kGross)), net_(QueryOf(day, to, funnel::kNet)) {}

  void Add(const SessionScan::Session& session) {
    for (funnel::RowBuilder* rows : {&gross_, &net_}) {
      if (session.of_new_visitor) rows->BeginVisitor();
      rows->Add(session.traits, session.events);
    }
  }
  bool overflowed() const { return gross_.overflowed() || net_.overflowed(); }

  HourlyRows Finish(int partition) {
    HourlyRows hours{.partition = partition, .gross = gross_.Finish(), .net = net_.Finish()};
    for (auto* rows : {&hours.gross, &hours.net}) {
      std::erase_if(*rows, [&](const funnel::Row& row) {  // of an hour that begins outside there may be a part only
        return row.key.window_start < day_.from || row.key.window_start >= day_.to;
      });
    }
    return hours;
  }

 private:
  static funnel::Query QueryOf(const ChangedDay& day, TimeMs to, funnel::Counting counting) {
    return {.by = {funnel::Breakdown::kCampaign, funnel::Breakdown::kEngagement},
            .where = {},
            .window = funnel::Window::kHour,
            .counting = counting,
            .from = day.from,
            .to = to};
  }

  const ChangedDay& day_;
  funnel::RowBuilder gross_, net_;
};

// The days of UTC on which odd sessions of an account count something. An hour of their zone may begin on the day
// before.
std::set<TimeMs> OddDays(FactsReading& reading, std::string_view account, const BucketSet& buckets) {
  std::set<TimeMs> days;
  SessionScan sessions([&](const SessionScan::Session& session) {
    for (const funnel::EventFacts& event : session.events) {
      for (const TimeMs time : {event.time, event.time - kLongestHour}) {
        days.insert(std::chrono::floor<std::chrono::days>(time));
      }
    }
  });
  std::vector<std::string> odd;
  reading.StandingAt(AccountText(account), kOddPlace, buckets,
                     [&](std::string prefix, std::string_view) { odd.push_back(std::move(prefix)); });
  reading.Sessions(odd, sessions);
  sessions.Finish();
  return days;
}

}  // namespace

std::vector<ChangedDay> ChangedSince(FactsReading& reading, std::uint64_t since, const BucketSet& buckets) {
  std::vector<ChangedDay> changed;
  std::map<AccountId, std::optional<TimeMs>> gone_before;
  std::map<std::string, LocalDays> zones;
  reading.database().Scan(kStamps, "", reading.snapshot(), [&](std::string_view key, std::string_view value) {
    const AccountId account(key.substr(0, key.find('\0')));
    const StampAddress address = Decoded(ParseStampKey(key.substr(account.str().size() + 1)));
    const std::uint64_t stamp = Decoded(ParseNumber(value));
    if (address.forgotten || stamp <= since) return reading.GoesOn();
    if (!address.odd()) {
      LocalDays& zone = zones.try_emplace(address.zone, address.zone).first->second;
      changed.push_back(Instants(account, zone, address.day, stamp));
    } else {
      for (const TimeMs day : OddDays(reading, account.str(), buckets)) {
        changed.push_back({.account = account, .from = day, .to = day + kDay, .stamp = stamp});
      }
    }
    return reading.GoesOn();
  });
  std::erase_if(changed, [&](const ChangedDay& day) {
    const auto [gone, is_new] = gone_before.try_emplace(day.account);
    if (is_new) gone->second = FactsGoneBefore(reading.database(), day.account.str(), reading.snapshot());
    return gone->second && day.from < *gone->second;
  });
  return changed;
}

std::optional<std::vector<HourlyRows>> Hours(FactsReading& reading, const ChangedDay& day, const Coverage& coverage,
                                             std::span<const int> partitions) {
  const TimeMs to = day.to + kLongestHour;
  const std::vector<std::string> touched = TouchedSessions(reading, day.account, day.from, to, coverage.buckets);
  std::vector<HourlyRows> hours;
  for (const int partition : partitions) {
    const BucketSet buckets = BucketsOf(coverage, partition);
    std::vector<std::string> sessions;
    std::ranges::copy_if(touched, std::back_inserter(sessions),
                         [&](const std::string& prefix) { return buckets[static_cast<std::uint8_t>(prefix.front())]; });
    HourBuilders builders(day, to);
    SessionScan scan([&](const SessionScan::Session& session) {
      builders.Add(session);
      if (builders.overflowed()) reading.Stop();
    });
    reading.Sessions(sessions, scan);
    if (reading.LookNow()) return std::nullopt;
    scan.Finish();
    if (builders.overflowed()) return std::nullopt;
    hours.push_back(builders.Finish(partition));
  }
  return hours;
}

}  // namespace monitor::view
