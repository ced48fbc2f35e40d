// Bearer tokens, compared in constant time. libsodium's comparison is named in bearer_token.cpp only. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/http_server.h"

namespace monitor {

// Of `Authorization: Bearer TOKEN`; the scheme's name is without case. nullopt: none was sent.
std::optional<std::string_view> BearerToken(const http::Request& request);

// A secret kept as its SHA-256, so that the comparison takes the same time whatever is presented.
class TokenHash {
 public:
  explicit TokenHash(std::string_view token);
  // Of 64 lower-case hex digits; nullopt if it is anything else.
  static std::optional<TokenHash> FromHex(std::string_view sha256_hex);

  bool Matches(std::string_view token) const { return *this == TokenHash(token); }
  bool operator==(const TokenHash& other) const;

 private:
  TokenHash() = default;

  std::array<std::uint8_t, 32> sha256_{};
};

// Is the token's SHA-256 among these, given as lower-case hex (settings.apiTokenSha256)? Looks at all of them.
bool TokenIsAmong(std::string_view token, std::span<const std::string> sha256_hex);

}  // namespace monitor
