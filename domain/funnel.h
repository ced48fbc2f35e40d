// The funnel's fold: what of each event is kept so that every question of funnel.md can be answered exactly later.
//
// Pure. The unit of work is one event of one visitor; the unit of state is what VisitorMemory keeps of that visitor.
// Everything that a session alone decides (distincts, pairs, dropped clicks, samples) is left to the query
// (funnel_rows.h), which walks a session's facts in order. What looks across sessions is settled here, once, in log
// order: lateness, first occurrences of conversions and what they are attributed to. It is settled twice, for gross and
// for net, since an event that net leaves out may be the first occurrence in gross.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/event.h"
#include "domain/vocabulary.h"

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
  std::string currency;
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

struct VisitorState {
  std::uint64_t events = 0;
  TimeMs latest;          // the greatest time among the visitor's events; meaningless without events
  bool displays = false;  // any yet
  bool operator==(const VisitorState&) const = default;
};

// A display that a conversion may be attributed to.
struct PastDisplay {
  SessionId session;
  const SessionTraits& traits;
  std::uint64_t ordinal;
  TimeMs time;
  const Impression& impression;
};

// What is kept of one visitor. Reads must see earlier writes. May throw what its maker throws on a failing disk.
class VisitorMemory {
 public:
  virtual ~VisitorMemory() = default;

  virtual VisitorState State() = 0;
  virtual void SaveState(const VisitorState& state) = 0;
  // nullopt: never seen created. The empty session id stands for "no session known".
  virtual std::optional<SessionTraits> Session(const SessionId& session) = 0;
  virtual void SaveSession(const SessionId& session, const SessionTraits& traits) = 0;
  virtual void Append(const SessionId& session, const EventFacts& facts) = 0;
  // All displays of one session, or (nullptr) of all of the visitor's, each session's in log order.
  virtual void ForEachDisplay(const SessionId* session, const std::function<void(const PastDisplay&)>& visit) = 0;
  // Adds these countings to a mark and returns what it had before (0: nothing).
  virtual Counting Mark(std::string_view name, Counting counting) = 0;
};

// Folds one event of a visitor (its scope names one). Events must come in log order, each once.
void Fold(VisitorMemory& memory, const Event& event, TimeMs time);

}  // namespace monitor::funnel
