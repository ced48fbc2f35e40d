// A token for monitord's `admin.tokens_file`. Asks nobody.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "api/tokens/token_table.h"
#include "ctl/command.h"
#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "domain/values/timestamp.h"
#include "eventstore/random.h"

namespace monitor::ctl {
namespace {

constexpr std::size_t kTokenBytes = 32;

struct TokenOptions {
  std::string name;
  std::vector<std::string> scopes;
  std::string expires;
};

int NewToken(const CommonOptions& common, const TokenOptions& options) {
  AdminScopes scopes;
  for (const std::string& word : options.scopes) scopes.insert(*ParseScope(word));
  const auto expires = ParseRfc3339(options.expires);
  const std::string token = RandomHex(kTokenBytes);
  const auto hash = Sha256(token);
  const std::string sha256 = Hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
  const std::string table = TokenTableEntry(options.name, sha256, scopes, expires);
  if (!common.json) {
    std::printf("%s\n\n# for the file that monitord's admin.tokens_file names\n%s", token.c_str(), table.c_str());
    return kDone;
  }
  std::string text;
  json::Writer writer(text);
  writer.BeginObject().Key("name").String(options.name).Key("token").String(token).Key("sha256").String(sha256);
  writer.Key("scopes").BeginArray();
  for (const AdminScope scope : scopes) writer.String(ToText(scope));
  writer.EndArray();
  if (expires) writer.Key("expires").String(FormatRfc3339(*expires));
  writer.Key("table").String(table).EndObject();
  std::puts(text.c_str());
  return kDone;
}

std::string ComplainOfScope(const std::string& word) {
  if (ParseScope(word)) return "";
  std::string words;
  for (const std::string_view known : ScopeWords()) words.append(words.empty() ? "" : ", ").append(known);
  return "unknown scope " + word + "; there are " + words;
}

}  // namespace

void AddTokenCommand(CLI::App& app, CommandLine& line) {
  CLI::App* token = app.add_subcommand("token", "Tokens of the admin API")->require_subcommand(1);
  CLI::App* make = token->add_subcommand(
      "new", "Make a token; prints it, this once, and the table for monitord's admin.tokens_file. Asks no server");
  auto options = std::make_shared<TokenOptions>();
  make->add_option("--name", options->name, "Whose it is: the audit trail's `by`")
      ->required()
      ->check([](const std::string& name) { return TokenNameFault(name).value_or(""); });
  make->add_option("--scopes", options->scopes, "What it may do: read, skills, conversations, publish, erase")
      ->required()
      ->delimiter(',')
      ->check(ComplainOfScope);
  make->add_option("--expires", options->expires, "RFC 3339 time from which on it is refused (default: never)")
      ->check([](const std::string& text) {
        return ParseRfc3339(text) ? "" : "no RFC 3339 time such as 2027-01-31T12:00:00Z";
      });
  make->callback([&line, options] { line.exit_code = NewToken(line.common, *options); });
}

}  // namespace monitor::ctl
