// How many enumerators an enumeration has, so that a table by its values can insist on a row for each:
//
//   static_assert(std::size(kTexts) == kEnumerators<Zone>);
//
// Counted from 0 to the first value without a name, as the compiler spells it (GCC and Clang); so it is for
// enumerations without gaps, of at most kMaxEnumerators.
#pragma once

#include <cstddef>
#include <string_view>

namespace monitor {

constexpr std::size_t kMaxEnumerators = 64;

namespace enumerators {

template <auto kValue>
consteval bool HasName() {
  const std::string_view signature = __PRETTY_FUNCTION__;  // "… kValue = monitor::Zone::kLeft]", or "(monitor::Zone)9]"
  return signature[signature.find("kValue = ") + 9] != '(';
}

template <class Enumeration, std::size_t kCounted = 0>
consteval std::size_t Count() {
  if constexpr (kCounted < kMaxEnumerators && HasName<static_cast<Enumeration>(kCounted)>()) {
    return Count<Enumeration, kCounted + 1>();
  } else {
    return kCounted;
  }
}

}  // namespace enumerators

template <class Enumeration>
constexpr std::size_t kEnumerators = enumerators::Count<Enumeration>();

}  // namespace monitor
