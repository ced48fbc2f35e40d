// The funnel's fold: what of each event is kept so that every question of funnel.md can be answered exactly later.
//
// Pure. The unit of work is one event of one visitor; the unit of state is what VisitorMemory keeps of that visitor.
// Everything that a session alone decides (distincts, pairs, dropped clicks, samples) is left to the query
// (funnel_rows.h), which walks a session's facts in order. What looks across sessions is settled here, once, in log
// order: lateness, first occurrences of conversions and what they are attributed to. It is settled twice, for gross and
// for net, since an event that net leaves out may be the first occurrence in gross. What settling needs of the past is
// at hand: the cost of an event does not depend on how many there were.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/events/event.h"
#include "domain/values/vocabulary.h"

namespace monitor::funnel {

// Which of the two ways of counting (funnel.md section 3) something belongs to.
using Counting = std::uint8_t;
constexpr Counting kGross = 1;
constexpr Counting kNet = 2;

// What a row is broken down by, save the device, which is the session's.
struct Dimensions {
  std::string app_installation;  // empty if unknown
  Entry entry;

  bool operator==(const Dimensions&) const = default;
};

// From session-created. A session that was never seen created has the defaults of an account document, and no device.
struct SessionTraits {
  std::optional<DeviceFamily> device;
  bool bot = false;
  std::string time_zone = "UTC";
  std::string currency = "USD";
  Attribution attribution = Attribution::kLast;
  int attribution_period_days = 0;
  std::int64_t max_age_s = 21'600;

  bool operator==(const SessionTraits&) const = default;
};

// An entry was eligible: shown, established, or (`withheld`) kept back for the control group.
struct Eligible {
  Dimensions dimensions;
  bool withheld = false;
  bool operator==(const Eligible&) const = default;
};

struct Impression {
  Dimensions dimensions;
  ImpressionKind kind = ImpressionKind::kDisplay;
  std::uint32_t context_id = 0;
  bool repeat = false;
  bool late = false;
  bool operator==(const Impression&) const = default;
};

struct Conversation {
  Dimensions dimensions;
  std::string conversation_id;
  std::optional<std::uint32_t> context_id;
  bool operator==(const Conversation&) const = default;
};

// Campaigns whose goal an activity reached; for the lift.
struct GoalsReached {
  std::vector<std::int64_t> campaign_ids;
  bool repeat = false;
  bool operator==(const GoalsReached&) const = default;
};

// A conversion as attributed. Where gross and net agree it is one fact with both bits.
struct Conversion {
  Counting counting = 0;
  Dimensions dimensions;                                 // the attributed display's
  std::optional<DeviceFamily> device;                    // of that display's session
  std::optional<std::int64_t> display_to_conversion_ms;  // only the first conversion of a context has it
  std::optional<Decimal> value;
  std::string currency;  // an ISO 4217 code
  bool operator==(const Conversion&) const = default;
};

using Fact = std::variant<Eligible, Impression, Conversation, GoalsReached, Conversion>;

// One event's facts. `ordinal` counts the visitor's events from 1 in log order.
struct EventFacts {
  std::uint64_t ordinal = 0;
  TimeMs time;
  std::vector<Fact> facts;
  bool operator==(const EventFacts&) const = default;
};

struct VisitorTally {
  std::uint64_t events = 0;
  TimeMs latest;          // the greatest time among the visitor's events; meaningless without events
  bool displays = false;  // any yet
  bool operator==(const VisitorTally&) const = default;
};

// A display that a conversion may be attributed to.
struct PastDisplay {
  std::uint64_t ordinal = 0;
  TimeMs time;
  SessionId session;
  std::optional<DeviceFamily> device;  // the session's
  Dimensions dimensions;
  std::uint32_t context_id = 0;
  bool operator==(const PastDisplay&) const = default;
};

// Which displays are remembered together: a campaign's, of one session or (nullopt) of all of the visitor's. Those that
// net leaves out are apart from the others, so that no question has to step over any.
struct DisplayList {
  std::optional<SessionId> session;
  std::int64_t campaign_id = 0;
  bool kept = true;  // in net, too
  auto operator<=>(const DisplayList&) const = default;
};

// What is remembered of a context that was displayed.
struct ContextState {
  std::optional<TimeMs> first_display, first_kept_display;  // in gross, in net
  Counting converted = 0;                                   // had its first conversion
  bool operator==(const ContextState&) const = default;
};

// What is kept of one visitor. Reads must see earlier writes. Every function's cost is that of what it takes and
// returns, however much is kept. May throw what its maker throws on a failing disk.
class VisitorMemory {
 public:
  virtual ~VisitorMemory() = default;

  virtual VisitorTally Tally() = 0;
  virtual void SaveTally(const VisitorTally& state) = 0;
  // nullopt: never seen created. The empty session id stands for "no session known".
  virtual std::optional<SessionTraits> Session(const SessionId& session) = 0;
  virtual void SaveSession(const SessionId& session, const SessionTraits& traits) = 0;
  virtual void Append(const SessionId& session, const EventFacts& facts) = 0;
  // The ends of a list as they were saved last, none at first: what they are is for the fold to say.
  virtual std::vector<PastDisplay> Ends(const DisplayList& list) = 0;
  virtual void SaveEnds(const DisplayList& list, const std::vector<PastDisplay>& ends) = 0;
  // Some of a list's displays by their time; no two of them have the same.
  virtual void Add(const DisplayList& list, const PastDisplay& display) = 0;
  virtual std::optional<PastDisplay> FirstSince(const DisplayList& list, TimeMs time) = 0;
  virtual ContextState Context(const SessionId& session, std::uint32_t context_id) = 0;
  virtual void SaveContext(const SessionId& session, std::uint32_t context_id, const ContextState& state) = 0;
  // Adds these countings to a mark and returns what it had before (0: nothing).
  virtual Counting Mark(std::string_view name, Counting counting) = 0;
};

// Folds one event of a visitor (its scope names one). Events must come in log order, each once.
void Fold(VisitorMemory& memory, const Event& event, TimeMs time);

}  // namespace monitor::funnel
