#include "consumers/view/kept_rows.h"

#include <algorithm>
#include <utility>

#include "consumers/view/retired_rows.h"
#include "consumers/view/session_days.h"
#include "consumers/view/view_keys.h"
#include "domain/funnel/local_days.h"
#include "domain/funnel/row_sum.h"
#include "domain/values/hash.h"
#include "domain/values/packing.h"

namespace monitor::view {
namespace {

using RowsByLastDay = std::map<std::int64_t, std::vector<funnel::Row>>;

constexpr std::size_t kStampBytes = sizeof(std::uint64_t);
constexpr std::size_t kMaxKeptBytes = 1 << 20;  // of one record; a finer breakdown of a busy day is counted each time

// What everybody asks for: the page, and funnel.md's own examples.
std::vector<Wanted> Everybodys() {
  std::vector<Wanted> wanted;
  for (const Kind kind : {Kind::kBegun, Kind::kWithin}) {
    for (const funnel::Counting counting : {funnel::kNet, funnel::kGross}) {
      for (const auto& by : RetiredBreakdowns()) wanted.push_back({kind, counting, by});
    }
  }
  return wanted;
}

// What the keys of rows begin with, that are of these buckets.
std::string CoveredPrefix(const BucketSet& buckets) {
  const auto digest = Sha256(buckets.to_string());
  return {reinterpret_cast<const char*>(digest.data()), sizeof(std::uint64_t)};
}

std::string Encode(const KeptDay& kept) {
  Packer packer;
  packer.Int(kept.of.size());
  std::vector<std::string> rows;
  rows.reserve(kept.of.size());
  for (const auto& [last, of] : kept.of) {
    packer.Int(last);
    packer.Text(rows.emplace_back(funnel::EncodeRows(of)));
  }
  return kept.stamp + std::move(packer).Done();
}

std::optional<KeptDay> Decode(std::string_view bytes) {
  if (bytes.size() < kStampBytes) return std::nullopt;
  KeptDay kept{.stamp = std::string(bytes.substr(0, kStampBytes)), .of = {}};
  Unpacker unpacker(bytes.substr(kStampBytes));
  std::size_t size = 0;
  for (unpacker.Int(size); size > 0 && !unpacker.failed(); --size) {
    std::int64_t last = 0;
    std::string rows;
    unpacker.Int(last);
    unpacker.Text(rows);
    auto decoded = funnel::DecodeRows(rows);
    if (!decoded) return std::nullopt;
    kept.of[last] = std::move(*decoded);
  }
  if (unpacker.failed() || !unpacker.at_end()) return std::nullopt;
  return kept;
}

// Sessions on their way into the rows of one day, several breakdowns at once.
class DayRows {
 public:
  DayRows(const StampedDay& day, std::vector<Wanted> wanted)
      : day_(day.day), zone_(day.zone), wanted_(std::move(wanted)), builders_(wanted_.size()) {}

  // Sessions of different visitors, or such that share no conversation.
  void Add(const funnel::SessionTraits& traits, std::span<const funnel::EventFacts> events) {
    if (events.empty()) return;
    std::int64_t first = zone_.DayOf(events.front().time), last = first;
    bool within = false;
    for (const funnel::EventFacts& event : events) {
      const std::int64_t day = zone_.DayOf(event.time);
      first = std::min(first, day);
      last = std::max(last, day);
      within |= day == day_;
    }
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const bool begun = wanted_[i].kind == Kind::kBegun;
      if (begun ? first != day_ : !within) continue;
      funnel::RowBuilder& rows = BuilderOf(i, begun ? last : day_);
      rows.BeginVisitor();
      rows.Add(traits, events);
      overflowed_ |= rows.overflowed();
    }
  }

  bool overflowed() const { return overflowed_; }

  // By last day, of one of the breakdowns.
  RowsByLastDay Finish(std::size_t i) {
    RowsByLastDay rows;
    for (auto& [last, builder] : builders_[i]) {
      auto& of = rows[last] = builder.Finish();
      if (wanted_[i].kind == Kind::kBegun) continue;
      std::erase_if(of, [&](const funnel::Row& row) { return row.key.window_start != zone_.StartOf(day_); });
    }
    return rows;
  }

 private:
  funnel::RowBuilder& BuilderOf(std::size_t i, std::int64_t last) {
    const auto found = builders_[i].find(last);
    if (found != builders_[i].end()) return found->second;
    const Wanted& wanted = wanted_[i];
    const auto window = wanted.kind == Kind::kBegun ? funnel::Window::kAll : funnel::Window::kDay;
    funnel::Query query{.by = wanted.by, .where = {}, .window = window, .counting = wanted.counting};
    return builders_[i].try_emplace(last, std::move(query)).first->second;
  }

