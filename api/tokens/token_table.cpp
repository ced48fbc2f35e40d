#include "api/tokens/token_table.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

namespace monitor {
namespace {

constexpr std::size_t kMaxNameBytes = 64;

bool IsOfAName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::string AllWords() {
  std::string words;
  for (const std::string_view word : ScopeWords()) words.append(words.empty() ? "" : ", ").append(word);
  return words;
}

std::expected<AdminScopes, std::string> ReadScopes(const toml::node* node) {
  const toml::array* list = node ? node->as_array() : nullptr;
  if (list == nullptr || list->empty()) return std::unexpected("scopes must be a list of " + AllWords());
  AdminScopes scopes;
  for (const toml::node& item : *list) {
    const auto word = item.value<std::string>();
    const auto scope = word ? ParseScope(*word) : std::nullopt;
    if (!scope) {
      return std::unexpected("scopes: " + (word ? "unknown scope " + *word : "not a word") + "; there are " +
                             AllWords());
    }
    scopes.insert(*scope);
  }
  return scopes;
}

// A string, or TOML's own form of a time.
std::optional<TimeMs> ReadTime(const toml::node& node) {
  if (const auto* text = node.as_string()) return ParseRfc3339(text->get());
  const auto* time = node.as_date_time();
  if (time == nullptr) return std::nullopt;
  std::ostringstream text;
  text << time->get();
  return ParseRfc3339(text.str());
}

std::expected<AdminToken, std::string> ReadToken(std::string name, const toml::table& table) {
  for (const auto& [key, node] : table) {
    if (key != "sha256" && key != "scopes" && key != "expires") {
      return std::unexpected("unknown key " + std::string(key.str()) +
                             (node.is_table() ? " (a name with dots needs quotes)" : ""));
    }
  }
  const auto hex = table["sha256"].value<std::string>();
  const auto hash = hex ? TokenHash::FromHex(*hex) : std::nullopt;
  if (!hash) return std::unexpected("sha256 must be the 64 lower-case hex digits of the token's SHA-256");
  auto scopes = ReadScopes(table.get("scopes"));
  if (!scopes) return std::unexpected(scopes.error());
  AdminToken token{std::move(name), *hash, *std::move(scopes), std::nullopt};
  if (const toml::node* expires = table.get("expires")) {
    token.expires = ReadTime(*expires);
    if (!token.expires) return std::unexpected("expires must be a time as 2027-01-31T12:00:00Z");
  }
  return token;
}

}  // namespace

std::optional<std::string> TokenNameFault(std::string_view name) {
  if (name == kAdminTokenName) return "this name is that of the token with all scopes";
  if (!name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, IsOfAName)) return std::nullopt;
  return "a name has 1 to 64 letters, digits, `.`, `_`, `-`";
}

std::expected<std::vector<AdminToken>, std::string> ParseTokenTable(std::string_view text) {
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& error) {
    std::ostringstream fault;
    fault << "line " << error.source().begin.line << ": " << error.description();
    return std::unexpected(fault.str());
  }
  std::vector<AdminToken> tokens;
  for (const auto& [key, node] : file) {
    const std::string name(key.str());
    const auto refused = [&](const std::string& why) { return std::unexpected(name + ": " + why); };
    if (!node.is_table()) return refused("unknown key; each token is a table");
    if (const auto fault = TokenNameFault(name)) return refused(*fault);
    auto token = ReadToken(name, *node.as_table());
    if (!token) return refused(token.error());
    const auto same = std::ranges::find(tokens, token->hash, &AdminToken::hash);
    if (same != tokens.end()) return refused("the same token as " + same->name);
    tokens.push_back(*std::move(token));
  }
  return tokens;
}

std::string TokenTableEntry(const std::string& name, std::string_view sha256_hex, const AdminScopes& scopes,
                            std::optional<TimeMs> expires) {
  const bool dotted = name.find('.') != std::string::npos;
  std::string text = dotted ? "[\"" + name + "\"]\n" : "[" + name + "]\n";
  text.append("sha256 = \"").append(sha256_hex).append("\"\nscopes = [");
  for (const AdminScope scope : scopes) {
    text.append(text.ends_with('[') ? "\"" : ", \"").append(ToText(scope)).append("\"");
  }
  text += "]\n";
  if (expires) text += "expires = \"" + FormatRfc3339(*expires) + "\"\n";
  return text;
}

}  // namespace monitor
