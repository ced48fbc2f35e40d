// Numbers as keys that sort the greatest first. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace monitor {

// 16 hex digits.
std::string DescendingKey(std::uint64_t number);
// Of a key that ends with these digits; 0 if it does not.
std::uint64_t NumberOfDescendingKey(std::string_view key);

}  // namespace monitor
