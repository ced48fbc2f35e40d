#include "server/bearer_token.h"

#include <sodium.h>

#include "domain/values/hash.h"

namespace monitor {

std::optional<std::string_view> BearerToken(const http::Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  const auto header = request.Header("Authorization");
  if (!header || header->size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = (*header)[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return std::nullopt;
  }
  std::string_view token = header->substr(kScheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  if (token.empty()) return std::nullopt;
  return token;
}

TokenHash::TokenHash(std::string_view token) : sha256_(Sha256(token)) {}

std::optional<TokenHash> TokenHash::FromHex(std::string_view sha256_hex) {
  TokenHash hash;
  const bool lower_case = sha256_hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!lower_case || sha256_hex.size() != 2 * hash.sha256_.size()) return std::nullopt;
  sodium_hex2bin(hash.sha256_.data(), hash.sha256_.size(), sha256_hex.data(), sha256_hex.size(), nullptr, nullptr,
                 nullptr);
  return hash;
}

bool TokenHash::operator==(const TokenHash& other) const {
  return sodium_memcmp(sha256_.data(), other.sha256_.data(), sha256_.size()) == 0;
}

bool TokenIsAmong(std::string_view token, std::span<const std::string> sha256_hex) {
  const auto hash = Sha256(token);
  const std::string presented = Hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
  bool found = false;
  for (const std::string& known : sha256_hex) {
    if (known.size() != presented.size()) continue;
    if (sodium_memcmp(known.data(), presented.data(), presented.size()) == 0) found = true;
  }
  return found;
}

}  // namespace monitor
