#include "domain/values/time_zone.h"

#include <date/tz.h>

#include <stdexcept>
#include <string>

namespace monitor {
namespace {

const date::time_zone& Of(const void* zone) { return *static_cast<const date::time_zone*>(zone); }

}  // namespace

TimeZone::TimeZone() : zone_(date::locate_zone("Etc/UTC")) {}

std::optional<TimeZone> TimeZone::Find(std::string_view name) {
  try {
    return TimeZone(static_cast<const void*>(date::locate_zone(name)));
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

TimeZone::Period TimeZone::PeriodAt(TimeMs time) const {
  const date::sys_info info = Of(zone_).get_info(std::chrono::floor<std::chrono::seconds>(time));
  return {TimeMs{info.begin.time_since_epoch()}, TimeMs{info.end.time_since_epoch()}, info.offset};
}

TimeMs TimeZone::StartOfDay(std::chrono::days local_day) const {
  const date::local_time<std::chrono::seconds> midnight{local_day};
  return TimeMs{Of(zone_).to_sys(midnight, date::choose::earliest).time_since_epoch()};
}

}  // namespace monitor
