#include "domain/values/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "domain/values/whole_number.h"

namespace monitor {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};  // before an IPv4
constexpr int kMappedBits = 8 * kMappedPrefix.size();

}  // namespace

std::optional<Address> ParseAddress(std::string_view text) {
  std::string terminated(text);  // inet_pton wants a NUL; an embedded one must not end the text early
  if (terminated.size() > INET6_ADDRSTRLEN || terminated.find('\0') != std::string::npos) return std::nullopt;
  Address address{};
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  address = {};
  address[10] = address[11] = 0xFF;
  if (inet_pton(AF_INET, terminated.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

bool IsIpv4(const Address& address) { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.begin()); }

std::string FormatAddress(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  if (IsIpv4(address)) return inet_ntop(AF_INET, address.data() + kMappedPrefix.size(), text, sizeof text);
  return inet_ntop(AF_INET6, address.data(), text, sizeof text);
}

bool Cidr::Contains(const Address& address) const {
  if (prefix_bits < kMappedBits && IsIpv4(address)) return false;  // ::/0 means every IPv6, no IPv4
  int whole_bytes = prefix_bits / 8;
  if (!std::equal(network.begin(), network.begin() + whole_bytes, address.begin())) return false;
  int rest = prefix_bits % 8;
  if (rest == 0) return true;
  auto mask = static_cast<std::uint8_t>(0xFF << (8 - rest));
  auto at = static_cast<std::size_t>(whole_bytes);
  return ((network[at] ^ address[at]) & mask) == 0;
}

std::optional<Cidr> ParseCidr(std::string_view text) {
  std::size_t slash = text.find('/');
  std::optional<Address> network = ParseAddress(text.substr(0, slash));
  if (!network) return std::nullopt;
  if (slash == std::string_view::npos) return Cidr{*network, 128};
  const auto bits = ParseWhole<int>(text.substr(slash + 1));
  bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  if (!bits || *bits < 0 || *bits > (dotted ? 32 : 128)) return std::nullopt;
  return Cidr{*network, dotted ? kMappedBits + *bits : *bits};
}

}  // namespace monitor