  const std::int64_t day_;
  funnel::LocalDays zone_;
  const std::vector<Wanted> wanted_;
  std::vector<std::map<std::int64_t, funnel::RowBuilder>> builders_;
  bool overflowed_ = false;
};

KeptDay Sum(const KeptDay& base, RowsByLastDay added, const RowsByLastDay& taken, const std::string& stamp) {
  std::map<std::int64_t, funnel::RowSum> sums;
  for (const auto& [last, rows] : base.of) sums[last].Add(rows);
  for (auto& [last, rows] : added) sums[last].Add(std::move(rows));
  for (const auto& [last, rows] : taken) sums[last].Subtract(rows);
  KeptDay kept{.stamp = stamp, .of = {}};
  for (auto& [last, sum] : sums) {
    if (auto rows = sum.Take(); !rows.empty()) kept.of[last] = std::move(rows);
  }
  return kept;
}

// What sessions count on the day whose facts are gone.
RowsByLastDay RetiredOn(const StampedDay& day, const Wanted& wanted, FactsReading& reading,
                        const std::string& account_text, std::span<const std::string> parts) {
  RowsByLastDay found;
  const bool begun = wanted.kind == Kind::kBegun;
  funnel::LocalDays zone(day.zone);
  const Stretch days{.first = begun ? day.day : day.day - SessionDays::kMaxDays, .last = day.day};
  ForEachRetired(reading, {account_text, day.zone, days, wanted.counting, wanted.by}, parts,
                 [&](const Stretch& session_days, StretchRows stretches) {
                   if (session_days.last < day.day) return;
                   auto& rows = stretches[begun ? session_days : Stretch{day.day, day.day}];
                   for (funnel::Row& row : rows) {
                     if (!begun) row.key.window_start = zone.StartOf(day.day);
                     found[begun ? session_days.last : day.day].push_back(std::move(row));
                   }
                 });
  return found;
}

}  // namespace

std::vector<StampedDay> StampedDays(const FactsReading& reading, const AccountId& account) {
  std::vector<StampedDay> days;
  const std::string prefix = AccountText(account.str());
  reading.database().Scan(kStamps, prefix, reading.snapshot(), [&](std::string_view key, std::string_view value) {
    const StampAddress address = Decoded(ParseStampKey(key.substr(prefix.size())));
    if (address.odd()) return true;
    if (!address.forgotten) {
      days.push_back({.zone = address.zone, .day = address.day, .stamp = std::string(value), .forgotten = ""});
    } else if (!days.empty()) {
      days.back().forgotten = value;
    }
    return true;
  });
  return days;
}

KeptRows::KeptRows(FactsReading& reading, const AccountId& account, const BucketSet& buckets)
    : reading_(reading),
      account_(AccountText(account.str())),
      buckets_(buckets),
      covered_(CoveredPrefix(buckets)),
      gone_before_(FactsGoneBefore(reading.database(), account.str(), reading.snapshot())),
      retired_(RetiredParts(reading, buckets)),
      aside_(reading.database()) {}

std::string KeptRows::KeyOf(const StampedDay& day, const Wanted& wanted) const {
  std::string key = covered_ + account_ + DayOf(day.zone, day.day);
  key += static_cast<char>(wanted.kind);
  key += static_cast<char>(wanted.counting);
  key += static_cast<char>(BreakdownBits(wanted.by));
  return key;
}

std::optional<KeptDay> KeptRows::Read(const StampedDay& day, const Wanted& wanted) const {
  const auto bytes = reading_.database().GetAt(kRows, KeyOf(day, wanted), reading_.snapshot());
  if (!bytes) return std::nullopt;
  auto kept = Decode(*bytes);
  if (kept && kept->stamp < day.forgotten) return std::nullopt;
  return kept;
}

std::optional<KeptRows::Changes> KeptRows::ChangesSince(const StampedDay& day, const std::string& stamp) {
  const std::string prefix = account_ + DayOf(day.zone, day.day);
  Changes changes;
  bool is_void = false;
  reading_.database().ScanFrom(kChanges, prefix, prefix + Number(Decoded(ParseNumber(stamp)) + 1), reading_.snapshot(),
                               [&](std::string_view key, std::string_view value) {
                                 const std::string_view session = key.substr(prefix.size() + kStampBytes);
                                 is_void = session.empty();
                                 if (is_void) return false;
                                 const auto bucket = static_cast<std::uint8_t>(session.front());
                                 if (buckets_[bucket])
                                   changes.try_emplace(std::string(session), Decoded(ParseNumber(value)));
                                 return reading_.GoesOn();
                               });
  if (is_void) return std::nullopt;
  return changes;
}

