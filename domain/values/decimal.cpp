#include "domain/values/decimal.h"

#include <algorithm>
#include <cstdint>

#include "domain/values/json_number.h"

namespace monitor {
namespace {

constexpr int kMaxIntegerDigits = 15;
constexpr int kDecimals = 6;
constexpr std::int64_t kTooMuchWhole = 1'000'000'000'000'000;

// Half to even: do the digits behind the last one kept make it one more?
bool RoundsUp(std::string_view dropped, bool odd) {
  if (dropped.front() != '5') return dropped.front() > '5';
  return odd || dropped.find_first_not_of('0', 1) != std::string_view::npos;
}

}  // namespace

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  const std::optional<JsonNumber> number = SplitJsonNumber(text, LeadingZeros::kRead);
  if (!number) return std::nullopt;
  std::string digits(number->integer);
  digits += number->fraction;
  const auto size = static_cast<std::int64_t>(digits.size());
  // Digits before the point once the exponent is expanded; leading zeros do not count.
  const auto zeros = static_cast<std::int64_t>(std::min(digits.find_first_not_of('0'), digits.size()));
  const std::int64_t point = static_cast<std::int64_t>(number->integer.size()) + number->exponent;
  Decimal result;
  if (zeros == size) return result;
  if (point - zeros > kMaxIntegerDigits) return std::nullopt;
  const std::int64_t kept = point + kDecimals;  // digits up to the last decimal; may be none, or more than there are
  for (std::int64_t i = zeros; i < kept; ++i) {
    result.micros_ = result.micros_ * 10 + (i < size ? digits[static_cast<std::size_t>(i)] - '0' : 0);
  }
  if (kept >= 0 && kept < size &&
      RoundsUp(std::string_view(digits).substr(static_cast<std::size_t>(kept)), result.micros_ % 2 != 0)) {
    result.micros_ += 1;
  }
  if (result.whole() >= kTooMuchWhole) return std::nullopt;
  if (number->negative) result.micros_ = -result.micros_;
  return result;
}

std::optional<Decimal> Decimal::FromParts(std::int64_t whole, std::int64_t micros) {
  const bool in_range = whole > -kTooMuchWhole && whole < kTooMuchWhole && micros > -kUnit && micros < kUnit;
  if (!in_range || (whole > 0 && micros < 0) || (whole < 0 && micros > 0)) return std::nullopt;
  Decimal amount;
  amount.micros_ = Int128{whole} * kUnit + micros;
  return amount;
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
