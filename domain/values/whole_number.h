// Whole numbers from text, in decimal. Pure; any thread.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace monitor {

// The whole text as one number; nullopt if it is none, or too big for the type ("", "+1", " 1", "1.0", "x").
template <std::integral Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, number);
  if (error != std::errc{} || end != text_end) return std::nullopt;
  return number;
}

// The same, but only as it would be printed, for what is compared with what was given out: "01" and "-0" are none.
template <std::integral Number>
std::optional<Number> ParseWholeAsPrinted(std::string_view text) {
  if ((text.size() > 1 && text.front() == '0') || text.starts_with("-0")) return std::nullopt;
  return ParseWhole<Number>(text);
}

}  // namespace monitor
