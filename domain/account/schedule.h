// Weekly hours and special occasions (campaigns.md section 2), compiled. Immutable, shareable by threads.
//
// Shifts are wall time: in a zone that changes its clock, a shift inside the skipped hour does not happen and one
// inside the repeated hour happens twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/values/time_zone.h"

namespace monitor {

constexpr std::uint8_t kEveryDay = 0b111'1111;

struct Shift {
  std::uint8_t days = kEveryDay;  // bit 0 = Monday … bit 6 = Sunday
  std::uint16_t from_minute = 0;  // of the day, included
  std::uint16_t to_minute = 0;    // of the day, excluded; 1440 = 24:00
};

// Between `from` (included) and `to` (excluded) its shifts decide instead of the weekly ones; none = closed.
struct Occasion {
  TimeMs from;
  TimeMs to;
  std::vector<Shift> shifts;
};

// A campaign's hours: its schedule and its occasions in one zone.
struct Hours {
  TimeZone zone;
  std::optional<std::vector<Shift>> weekly;  // nullopt: no schedule, always open
  std::vector<Occasion> occasions;           // of several that hold, the first decides

  bool IsOpen(TimeMs now) const;
};

// "09:00" → 540; 00:00 to 24:00. nullopt: anything else.
std::optional<std::uint16_t> ParseWallTime(std::string_view text);
// "MON" … "SUN" → its bit in Shift::days.
std::optional<std::uint8_t> ParseWeekday(std::string_view text);

}  // namespace monitor