std::optional<std::vector<KeptDay>> KeptRows::Of(const StampedDay& day, std::span<const Wanted> wanted) {
  std::vector<KeptDay> found;
  std::map<std::string, std::vector<std::size_t>> stale;  // by stamp
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    found.push_back(Read(day, wanted[i]).value_or(KeptDay()));
    if (found.back().stamp != day.stamp) stale[found.back().stamp].push_back(i);
  }
  for (const auto& [stamp, places] : stale) {
    std::vector<Wanted> these;
    for (const std::size_t i : places) these.push_back(wanted[i]);
    DayRows added(day, these), taken(day, these);
    const auto changes = stamp.empty() ? std::nullopt : ChangesSince(day, stamp);
    if (changes) {
      for (const auto& [prefix, ordinal] : *changes) {
        SessionScan session([&](const SessionScan::Session& one) {
          const auto is_old = [&](const funnel::EventFacts& event) { return event.ordinal < ordinal; };
          const auto old = std::ranges::partition_point(one.events, is_old) - one.events.begin();
          taken.Add(one.traits, one.events.first(static_cast<std::size_t>(old)));
          added.Add(one.traits, one.events);
        });
        reading_.Sessions(std::span(&prefix, 1), session);
        if (!reading_.ended()) session.Finish();
      }
    } else {
      for (const std::size_t i : places) found[i] = {};
      SessionScan sessions([&](const SessionScan::Session& one) {
        added.Add(one.traits, one.events);
        if (added.overflowed()) reading_.Stop();
      });
      std::vector<std::string> standing;
      reading_.StandingAt(account_, DayOf(day.zone, day.day), buckets_,
                          [&](std::string prefix, std::string_view) { standing.push_back(std::move(prefix)); });
      if (!reading_.ended()) reading_.Sessions(standing, sessions);
      if (!reading_.ended()) sessions.Finish();
      const bool may_be_gone = gone_before_ && funnel::LocalDays(day.zone).StartOf(day.day) < *gone_before_;
      if (may_be_gone && !retired_) return std::nullopt;
      for (const std::size_t i : places) {
        if (may_be_gone) found[i].of = RetiredOn(day, wanted[i], reading_, account_, *retired_);
      }
    }
    if (reading_.ended() || added.overflowed()) return std::nullopt;
    for (std::size_t i = 0; i < places.size(); ++i) {
      KeptDay& kept = found[places[i]];
      kept = Sum(kept, added.Finish(i), taken.Finish(i), day.stamp);
      const std::string bytes = Encode(kept);
      if (bytes.size() <= kMaxKeptBytes) aside_.Put(kRows, KeyOf(day, wanted[places[i]]), bytes);
    }
  }
  return found;
}

void KeptRows::Keep() {
  if (reading_.has_room()) aside_.Write();
}

void KeptRows::Forget(const StampedDay& day) {
  const std::string prefix = account_ + DayOf(day.zone, day.day);
  aside_.Put(kStamps, prefix + 't', day.stamp);
  aside_.DeleteRange(kChanges, prefix, prefix + Number(Decoded(ParseNumber(day.stamp)) + 1));
}

void DropRowsOfOthers(const ViewDatabase& database, const BucketSet& buckets) {
  const std::string ours = CoveredPrefix(buckets);
  ViewDatabase::Aside aside(database);
  aside.DeleteRange(kRows, "", ours);
  aside.DeleteRange(kRows, ours + std::string(kStampBytes, '\xff'), std::string(2 * kStampBytes, '\xff'));
  aside.Write();
}

void KeepChangedDays(FactsReading& reading, const BucketSet& buckets) {
  const std::vector<Wanted> wanted = Everybodys();
  std::string from;
  while (!reading.LookNow()) {
    std::string found;
    reading.database().ScanFrom(kChanges, "", from, reading.snapshot(), [&](std::string_view key, std::string_view) {
      found = key;
      return false;
    });
    if (found.empty()) return;
    const std::size_t account_end = found.find('\0') + 1;
    const std::string address =
        found.substr(account_end, found.find('\0', account_end) + 1 + kStampBytes - account_end);
    const std::string day_key = found.substr(0, account_end) + address;
    const StampAddress place = Decoded(ParseStampKey(address));
    StampedDay day{.zone = place.zone, .day = place.day, .stamp = "", .forgotten = ""};
    day.stamp = Decoded(reading.database().GetAt(kStamps, day_key, reading.snapshot()));
    day.forgotten = reading.database().GetAt(kStamps, day_key + 't', reading.snapshot()).value_or("");
    KeptRows rows(reading, AccountId(found.substr(0, account_end - 1)), buckets);
    rows.Of(day, wanted);
    if (reading.ended()) return;
    rows.Forget(day);
    rows.Keep();
    from = day_key + std::string(kStampBytes, '\xff');
  }
}

}  // namespace monitor::view
