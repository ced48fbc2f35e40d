// Client addresses as text: which one is meant, and which network counts as one client. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace monitor {

// The address alone, in its short form; IPv4 in IPv6 as IPv4. Taken as proxies write it: "203.0.113.7",
// "203.0.113.7:51234", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443". Empty if it is none (http-api.md section
// 2).
std::string BareAddress(std::string_view text);

// What caps count by: an IPv4 address itself, an IPv6 address's /64, as bytes (http-api.md section 6). Empty if it is
// no address. An IPv4 address written as IPv6 is the IPv4 one.
std::string AddressNetwork(std::string_view text);

}  // namespace monitor
