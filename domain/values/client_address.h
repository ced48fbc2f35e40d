// Client addresses as text: are they one, and which network counts as one client. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace monitor {

// A numeric IPv4 or IPv6 address, nothing else.
bool IsIpAddress(std::string_view text);

// What caps count by: an IPv4 address itself, an IPv6 address's /64, as bytes (http-api.md section 6). Empty if it is
// no address. An IPv4 address written as IPv6 is the IPv4 one.
std::string AddressNetwork(std::string_view text);

}  // namespace monitor
