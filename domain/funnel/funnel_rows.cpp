#include "domain/funnel/funnel_rows.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <utility>

#include "domain/funnel/local_days.h"

namespace monitor::funnel {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr milliseconds kClickPause{1'000};  // funnel.md section 3: a click sooner after another one is dropped in net

milliseconds Local(const TimeZone::Period& period, TimeMs time) { return time.time_since_epoch() + period.offset; }

TimeMs StartOfWindow(LocalDays& zone, Window window, TimeMs time) {
  const milliseconds local = zone.Local(time);
  if (window == Window::kHour) return time - (local - std::chrono::floor<hours>(local));
  return zone.StartOf(std::chrono::floor<days>(local).count());
}

struct ContextWalk {
  std::optional<TimeMs> first_display, first_click, previous_click;
  bool accept_sampled = false, conversation_seen = false;
};

// A row while it grows. A stamp is the serial number of the session that was counted last: what makes "distinct
// sessions" a comparison instead of a set.
struct GrowingRow {
  Row row;
  std::uint64_t prospect = 0, exposed = 0, accepted = 0, converted = 0;
  std::map<std::int64_t, std::uint64_t> displayed_engagements, accepted_engagements;  // engagement → stamp
  bool withheld = false, reached_goal = false;  // of the session that `prospect` stands for
};

// What an entry of a map costs beside its content: links, and what the allocator adds.
constexpr std::size_t kEntryBytes = 48;
constexpr std::size_t kRowBytes = sizeof(RowKey) + sizeof(GrowingRow) + kEntryBytes;

// Counts once a session.
void CountSession(std::uint64_t& stamp, std::uint64_t serial, std::uint64_t& count) {
  if (std::exchange(stamp, serial) != serial) ++count;
}

}  // namespace

std::optional<double> Rate(std::uint64_t numerator, std::uint64_t denominator) {
  if (denominator == 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::optional<Interval> Lift(std::uint64_t c1, std::uint64_t n1, std::uint64_t c0, std::uint64_t n0) {
  if (n1 == 0 || n0 == 0) return std::nullopt;
  constexpr double kZ = 1.959964;
  struct Wilson {
    double share, low, high;
    Wilson(double c, double n) : share(c / n) {
      const double scale = 1 + kZ * kZ / n;
      const double centre = (share + kZ * kZ / (2 * n)) / scale;
      const double half = kZ * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n)) / scale;
      low = centre - half;
      high = centre + half;
    }
  };
  const Wilson one(static_cast<double>(c1), static_cast<double>(n1));
  const Wilson zero(static_cast<double>(c0), static_cast<double>(n0));
  const double lift = one.share - zero.share;
  return Interval{.value = lift,
                  .low = lift - std::hypot(one.share - one.low, zero.high - zero.share),
                  .high = lift + std::hypot(one.high - one.share, zero.share - zero.low)};
}

std::optional<Interval> LiftOf(const Row& row) {
  return Lift(row.converted_prospects, row.prospects - row.control_group, row.converted_control, row.control_group);
}

TimeMs StartOfHour(const TimeZone& zone, TimeMs time) {
  const milliseconds local = Local(zone.PeriodAt(time), time);
  return time - (local - std::chrono::floor<hours>(local));
}

TimeMs StartOfLocalDay(const TimeZone& zone, TimeMs time) {
  return zone.StartOfDay(std::chrono::floor<days>(Local(zone.PeriodAt(time), time)));
}

class RowBuilder::Work {
 public:
  explicit Work(Query query) : query_(std::move(query)) {}

  void BeginVisitor() { conversations_.clear(); }

  void Add(const SessionTraits& traits, std::span<const EventFacts> events) {
    if (net() && traits.bot) return;
    BeginSession(traits);
    for (const EventFacts& event : events) {
      time_ = event.time;
      for (const Fact& fact : event.facts) std::visit([this](const auto& one) { Take(one); }, fact);
    }
    EndSession();
  }

  bool overflowed() const { return overflowed_; }

  std::vector<Row> Finish() {
    if (query_.by.empty() && query_.window == Window::kAll) rows_[RowKey{}];
    std::vector<Row> rows;
    rows.reserve(rows_.size());
    while (!rows_.empty()) {  // one by one, so that few are there twice
      auto node = rows_.extract(rows_.begin());
      rows.push_back(std::move(node.mapped().row));
      rows.back().key = std::move(node.key());
    }
    return rows;
  }

 private:
  bool net() const { return query_.counting == kNet; }

