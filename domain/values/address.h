// Client addresses: parsing, printing and ranges. IPv4 is handled as ::ffff:a.b.c.d, so that both forms of one address
// are equal. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

using Address = std::array<std::uint8_t, 16>;

// nullopt: neither an IPv4 nor an IPv6 address.
std::optional<Address> ParseAddress(std::string_view text);
bool IsIpv4(const Address& address);
// IPv4 with dots, IPv6 in its short form.
std::string FormatAddress(const Address& address);

struct Cidr {
  Address network{};
  int prefix_bits = 0;  // of the 128

  bool Contains(const Address& address) const;
  bool operator==(const Cidr&) const = default;
};

// "10.0.0.0/8", "2001:db8::/32", or a single address. nullopt: anything else. Bits below the prefix are ignored.
std::optional<Cidr> ParseCidr(std::string_view text);

}  // namespace monitor
