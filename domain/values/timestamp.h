// Instants are milliseconds since the Unix epoch, UTC; on the wire RFC 3339 with three digits and `Z` (events.md).
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

using TimeMs = std::chrono::sys_time<std::chrono::milliseconds>;

constexpr TimeMs FromUnixMs(std::int64_t ms) { return TimeMs{std::chrono::milliseconds{ms}}; }
constexpr std::int64_t ToUnixMs(TimeMs time) { return time.time_since_epoch().count(); }

// "2026-11-24T08:42:30.123Z"; years 0000–9999.
std::string FormatRfc3339(TimeMs time);
// RFC 3339 with an offset or `Z`, fractions cut to ms. nullopt if it is anything else or no such day exists.
std::optional<TimeMs> ParseRfc3339(std::string_view text);

}  // namespace monitor