  void BeginSession(const SessionTraits& traits) {
    ++session_;
    traits_ = &traits;
    contexts_.clear();
    displayed_.clear();
    eligible_rows_.clear();
    without_goal_.clear();
    clock_ = nullptr;
    if (query_.window == Window::kAll) return;
    clock_ = &clocks_.try_emplace(traits.time_zone, traits.time_zone).first->second;
  }

  void EndSession() {
    for (GrowingRow* growing : eligible_rows_) {
      if (growing->withheld) ++growing->row.control_group;
      if (!growing->reached_goal) continue;
      ++(growing->withheld ? growing->row.converted_control : growing->row.converted_prospects);
    }
  }

  // The row in which something counts at this event's time; nullptr if that is outside of the query's bounds.
  GrowingRow* RowAt(const Dimensions& dimensions, std::optional<DeviceFamily> device) {
    if ((query_.from && time_ < *query_.from) || (query_.to && time_ >= *query_.to)) return nullptr;
    if (!std::ranges::all_of(query_.where, [&](const Filter& filter) { return Passes(filter, dimensions, device); })) {
      return nullptr;
    }
    RowKey key;
    if (clock_) key.window_start = StartOfWindow(*clock_, query_.window, time_);
    for (Breakdown breakdown : query_.by) SetKey(key, breakdown, dimensions, device);
    if (const auto found = rows_.find(key); found != rows_.end()) return &found->second;
    if (!Spend(kRowBytes + key.app_installation.size() + key.language.size())) return nullptr;
    return &rows_[key];
  }

  static bool Passes(const Filter& filter, const Dimensions& dimensions, std::optional<DeviceFamily> device) {
    RowKey value;
    SetKey(value, filter.of, dimensions, device);
    return std::ranges::find(filter.values, value) != filter.values.end();
  }

  // False: that is more than the query may take.
  bool Spend(std::size_t bytes) {
    bytes_ += bytes;
    overflowed_ |= bytes_ > query_.max_bytes;
    return !overflowed_;
  }

  // The entry of `key`, which is made if there is none.
  auto& EntryOf(auto& map, const auto& key) {
    const auto [entry, made] = map.try_emplace(key);
    if (made) Spend(kEntryBytes + sizeof(*entry));
    return entry->second;
  }

  void AddSample(DurationHistogram& times, std::int64_t duration_ms) {
    const std::size_t before = times.buckets();
    times.Add(duration_ms);
    Spend((times.buckets() - before) * DurationHistogram::kBytesEach);
  }

  static void SetKey(RowKey& key, Breakdown breakdown, const Dimensions& dimensions,
                     std::optional<DeviceFamily> device) {
    const Entry& entry = dimensions.entry;
    switch (breakdown) {
      case Breakdown::kApp:
        key.app_installation = dimensions.app_installation;
        break;
      case Breakdown::kCampaign:
        key.campaign_id = entry.campaign_id;
        break;
      case Breakdown::kEngagement:
        key.engagement_id = entry.engagement_id;
        break;
      case Breakdown::kRevision:
        key.engagement_revision = entry.engagement_revision;
        break;
      case Breakdown::kZone:
        key.zone = entry.zone;
        break;
      case Breakdown::kChannel:
        key.channel = entry.channel;
        break;
      case Breakdown::kDevice:
        key.device = device;
        break;
      case Breakdown::kLanguage:
        key.language = entry.language;
        break;
    }
  }

  void Take(const Eligible& fact) {
    GrowingRow* growing = RowAt(fact.dimensions, traits_->device);
    if (!growing) return;
    if (growing->prospect != session_) {
      growing->prospect = session_;
      growing->withheld = growing->reached_goal = false;
      ++growing->row.prospects;
      eligible_rows_.push_back(growing);
      without_goal_[fact.dimensions.entry.campaign_id].push_back(growing);
    }
    growing->withheld |= fact.withheld;
  }

  void Take(const Impression& fact) {
    ContextWalk& context = contexts_[fact.context_id];
    bool kept = !net() || !fact.repeat;
    if (fact.kind == ImpressionKind::kAccept) {
      const auto previous = std::exchange(context.previous_click, time_);
      if (net() && previous && time_ - *previous < kClickPause) kept = false;
    }
    if (!kept) return;
    GrowingRow* growing = RowAt(fact.dimensions, traits_->device);
    if (fact.late) Increment(growing, &Row::late);
    switch (fact.kind) {
      case ImpressionKind::kDisplay:
        return TakeDisplay(fact, context, growing);
      case ImpressionKind::kAccept:
        return TakeClick(fact, context, growing);
      case ImpressionKind::kExpanded:
        return Increment(growing, &Row::expanded);
      case ImpressionKind::kTimeout:
        return Increment(growing, &Row::timed_out);
      case ImpressionKind::kClose:
        return Increment(growing, &Row::closed);
    }
  }

