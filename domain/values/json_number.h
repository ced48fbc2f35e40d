// The grammar of JSON's numbers (RFC 8259 section 6), taken apart exactly: no double in between.
//
// Pure and thread-safe. The views live as long as the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace monitor {

struct JsonNumber {
  bool negative = false;
  std::string_view integer;   // without leading zeros, unless it is "0"
  std::string_view fraction;  // may be empty
  std::int64_t exponent = 0;  // clamped to ±1,000,000: beyond it only zero and out of range are left

  bool is_zero() const;  // 0, -0, 0.00e5
};

// A numeric string follows the same grammar, but may have leading zeros: "04" (http-api.md section 3).
enum class LeadingZeros : std::uint8_t { kRefused, kRead };

// nullopt: the text is not one number and nothing else ("+1", "01", "1.", ".5", " 1").
std::optional<JsonNumber> SplitJsonNumber(std::string_view text, LeadingZeros zeros = LeadingZeros::kRefused);

}  // namespace monitor
