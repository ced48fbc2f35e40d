#include "consumers/view/retirement.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "consumers/view/retired_rows.h"
#include "consumers/view/session_days.h"
#include "consumers/view/session_scan.h"
#include "consumers/view/view_keys.h"
#include "domain/funnel/local_days.h"
#include "domain/funnel/row_sum.h"

namespace monitor::view {
namespace {

using std::chrono::days;

constexpr std::size_t kMaxRecords = 20'000;  // of one plan, but for its last session's

constexpr funnel::Counting kCountings[] = {funnel::kNet, funnel::kGross};

// Of sessions that ended on the same day: rows in the making.
class StretchBuilders {
 public:
  explicit StretchBuilders(std::string zone) : zone_(std::move(zone)), days_(zone_) {}

  void Add(const Stretch& session_days, const SessionScan::Session& session) {
    for (const funnel::Counting counting : kCountings) {
      for (const auto& by : RetiredBreakdowns()) {
        for (std::int64_t first = session_days.first; first <= session_days.last; ++first) {
          for (std::int64_t last = first; last <= session_days.last; ++last) {
            funnel::RowBuilder& rows = BuilderOf({counting, by, session_days}, {first, last});
            rows.BeginVisitor();  // none shares a conversation with another
            rows.Add(session.traits, session.events);
          }
        }
      }
    }
  }

  // Adds what was counted to what is kept.
  void Finish(const std::string& part, const std::string& account_text, const FactsReading& reading,
              ViewDatabase::Aside& changes) {
    for (auto& [group, builders] : groups_) {
      const auto& [counting, by, session_days] = group;
      const std::string key = RetiredKey(RetiredPrefix(part, account_text, zone_, counting, by), session_days);
      StretchRows kept;
      if (const auto bytes = reading.database().GetAt(kRetired, key, reading.snapshot())) {
        kept = Decoded(DecodeStretches(*bytes));
      }
      for (auto& [stretch, builder] : builders) {
        funnel::RowSum sum;
        sum.Add(std::move(kept[stretch]));
        sum.Add(builder.Finish());
        kept[stretch] = sum.Take();
      }
      changes.Put(kRetired, key, EncodeStretches(kept));
    }
  }

 private:
  using Group = std::tuple<funnel::Counting, std::vector<funnel::Breakdown>, Stretch>;

  funnel::RowBuilder& BuilderOf(const Group& group, const Stretch& stretch) {
    auto& builders = groups_[group];
    const auto found = builders.find(stretch);
    if (found != builders.end()) return found->second;
    const auto& [counting, by, session_days] = group;
    funnel::Query query{.by = by, .where = {}, .counting = counting};
    query.max_bytes = std::numeric_limits<std::size_t>::max();  // of a few sessions: bounded by their facts
    if (stretch.first != session_days.first) query.from = days_.StartOf(stretch.first);
    if (stretch.last != session_days.last) query.to = days_.StartOf(stretch.last + 1);
    return builders.try_emplace(stretch, std::move(query)).first->second;
  }

  const std::string zone_;
  funnel::LocalDays days_;
  std::map<Group, std::map<Stretch, funnel::RowBuilder>> groups_;
};

}  // namespace

// Day by day, so that what is kept of a day is written once in a plan. Where it stopped for want of room the next plan
// goes on.
class RetirementPlanner {
 public:
  RetirementPlanner(FactsReading& reading, const Coverage& coverage, const FactsRetention& retention)
      : reading_(reading), coverage_(coverage), retention_(retention), plan_(new Retirement(reading.database())) {}

  // nullptr as Plan. `from`: where the plan before stopped, and afterwards this one.
  std::unique_ptr<Retirement> Take(RetirementPlace& from) {
    RetirementPlace next;
    reading_.database().ScanFrom(kStamps, "", from.day, reading_.snapshot(), [&](std::string_view key, auto) {
      const std::size_t account_end = key.find('\0') + 1;
      const std::string account_text(key.substr(0, account_end));
      const StampAddress day = Decoded(ParseStampKey(key.substr(account_end)));
      if (day.odd() || day.forgotten || !IsOld(day.zone, day.day, retention_.days)) return !reading_.ended();
      const std::string last = Walk(account_text, day, key == from.day ? from.session : "");
      if (HasRoom()) return !reading_.ended();
      next = {std::string(key), last};
      return false;
    });
    from = next;
    if (reading_.ended() || plan_->sessions_.empty()) return nullptr;
    for (const auto& [account, time] : gone_before_) {
      const auto known = FactsGoneBefore(reading_.database(), account, reading_.snapshot());
      const TimeMs latest = known ? std::max(*known, time) : time;
      plan_->changes_.Put(kProgress, RetiredUntilKey(account), Number(static_cast<std::uint64_t>(ToUnixMs(latest))));
    }
    return std::move(plan_);
  }

 private:
  bool HasRoom() const { return plan_->sessions_.size() < retention_.max_sessions && records_ < kMaxRecords; }

  // The sessions of a day behind that one. Returns the last one that was looked at.
  std::string Walk(const std::string& account_text, const StampAddress& day, std::string last) {
    if (!IsSettled(account_text, day.zone, day.day)) return last;
    const std::string behind = last;
    std::map<std::string, StretchBuilders> builders;  // by part
    reading_.StandingBehind(behind, account_text, DayOf(day.zone, day.day), coverage_.buckets,
                            [&](std::string prefix, std::string_view) {
                              Consider(account_text, day, prefix, builders);
                              last = std::move(prefix);
                              return HasRoom();
                            });
    for (auto& [part, rows] : builders) rows.Finish(part, account_text, reading_, plan_->changes_);
    return last;
  }

