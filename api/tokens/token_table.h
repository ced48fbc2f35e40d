// The TOML text of `admin.tokens_file`: one table for each token, named as the token, with `sha256` (64 lower-case hex
// digits), `scopes` (a list of words) and, if it ends, `expires` (RFC 3339). toml++ is named in token_table.cpp only.
// Pure; any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/tokens/admin_scope.h"
#include "domain/values/timestamp.h"
#include "server/bearer_token.h"

namespace monitor {

// Of the token of `admin.token_file`, which has every scope; no other may have it.
inline constexpr std::string_view kAdminTokenName = "admin";

struct AdminToken {
  std::string name;
  TokenHash hash;
  AdminScopes scopes;
  std::optional<TimeMs> expires;  // from then on it is refused

  bool IsOver(TimeMs now) const { return expires && now >= *expires; }
};

// What is wrong with it as the name of a token, in words; nullopt: nothing.
std::optional<std::string> TokenNameFault(std::string_view name);

// The error is a clause that begins with the entry's name, or the line, and never has a value of a `sha256`.
std::expected<std::vector<AdminToken>, std::string> ParseTokenTable(std::string_view text);

// One entry, as ParseTokenTable reads it. `sha256_hex` of the token; `name` must have no fault.
std::string TokenTableEntry(const std::string& name, std::string_view sha256_hex, const AdminScopes& scopes,
                            std::optional<TimeMs> expires);

}  // namespace monitor
