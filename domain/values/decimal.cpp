#include "domain/values/decimal.h"

#include <algorithm>
#include <cstdint>

#include "domain/values/json_number.h"

namespace monitor {
namespace {

constexpr int kMaxIntegerDigits = 15;
constexpr int kDecimals = 6;
constexpr std::int64_t kUnit = 1'000'000;

}  // namespace

std::optional<Decimal> Decimal::Parse(std::string_view json_number) {
  std::optional<JsonNumber> number = SplitJsonNumber(json_number);
  if (!number) return std::nullopt;
  std::string digits(number->integer);
  digits += number->fraction;
  // Digits before the point once the exponent is expanded; leading zeros do not count.
  auto zeros = static_cast<std::int64_t>(std::min(digits.find_first_not_of('0'), digits.size()));
  auto point = static_cast<std::int64_t>(number->integer.size()) + number->exponent;
  std::int64_t decimals = std::max<std::int64_t>(static_cast<std::int64_t>(digits.size()) - point, 0);
  bool zero = zeros == static_cast<std::int64_t>(digits.size());
  if (decimals > kDecimals || (!zero && point - zeros > kMaxIntegerDigits)) return std::nullopt;
  Decimal result;
  if (zero) return result;
  for (char c : digits) result.micros_ = result.micros_ * 10 + (c - '0');
  auto missing = kDecimals - (static_cast<std::int64_t>(digits.size()) - point);
  for (std::int64_t i = 0; i < missing; ++i) result.micros_ *= 10;
  if (number->negative) result.micros_ = -result.micros_;
  return result;
}

std::string Decimal::ToString() const {
  bool negative = micros_ < 0;
  UInt128 rest = negative ? -static_cast<UInt128>(micros_) : static_cast<UInt128>(micros_);
  auto fraction = static_cast<std::int64_t>(rest % kUnit);
  rest /= kUnit;
  std::string text;  // from the last character to the first
  for (int i = 0; i < kDecimals; ++i, fraction /= 10) {
    if (text.empty() && fraction % 10 == 0) continue;
    text += static_cast<char>('0' + fraction % 10);
  }
  if (!text.empty()) text += '.';
  do {
    text += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest > 0);
  if (negative) text += '-';
  std::reverse(text.begin(), text.end());
  return text;
}

}  // namespace monitor
