// From facts to the rows of a query: funnel.md sections 1, 3 and 4.
//
// Pure and single-threaded. A RowBuilder is fed session by session and keeps only rows, so its memory is bounded by
// what the query returns, not by what it reads.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/funnel/duration_histogram.h"
#include "domain/funnel/funnel.h"
#include "domain/values/decimal.h"
#include "domain/values/time_zone.h"
#include "domain/values/timestamp.h"

namespace monitor::funnel {

enum class Breakdown : std::uint8_t { kApp, kCampaign, kEngagement, kRevision, kZone, kChannel, kDevice, kLanguage };
enum class Window : std::uint8_t { kHour, kDay, kAll };

// What a row stands for. A field that the query does not break down by has its default.
struct RowKey {
  std::optional<TimeMs> window_start;
  std::string app_installation;
  std::int64_t campaign_id = 0;
  std::int64_t engagement_id = 0;
  std::int64_t engagement_revision = 0;
  Zone zone{};
  Channel channel{};
  std::optional<DeviceFamily> device;
  std::string language;

  auto operator<=>(const RowKey&) const = default;
};

// Of these values of a dimension one must be an event's. A value is a key of which that field alone is set.
struct Filter {
  Breakdown of{};
  std::vector<RowKey> values;
};

struct Query {
  std::vector<Breakdown> by;  // each at most once
  std::vector<Filter> where;  // what does not match all of them counts in no row
  Window window = Window::kAll;
  Counting counting = kNet;          // kGross or kNet
  std::optional<TimeMs> from;        // inclusive
  std::optional<TimeMs> to;          // exclusive
  std::size_t max_bytes = 64 << 20;  // of memory that the rows may take
};

// What a row's conversions are worth in one currency.
struct CurrencySum {
  CurrencySum() = default;
  CurrencySum(Decimal value) : amount(value), times(1) {}  // NOLINT(google-explicit-constructor): of one conversion

  CurrencySum& operator+=(const CurrencySum& other) {
    amount += other.amount;
    times += other.times;
    return *this;
  }
  CurrencySum& operator-=(const CurrencySum& other) {
    amount -= other.amount;
    times -= other.times;
    return *this;
  }
  std::string ToString() const { return amount.ToString(); }
  bool operator==(const CurrencySum&) const = default;

  Decimal amount;
  std::uint64_t times = 0;  // of how many conversions
};

struct Row {
  RowKey key;
  std::uint64_t prospects = 0, control_group = 0;
  std::uint64_t exposed = 0, exposures = 0, engagement_views = 0;
  std::uint64_t accepted_offers = 0, accepted_sessions = 0, accepted_pairs = 0, accepted_without_display = 0;
  std::uint64_t expanded = 0, timed_out = 0, closed = 0;
  std::uint64_t interactions = 0;
  std::uint64_t conversions = 0, converted_sessions = 0;
  std::uint64_t late = 0;
  std::map<std::string, CurrencySum> value;  // by currency
  // Of the lift: prospects (c of them with the goal) outside and inside the control group. Only with kCampaign.
  std::uint64_t converted_prospects = 0, converted_control = 0;
  DurationHistogram display_to_accept, accept_to_conversation, display_to_conversion;
};

struct Interval {
  double value, low, high;
};

// nullopt for a zero denominator.
std::optional<double> Rate(std::uint64_t numerator, std::uint64_t denominator);

// c1/n1 − c0/n0 with the 95 % interval of Newcombe (1998, method 10, on Wilson's). nullopt if an n is 0.
std::optional<Interval> Lift(std::uint64_t c1, std::uint64_t n1, std::uint64_t c0, std::uint64_t n0);
std::optional<Interval> LiftOf(const Row& row);

// The first instant of the local hour or day of a zone that `time` is in.
TimeMs StartOfHour(const TimeZone& zone, TimeMs time);
TimeMs StartOfLocalDay(const TimeZone& zone, TimeMs time);

class RowBuilder {
 public:
  explicit RowBuilder(Query query);
  ~RowBuilder();

  // Before each visitor's first session: conversations are distinct per visitor.
  void BeginVisitor();
  // One session of the visitor: all of its facts in log order, whatever the query's bounds.
  void Add(const SessionTraits& traits, std::span<const EventFacts> events);
  // True: the rows take more than max_bytes, and are not all counted any more.
  bool overflowed() const;
  // Sorted by key. Without breakdown and windows exactly one; otherwise none that is empty.
  std::vector<Row> Finish();

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace monitor::funnel
