// What the view keeps of an account's document: its zone, the names that a page shows, and its alerts. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/events/event.h"
#include "domain/values/timestamp.h"

namespace monitor {

// What becomes of an account's outline by an event of the account; nullopt: nothing. It is {"configuredAt": ms, "id",
// "name", "timeZone", "currency", "campaigns": [{"id", "name", "engagements": [{"id", "name"}]}], "alerts": as they
// stand in the document}. Of a document that can not be read only the id is given; of an account that was removed there
// are no alerts. Older views have outlines without any.
std::optional<std::string> OutlineAfter(const std::optional<std::string>& before, const Event& event, TimeMs time);

struct OutlineFacts {
  TimeMs time;
  std::string time_zone = "UTC";
  std::string alerts;  // JSON; empty: it has none
  std::string shown;   // the outline without them: webhooks are nobody's business who may read the funnel
};
// Of one made above; nullopt if it is none.
std::optional<OutlineFacts> ReadOutline(std::string_view outline);

}  // namespace monitor
