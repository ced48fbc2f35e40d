// A stored event as the outside sees it: CloudEvents 1.0 (events.md section 3). The relay writes the attributes as
// headers (binary mode), the admin API and exports as JSON (structured mode); both from here, so that they agree. Pure.
#pragma once

#include <string>
#include <string_view>

#include "eventstore/event_store.h"

namespace monitor {

struct CloudEventAttributes {
  std::string id;          // unique and ordered by time, then by position in the log
  std::string type;        // "monitor.session-created"
  std::string source;      // "/monitor/7f3a9c01.1"
  std::string time;        // RFC 3339
  std::string dataschema;  // "urn:monitor:schema:session-created:1"
  std::string origin;      // "7f3a9c01.1"
};

CloudEventAttributes AttributesOf(const StoredEvent& event);

// One line of JSON without line end, appended. `data` is the event's own, or a copy with its sealed fields opened.
void AppendCloudEvent(const StoredEvent& event, std::string_view data, std::string& out);

}  // namespace monitor
