// Money and other amounts: exact decimals with at most 15 integer digits and 6 decimals (events.md section 2). A
// value.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

__extension__ typedef __int128 Int128;  // gcc's and clang's; ISO C++ has none
__extension__ typedef unsigned __int128 UInt128;

class Decimal {
 public:
  constexpr Decimal() = default;

  // JSON's grammar with leading zeros; an exponent is expanded before digits are counted. Rounded half to even at the
  // sixth decimal, since clients add in binary (http-api.md section 3). nullopt: not a number, or more than 15 integer
  // digits, before or after rounding.
  static std::optional<Decimal> Parse(std::string_view number);

  // For layouts: 15 integer digits and 6 decimals, both of the amount's sign. nullopt: out of these ranges.
  static std::optional<Decimal> FromParts(std::int64_t whole, std::int64_t micros);
  std::int64_t whole() const { return static_cast<std::int64_t>(micros_ / kUnit); }
  std::int64_t micros() const { return static_cast<std::int64_t>(micros_ % kUnit); }

  // Without exponent and without trailing zeros: "129.5", "0", "-3".
  std::string ToString() const;

  Decimal& operator+=(const Decimal& other) {
    micros_ += other.micros_;
    return *this;
  }
  Decimal& operator-=(const Decimal& other) {
    micros_ -= other.micros_;
    return *this;
  }
  auto operator<=>(const Decimal&) const = default;

  // For layouts: of sums, too. In millionths.
  static Decimal FromUnits(Int128 units) {
    Decimal sum;
    sum.micros_ = units;
    return sum;
  }
  Int128 units() const { return micros_; }

 private:
  static constexpr std::int64_t kUnit = 1'000'000;

  Int128 micros_ = 0;  // sums of 10^17 of the largest amounts still fit
};

}  // namespace monitor
