#include "domain/values/log_position.h"

#include <charconv>
#include <cstdio>

#include "domain/values/whole_number.h"

namespace monitor {

std::string Origin::ToString() const {
  char text[24];
  int size = std::snprintf(text, sizeof text, "%08x.%u", node, epoch);
  return std::string(text, static_cast<std::size_t>(size));
}

std::optional<Origin> Origin::Parse(std::string_view text) {
  if (text.size() < 10 || text[8] != '.') return std::nullopt;
  Origin origin;
  for (char c : text.substr(0, 8)) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
  }
  std::from_chars(text.data(), text.data() + 8, origin.node, 16);
  auto epoch = ParseWholeAsPrinted<std::uint32_t>(text.substr(9));
  if (!epoch) return std::nullopt;
  origin.epoch = *epoch;
  return origin;
}

std::string LogPosition::ToString() const { return origin.ToString() + ":" + std::to_string(seq); }

std::optional<LogPosition> LogPosition::Parse(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto origin = Origin::Parse(text.substr(0, colon));
  auto seq = ParseWholeAsPrinted<std::uint64_t>(text.substr(colon + 1));
  if (!origin || !seq) return std::nullopt;
  return LogPosition{*origin, *seq};
}

}  // namespace monitor
