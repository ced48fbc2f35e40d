#include "domain/values/json_number.h"

#include <algorithm>

namespace monitor {
namespace {

constexpr std::int64_t kMaxExponent = 1'000'000;  // far above any digit count that passes; sums can not overflow

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool Take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::string_view TakeDigits(std::string_view& text) {
  auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
  std::string_view digits(text.begin(), end);
  text.remove_prefix(digits.size());
  return digits;
}

// What follows the `e`.
std::optional<std::int64_t> TakeExponent(std::string_view& text) {
  const bool negative = Take(text, '-');
  if (!negative) Take(text, '+');
  const std::string_view digits = TakeDigits(text);
  if (digits.empty()) return std::nullopt;
  std::int64_t exponent = 0;
  for (char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kMaxExponent);
  return negative ? -exponent : exponent;
}

bool AllZeros(std::string_view digits) { return digits.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

bool JsonNumber::is_zero() const { return AllZeros(integer) && AllZeros(fraction); }

std::optional<JsonNumber> SplitJsonNumber(std::string_view text, LeadingZeros zeros) {
  JsonNumber number;
  number.negative = Take(text, '-');
  number.integer = TakeDigits(text);
  if (number.integer.empty()) return std::nullopt;
  const std::size_t leading = std::min(number.integer.find_first_not_of('0'), number.integer.size() - 1);
  if (leading > 0 && zeros == LeadingZeros::kRefused) return std::nullopt;
  number.integer.remove_prefix(leading);
  if (Take(text, '.')) {
    number.fraction = TakeDigits(text);
    if (number.fraction.empty()) return std::nullopt;
  }
  if (Take(text, 'e') || Take(text, 'E')) {
    const std::optional<std::int64_t> exponent = TakeExponent(text);
    if (!exponent) return std::nullopt;
    number.exponent = *exponent;
  }
  if (!text.empty()) return std::nullopt;
  return number;
}

}  // namespace monitor
