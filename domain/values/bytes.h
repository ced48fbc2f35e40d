// Numbers as bytes, for keys (big-endian, so that they sort) and records (little-endian). Pure.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

static_assert(std::endian::native == std::endian::little);

template <std::unsigned_integral T>
void StoreLittle(T value, char* out) {
  std::memcpy(out, &value, sizeof value);
}

template <std::unsigned_integral T>
T LoadLittle(const char* in) {
  T value;
  std::memcpy(&value, in, sizeof value);
  return value;
}

template <std::unsigned_integral T>
void StoreBig(T value, char* out) {
  for (std::size_t i = 0; i < sizeof value; ++i) out[i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)));
}

template <std::unsigned_integral T>
T LoadBig(const char* in) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = static_cast<T>(value << 8) | static_cast<std::uint8_t>(in[i]);
  return value;
}

template <std::unsigned_integral T>
void AppendBig(T value, std::string& out) {
  char bytes[sizeof value];
  StoreBig(value, bytes);
  out.append(bytes, sizeof value);
}

inline void AppendVarint(std::uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Takes a varint off the front of `in`; nullopt if there is none, or one of more than 64 bits.
inline std::optional<std::uint64_t> TakeVarint(std::string_view& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace monitor
