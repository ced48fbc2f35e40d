#include "server/known_hosts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

namespace monitor::http {
namespace {

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsLiteral(int family, std::string_view text) {
  in6_addr address;  // room for either
  return ::inet_pton(family, std::string(text).c_str(), &address) == 1;
}

}  // namespace

bool IsKnownHost(std::string_view host, const std::vector<std::string>& hosts) {
  const std::size_t name_end = host.starts_with('[') ? host.find(']') : 0;
  if (name_end == host.npos) return false;
  const std::size_t colon = host.find(':', name_end);
  if (colon != host.npos && host.find_first_not_of("0123456789", colon + 1) != host.npos) return false;
  host = host.substr(0, colon);
  if (host.starts_with('[')) return host.ends_with(']') && IsLiteral(AF_INET6, host.substr(1, host.size() - 2));
  if (IsLiteral(AF_INET, host) || SameName(host, "localhost")) return true;
  return std::ranges::any_of(hosts, [&](const std::string& known) { return SameName(host, known); });
}

std::optional<std::string> HostsFault(const std::vector<std::string>& hosts) {
  for (const std::string& host : hosts) {
    if (host.find_first_not_of(kNameCharacters) != host.npos) return host + ": must be a name, without scheme and port";
  }
  return std::nullopt;
}

Handler ForKnownHosts(std::vector<std::string> hosts, Handler handler) {
  return [hosts = std::move(hosts), handler = std::move(handler)](const Request& request) {
    if (IsKnownHost(request.Header("Host").value_or(""), hosts)) return handler(request);
    return ErrorReply(421, 5, "Host: is not a name of this server; ask by address or localhost, or set hosts");
  };
}

}  // namespace monitor::http
