#include "domain/values/client_address.h"

#include "domain/values/address.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

constexpr std::size_t kNetworkBytes = 8;  // a /64

}  // namespace

std::string BareAddress(std::string_view text) {
  std::string_view host = text, port = ":0";
  if (const bool bracketed = text.starts_with('['); bracketed) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {};
    host = text.substr(1, end - 1);
    if (!host.contains(':')) return {};  // brackets are IPv6's
    if (end + 1 < text.size()) port = text.substr(end + 1);
  } else if (const std::size_t colon = text.find(':'); colon == text.rfind(':') && colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.starts_with(':') || !ParseWhole<std::uint16_t>(port.substr(1))) return {};
  const std::optional<Address> address = ParseAddress(host);
  return address ? FormatAddress(*address) : std::string();
}

std::string AddressNetwork(std::string_view text) {
  const std::optional<Address> address = ParseAddress(text);
  if (!address) return {};
  return std::string(address->begin(), IsIpv4(*address) ? address->end() : address->begin() + kNetworkBytes);
}

}  // namespace monitor
