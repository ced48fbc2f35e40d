#include "api/client_address.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "domain/address.h"

namespace monitor {
namespace {

constexpr std::size_t kNetworkBytes = 8;  // a /64
constexpr std::array<std::uint8_t, 12> kMappedIpv4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool IsIpAddress(std::string_view text) { return ParseAddress(text).has_value(); }

std::string AddressNetwork(std::string_view text) {
  const std::optional<Address> address = ParseAddress(text);
  if (!address) return {};
  const bool ipv4 = std::equal(kMappedIpv4.begin(), kMappedIpv4.end(), address->begin());
  return std::string(address->begin(), ipv4 ? address->end() : address->begin() + kNetworkBytes);
}

}  // namespace monitor
