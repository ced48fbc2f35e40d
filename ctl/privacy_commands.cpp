// Visitors and the people behind them: shown, found, erased; and who did so.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "ctl/command.h"
#include "domain/values/json.h"
#include "domain/values/timestamp.h"
#include "domain/values/whole_number.h"

namespace monitor::ctl {
namespace {

constexpr json::Limits kAnswerLimits{.max_depth = 64, .max_nodes = 4 << 20};

std::string Text(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? std::string(value->text()) : std::string();
}

std::string VisitorPath(const std::string& account, const std::string& visitor) {
  return "/admin/accounts/" + PercentEncode(account) + "/visitors/" + PercentEncode(visitor);
}

int ShowVisitor(const CommonOptions& common, const std::string& account, const std::string& visitor) {
  const auto answer = AdminApi(common).Do({.path = VisitorPath(account, visitor)});
  if (!answer) return Refuse(answer.error());
  std::puts(answer->body.c_str());
  return kDone;
}

int EraseVisitor(const CommonOptions& common, const std::string& account, const std::string& visitor) {
  const auto answer = AdminApi(common).Do({.method = "DELETE", .path = VisitorPath(account, visitor)});
  if (!answer) return Refuse(answer.error());
  std::puts(common.json ? answer->body.c_str() : "erased");
  return kDone;
}

struct IdentityOptions {
  std::string account, sub, iss;
};

// `what`: find or erase. One visitor a line.
int AskForIdentity(const CommonOptions& common, const std::string& what, const IdentityOptions& options) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("sub").String(options.sub);
  if (!options.iss.empty()) writer.Key("iss").String(options.iss);
  writer.EndObject();
  const std::string path = "/admin/accounts/" + PercentEncode(options.account) + "/identities/" + what;
  const auto answer = AdminApi(common).Do({.method = "POST", .path = path, .body = body, .timeout_ms = 10 * 60'000});
  if (!answer) return Refuse(answer.error());
  if (common.json) return std::puts(answer->body.c_str()), kDone;
  const auto found = json::Document::Parse(answer->body, kAnswerLimits);
  const json::Value* visitors = found ? found->root().Find("visitors") : nullptr;
  if (!visitors) return Refuse("the server's answer cannot be read");
  for (const json::Value& visitor : visitors->items()) std::puts(std::string(visitor.text()).c_str());
  if (const std::string from = Text(found->root(), "from"); !from.empty()) {
    std::fprintf(stderr, "monitorctl: of what was before %s only the last visitor is known\n", from.c_str());
  }
  return kDone;
}

struct AuditOptions {
  std::string from;
  int limit = 100;
};

int ShowAudit(const CommonOptions& common, const AuditOptions& options) {
  std::string path = "/admin/audit?limit=" + std::to_string(options.limit);
  if (!options.from.empty()) path += "&from=" + PercentEncode(options.from);
  const auto answer = AdminApi(common).Do({.path = path});
  if (!answer) return Refuse(answer.error());
  if (common.json) return std::puts(answer->body.c_str()), kDone;
  const auto audit = json::Document::Parse(answer->body, kAnswerLimits);
  const json::Value* actions = audit ? audit->root().Find("actions") : nullptr;
  if (!actions) return Refuse("the server's answer cannot be read");
  for (const json::Value& one : actions->items()) {
    const auto at = ParseWhole<std::int64_t>(Text(one, "at")).value_or(0);
    std::printf("%s  %s  by %s: %s %s %s: %s\n", FormatRfc3339(FromUnixMs(at)).c_str(), Text(one, "position").c_str(),
                Text(one, "by").c_str(), Text(one, "action").c_str(), Text(one, "accountId").c_str(),
                Text(one, "target").c_str(), Text(one, "outcome").c_str());
  }
  return kDone;
}

void AddVisitor(CLI::App& app, CommandLine& line) {
  CLI::App* visitor = app.add_subcommand("visitor", "One visitor")->require_subcommand(1);
  auto names = std::make_shared<std::pair<std::string, std::string>>();
  const auto add = [&](const char* name, const char* help, auto run) {
    CLI::App* command = visitor->add_subcommand(name, help);
    command->add_option("ACCOUNT", names->first, "Account id")->required();
    command->add_option("VISITOR", names->second, "Visitor id")->required();
    command->callback([&line, names, run] { line.exit_code = run(line.common, names->first, names->second); });
  };
  add("show", "Print all that is known of it, as JSON", ShowVisitor);
  add("erase", "Close its sessions and make all that is sealed unreadable", EraseVisitor);
}

void AddIdentity(CLI::App& app, CommandLine& line) {
  CLI::App* identity = app.add_subcommand("identity", "The visitors of one person")->require_subcommand(1);
  auto options = std::make_shared<IdentityOptions>();
  const auto add = [&](const std::string& name, const char* help) {
    CLI::App* command = identity->add_subcommand(name, help);
    command->add_option("ACCOUNT", options->account, "Account id")->required();
    command->add_option("--sub", options->sub, "Who: what clients send as sub, or as consumerId")->required();
    command->add_option("--iss", options->iss, "Who says so (default: none)");
    command->callback([&line, options, name] { line.exit_code = AskForIdentity(line.common, name, *options); });
  };
  add("find", "Print the visitors that presented this identity");
  add("erase", "Erase them, and print which they were");
}

}  // namespace

void AddPrivacyCommands(CLI::App& app, CommandLine& line) {
  AddVisitor(app, line);
  AddIdentity(app, line);
  CLI::App* audit = app.add_subcommand("audit", "What was done through the admin API, the newest first");
  auto options = std::make_shared<AuditOptions>();
  audit->add_option("--from", options->from, "ORIGIN:SEQ or time of the oldest");
  audit->add_option("--limit", options->limit, "So many at most")->check(CLI::Range(1, 1'000))->capture_default_str();
  audit->callback([&line, options] { line.exit_code = ShowAudit(line.common, *options); });
}

}  // namespace monitor::ctl
