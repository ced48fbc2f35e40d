#include "api/accounts/descending_key.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace monitor {
namespace {

constexpr std::size_t kDigits = 16;

}  // namespace

std::string DescendingKey(std::uint64_t number) {
  std::array<char, kDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(~number));
  return digits.data();
}

std::uint64_t NumberOfDescendingKey(std::string_view key) {
  if (key.size() < kDigits) return 0;
  key = key.substr(key.size() - kDigits);
  std::uint64_t inverted = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), inverted, 16);
  return error == std::errc() && end == key.data() + key.size() ? ~inverted : 0;
}

}  // namespace monitor
