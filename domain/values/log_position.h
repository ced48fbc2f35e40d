// Where an event stands in a log (events.md section 1). Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

// Who numbered an event: NODE.EPOCH, NODE 8 hex digits, EPOCH from 1 and greater with every restore (events.md 1).
struct Origin {
  std::uint32_t node = 0;
  std::uint32_t epoch = 0;

  auto operator<=>(const Origin&) const = default;
  std::string ToString() const;  // "7f3a9c01.1"
  static std::optional<Origin> Parse(std::string_view text);
};

struct LogPosition {
  Origin origin;
  std::uint64_t seq = 0;

  auto operator<=>(const LogPosition&) const = default;
  std::string ToString() const;  // "7f3a9c01.1:42"
  static std::optional<LogPosition> Parse(std::string_view text);
};

}  // namespace monitor