  bool IsOld(const std::string& zone, std::int64_t day, days kept) {
    return Zone(zone).StartOf(day + 1) + kept <= retention_.now;
  }

  funnel::LocalDays& Zone(const std::string& name) { return zones_.try_emplace(name, name).first->second; }

  std::string PartOf(const std::string& session_prefix) const {
    const int partition =
        coverage_.partitions == 0 ? 0 : static_cast<std::uint8_t>(session_prefix[0]) % coverage_.partitions;
    return RetiredPart(coverage_.partitions, partition);
  }

  void Consider(const std::string& account_text, const StampAddress& day, const std::string& prefix,
                std::map<std::string, StretchBuilders>& builders) {
    const SessionOwner owner = OwnerOf(prefix);
    const std::string span_key = SpanKey(owner.visitor_key, owner.session);
    const auto bytes = reading_.database().GetAt(kVisitors, span_key, reading_.snapshot());
    const SessionSpan span = bytes ? Decoded(DecodeSpan(*bytes)) : SessionSpan();
    if (!span.stands || span.zone != day.zone || span.last != day.day) return;  // its turn is on its last day
    for (std::int64_t earlier = span.first; earlier < span.last; ++earlier) {
      if (!IsSettled(account_text, span.zone, earlier)) return;
    }
    SessionScan scan([&](const SessionScan::Session& session) {
      if (!IsOver(span, session.traits)) return;
      builders.try_emplace(PartOf(prefix), span.zone).first->second.Add({span.first, span.last}, session);
      Retire(span, {prefix, owner.visitor_key, span_key, *bytes}, session);
      TimeMs& gone = gone_before_[account_text.substr(0, account_text.size() - 1)];
      gone = std::max(gone, Zone(span.zone).StartOf(span.last + 1));
    });
    reading_.Sessions(std::span(&prefix, 1), scan);
    if (!reading_.ended()) scan.Finish();
  }

  // Nothing can come to it any more, and no conversion be attributed to its displays.
  bool IsOver(const SessionSpan& span, const funnel::SessionTraits& traits) {
    const days lives = std::chrono::ceil<days>(std::chrono::seconds(traits.max_age_s));
    return IsOld(span.zone, span.last, std::max({retention_.days, lives, days(traits.attribution_period_days)}));
  }

  // What changed on the day is in the rows that are kept of it, and was given to whoever is given rows of hours.
  bool IsSettled(const std::string& account_text, const std::string& zone, std::int64_t day) {
    const std::string key = account_text + DayOf(zone, day);
    const auto [place, is_new] = settled_.try_emplace(key);
    if (!is_new) return place->second;
    const auto stamp = reading_.database().GetAt(kStamps, key, reading_.snapshot());
    const bool given =
        stamp && (!retention_.given_up_to || Decoded(ParseNumber(*stamp)) <= retention_.given_up_to->stamp);
    return place->second = given && reading_.database().GetAt(kStamps, key + 't', reading_.snapshot()) == stamp;
  }

  void Retire(const SessionSpan& span, Retirement::Session session, const SessionScan::Session& facts) {
    session.last_ordinal = facts.events.back().ordinal;
    session.tally = reading_.database().GetAt(kVisitors, session.visitor_key, reading_.snapshot()).value_or("");
    Delete(kFacts, FactsKey(session.prefix, 0));
    for (const funnel::EventFacts& event : facts.events) Delete(kFacts, FactsKey(session.prefix, event.ordinal));
    for (std::int64_t day = span.first; day <= span.last; ++day) Delete(kDays, DaysKey(session.prefix, span.zone, day));
    Delete(kVisitors, session.span_key);
    const SessionId id = OwnerOf(session.prefix).session;
    for (const std::string& prefix :
         {ContextsPrefix(session.visitor_key, id), SessionDisplaysPrefix(session.visitor_key, id)}) {
      reading_.database().Scan(kVisitors, prefix, reading_.snapshot(), [&](std::string_view key, auto) {
        Delete(kVisitors, std::string(key));
        return true;
      });
    }
    plan_->sessions_.push_back(std::move(session));
  }

  void Delete(Family family, const std::string& key) {
    plan_->changes_.Delete(family, key);
    ++records_;
  }

  FactsReading& reading_;
  const Coverage& coverage_;
  const FactsRetention& retention_;
  std::unique_ptr<Retirement> plan_;
  std::size_t records_ = 0;  // that go
  std::map<std::string, funnel::LocalDays> zones_;
  std::map<std::string, bool> settled_;  // days, by their keys in stamps
  std::map<std::string, TimeMs> gone_before_;
};

std::unique_ptr<Retirement> Retirement::Plan(FactsReading& reading, const Coverage& coverage,
                                             const FactsRetention& retention, RetirementPlace& from) {
  return RetirementPlanner(reading, coverage, retention).Take(from);
}

bool Retirement::Do(ViewDatabase& database) {
  for (const Session& session : sessions_) {
    if (database.GetAt(kVisitors, session.span_key, nullptr) != session.span) return false;
    // Mostly its visitor did nothing at all.
    if (database.GetAt(kVisitors, session.visitor_key, nullptr).value_or("") == session.tally) continue;
    const std::string next = FactsKey(session.prefix, session.last_ordinal + 1);
    bool came = false;
    database.ScanFrom(kFacts, session.prefix, next, nullptr, [&](auto, auto) {
      came = true;
      return false;
    });
    if (came) return false;
  }
  changes_.WriteOrThrow(database);
  return true;
}

}  // namespace monitor::view
