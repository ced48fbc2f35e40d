// IANA time zones, as far as the domain needs them; the time zone library is named in time_zone.cpp only.
//
// A TimeZone is a cheap value to copy; what it points to lives as long as the process (the library's own table, loaded
// once, thread-safe).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "domain/values/timestamp.h"

namespace monitor {

class TimeZone {
 public:
  TimeZone();  // UTC
  // nullopt: no such zone in the system's table.
  static std::optional<TimeZone> Find(std::string_view name);

  // Local time minus UTC at this instant, and for how long around it that holds: [begin, end).
  struct Period {
    TimeMs begin, end;
    std::chrono::seconds offset;
  };
  Period PeriodAt(TimeMs time) const;

  // Wall time at this instant.
  std::chrono::local_time<std::chrono::milliseconds> ToLocal(TimeMs time) const {
    return std::chrono::local_time<std::chrono::milliseconds>{time.time_since_epoch() + PeriodAt(time).offset};
  }

  // The first instant of `days` since 1970-01-01 by the local calendar (where midnight is skipped: the first one after
  // it; where it comes twice: the first of both).
  TimeMs StartOfDay(std::chrono::days local_day) const;

 private:
  explicit TimeZone(const void* zone) : zone_(zone) {}
  const void* zone_;
};

}  // namespace monitor
