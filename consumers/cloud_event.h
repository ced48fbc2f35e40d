// An event as readers meet it, and CloudEvents' structured JSON mode (events.md section 3).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "domain/hash.h"
#include "domain/timestamp.h"

namespace monitor {

// The envelope says enough for the readers' rules; `data` stays JSON until it is folded.
struct SourceEvent {
  std::string origin;
  std::uint64_t seq = 0;
  std::uint64_t prevseq = 0;
  Bucket bucket = 0;
  TimeMs time;
  std::string type;  // without "monitor."
  std::string data;
};

// One CloudEvent, as monitord's /admin/log gives it on a line. The error names the field.
std::expected<SourceEvent, std::string> ParseCloudEvent(std::string_view json);

// Attributes as text, however they came (a JSON member, a Kafka header).
std::expected<SourceEvent, std::string> MakeSourceEvent(std::string_view origin, std::string_view seq,
                                                        std::string_view prevseq, std::string_view bucket,
                                                        std::string_view type, std::string_view time, std::string data);

}  // namespace monitor
