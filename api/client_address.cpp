#include "api/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace monitor {
namespace {

constexpr std::size_t kIpv4Bytes = 4, kIpv6Bytes = 16, kIpv6NetworkBytes = 8;
constexpr std::array<unsigned char, 12> kMappedIpv4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// 4 or 16 bytes; none if it is no address.
std::string ParseAddress(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> zero_ended{};
  if (text.size() >= zero_ended.size() || text.find('\0') != std::string_view::npos) return {};
  text.copy(zero_ended.data(), text.size());
  std::array<char, kIpv6Bytes> bytes;
  if (inet_pton(AF_INET, zero_ended.data(), bytes.data()) == 1) return std::string(bytes.data(), kIpv4Bytes);
  if (inet_pton(AF_INET6, zero_ended.data(), bytes.data()) == 1) return std::string(bytes.data(), kIpv6Bytes);
  return {};
}

}  // namespace

bool IsIpAddress(std::string_view text) { return !ParseAddress(text).empty(); }

std::string AddressNetwork(std::string_view text) {
  std::string bytes = ParseAddress(text);
  if (bytes.size() != kIpv6Bytes) return bytes;
  if (std::memcmp(bytes.data(), kMappedIpv4.data(), kMappedIpv4.size()) == 0) return bytes.substr(kMappedIpv4.size());
  return bytes.substr(0, kIpv6NetworkBytes);
}

}  // namespace monitor
