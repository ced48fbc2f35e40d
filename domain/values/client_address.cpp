#include "domain/values/client_address.h"

#include "domain/values/address.h"

namespace monitor {
namespace {

constexpr std::size_t kNetworkBytes = 8;  // a /64

}  // namespace

bool IsIpAddress(std::string_view text) { return ParseAddress(text).has_value(); }

std::string AddressNetwork(std::string_view text) {
  const std::optional<Address> address = ParseAddress(text);
  if (!address) return {};
  return std::string(address->begin(), IsIpv4(*address) ? address->end() : address->begin() + kNetworkBytes);
}

}  // namespace monitor
