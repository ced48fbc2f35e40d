#include "api/tokens/admin_scope.h"

namespace monitor {
namespace {

using enum AdminScope;
constexpr AdminScope kGiven[] = {kRead, kSkills, kConversations, kPublish, kErase};

}  // namespace

AdminScopes AllScopes() {
  AdminScopes all(std::begin(kGiven), std::end(kGiven));
  all.insert(kNode);
  return all;
}

std::string_view ToText(AdminScope scope) {
  switch (scope) {
    case kRead:
      return "read";
    case kSkills:
      return "skills";
    case kConversations:
      return "conversations";
    case kPublish:
      return "publish";
    case kErase:
      return "erase";
    case kNode:
      break;
  }
  return "";
}

std::optional<AdminScope> ParseScope(std::string_view word) {
  for (const AdminScope scope : kGiven) {
    if (ToText(scope) == word) return scope;
  }
  return std::nullopt;
}

std::vector<std::string_view> ScopeWords() {
  std::vector<std::string_view> words;
  for (const AdminScope scope : kGiven) words.push_back(ToText(scope));
  return words;
}

}  // namespace monitor