  static void Increment(GrowingRow* growing, std::uint64_t Row::* count) {
    if (growing) ++(growing->row.*count);
  }

  void TakeDisplay(const Impression& fact, ContextWalk& context, GrowingRow* growing) {
    const std::int64_t engagement = fact.dimensions.entry.engagement_id;
    if (!context.first_display) context.first_display = time_;
    displayed_.insert(engagement);
    if (!growing) return;
    Row& row = growing->row;
    ++row.engagement_views;
    CountSession(growing->exposed, session_, row.exposed);
    CountSession(EntryOf(growing->displayed_engagements, engagement), session_, row.exposures);
  }

  void TakeClick(const Impression& fact, ContextWalk& context, GrowingRow* growing) {
    const std::int64_t engagement = fact.dimensions.entry.engagement_id;
    const bool displayed = displayed_.contains(engagement);
    if (!context.first_click) context.first_click = time_;
    const bool sample = context.first_display && !context.accept_sampled;
    if (sample) context.accept_sampled = true;
    if (!growing) return;
    Row& row = growing->row;
    ++row.accepted_offers;
    CountSession(growing->accepted, session_, row.accepted_sessions);
    if (displayed) {
      CountSession(EntryOf(growing->accepted_engagements, engagement), session_, row.accepted_pairs);
    } else {
      ++row.accepted_without_display;
    }
    if (sample) AddSample(row.display_to_accept, (time_ - *context.first_display).count());
  }

  void Take(const Conversation& fact) {
    GrowingRow* growing = RowAt(fact.dimensions, traits_->device);
    std::optional<TimeMs> clicked;
    if (fact.context_id) {
      ContextWalk& context = contexts_[*fact.context_id];
      if (!std::exchange(context.conversation_seen, true)) clicked = context.first_click;
    }
    if (!growing) return;
    if (conversations_.emplace(growing, fact.conversation_id).second) ++growing->row.interactions;
    if (clicked) AddSample(growing->row.accept_to_conversation, (time_ - *clicked).count());
  }

  void Take(const GoalsReached& fact) {
    if (net() && fact.repeat) return;
    for (const std::int64_t campaign_id : fact.campaign_ids) {
      const auto rows = without_goal_.extract(campaign_id);
      if (rows.empty()) continue;
      for (GrowingRow* growing : rows.mapped()) growing->reached_goal = true;
    }
  }

  void Take(const Conversion& fact) {
    if (!(fact.counting & query_.counting)) return;
    GrowingRow* growing = RowAt(fact.dimensions, fact.device);
    if (!growing) return;
    ++growing->row.conversions;
    CountSession(growing->converted, session_, growing->row.converted_sessions);
    if (fact.value) EntryOf(growing->row.value, fact.currency) += *fact.value;
    if (fact.display_to_conversion_ms) AddSample(growing->row.display_to_conversion, *fact.display_to_conversion_ms);
  }

  const Query query_;
  std::map<RowKey, GrowingRow> rows_;
  std::size_t bytes_ = 0;  // that they take
  bool overflowed_ = false;
  std::map<std::string, LocalDays> clocks_;
  std::set<std::pair<const GrowingRow*, std::string>> conversations_;  // of this visitor

  // Of the session being added.
  std::uint64_t session_ = 0;
  const SessionTraits* traits_ = nullptr;
  LocalDays* clock_ = nullptr;
  TimeMs time_;
  std::map<std::uint32_t, ContextWalk> contexts_;  // by their ids
  std::set<std::int64_t> displayed_;               // engagements
  std::vector<GrowingRow*> eligible_rows_;
  // Those of them that have reached no goal yet, by campaign. A row that spans campaigns has no lift, so one of its ids
  // will do.
  std::map<std::int64_t, std::vector<GrowingRow*>> without_goal_;
};

RowBuilder::RowBuilder(Query query) : work_(std::make_unique<Work>(std::move(query))) {}
RowBuilder::~RowBuilder() = default;
void RowBuilder::BeginVisitor() { work_->BeginVisitor(); }
void RowBuilder::Add(const SessionTraits& traits, std::span<const EventFacts> events) { work_->Add(traits, events); }
bool RowBuilder::overflowed() const { return work_->overflowed(); }
std::vector<Row> RowBuilder::Finish() { return work_->Finish(); }

}  // namespace monitor::funnel
