// What tokens of the admin API may do. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace monitor {

enum class AdminScope : std::uint8_t {
  kRead,           // what changes nothing
  kSkills,         // who of the account's agents is there
  kConversations,  // what the messaging side tells of visitors
  kPublish,        // account documents
  kErase,          // visitors, identities, accounts
  kNode,           // the node itself (drain, backup): of the token `admin` alone, so it has no word
};

using AdminScopes = std::set<AdminScope>;

AdminScopes AllScopes();

// "read", "publish"; "" for kNode.
std::string_view ToText(AdminScope scope);
std::optional<AdminScope> ParseScope(std::string_view word);
// Of the scopes that a token can be given, in the order above.
std::vector<std::string_view> ScopeWords();

}  // namespace monitor
