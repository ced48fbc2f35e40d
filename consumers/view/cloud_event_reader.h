// An event as readers meet it, and CloudEvents' structured JSON mode (events.md section 3). Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "domain/events/event.h"
#include "domain/values/hash.h"
#include "domain/values/timestamp.h"

namespace monitor {

// An event that has its place among the others, whether it can be read or not.
struct SourceEvent {
  std::string origin;
  std::uint64_t seq = 0;
  std::uint64_t prevseq = 0;
  Bucket bucket = 0;
  TimeMs time;
  std::expected<Event, std::string> content;  // sealed fields left out; the error is the reason why it is unreadable
  // What is unreadable is of a type, or of a version of one, that a newer program wrote: that one can read it.
  bool unknown = false;
};

// The attributes that give an event its place, as text, however they came (a JSON member, a Kafka header).
struct EventAttributes {
  std::string_view origin, seq, prevseq, bucket, type, time;
  std::string_view dataschema = {};  // empty: version 1
};

// One CloudEvent, as monitord's /admin/log gives it on a line. The error, of an event without a place, names the field.
std::expected<SourceEvent, std::string> ParseCloudEvent(std::string_view json);

// The same in Kafka's binary mode; `data` is JSON.
std::expected<SourceEvent, std::string> ParseCloudEvent(const EventAttributes& attributes, std::string_view data);

}  // namespace monitor
