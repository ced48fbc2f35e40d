// The days of a zone's calendar, as numbers since 1970-01-01, with the answers that consecutive events mostly ask for
// again. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/values/time_zone.h"
#include "domain/values/timestamp.h"

namespace monitor::funnel {

class LocalDays {
 public:
  // An unknown zone is UTC.
  explicit LocalDays(const std::string& zone) : zone_(TimeZone::Find(zone).value_or(TimeZone())) {}

  // Wall time as if it were UTC, since 1970-01-01.
  std::chrono::milliseconds Local(TimeMs time) {
    if (!period_ || time < period_->begin || time >= period_->end) period_ = zone_.PeriodAt(time);
    return time.time_since_epoch() + period_->offset;
  }
  // No clock is set so shortly before or after.
  bool SteadyAround(TimeMs time, std::chrono::hours distance) {
    Local(time);
    return period_->begin + distance <= time && time + distance <= period_->end;
  }
  // No clock is set back over a midnight so shortly before or after: each day is one stretch of time.
  bool DaysFollowAround(TimeMs time, std::chrono::hours distance) {
    for (TimeMs at = time - distance;;) {
      Local(at);
      at = period_->end;
      if (at > time + distance) return true;
      if (DayOf(at) < DayOf(at - std::chrono::milliseconds(1))) return false;
    }
  }
  std::int64_t DayOf(TimeMs time) { return std::chrono::floor<std::chrono::days>(Local(time)).count(); }
  TimeMs StartOf(std::int64_t day) {
    if (!day_ || *day_ != day) {
      day_ = day;
      day_start_ = zone_.StartOfDay(std::chrono::days(day));
    }
    return day_start_;
  }

 private:
  TimeZone zone_;
  std::optional<TimeZone::Period> period_;
  std::optional<std::int64_t> day_;
  TimeMs day_start_;
};

}  // namespace monitor::funnel
