// Account documents: checked offline, put, shown, compared, and asked what they would do.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "ctl/command.h"
#include "domain/account/account.h"
#include "domain/account/document_diff.h"
#include "domain/values/json.h"
#include "domain/values/timestamp.h"
#include "domain/values/whole_number.h"

namespace monitor::ctl {
namespace {

constexpr json::Limits kDocumentLimits{.max_depth = 64, .max_nodes = 4 << 20};

std::string AccountPath(const std::string& account) { return "/admin/accounts/" + PercentEncode(account); }

std::string Text(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? std::string(value->text()) : std::string();
}

// When it was, of its member `at`.
std::string TimeOf(const json::Value& object) {
  return FormatRfc3339(FromUnixMs(ParseWhole<std::int64_t>(Text(object, "at")).value_or(0)));
}

// Prints an answer's body as it is with --json, else through `print`.
template <class Print>
int Show(const CommonOptions& common, const std::expected<HttpAnswer, std::string>& answer, Print print) {
  if (!answer) return Refuse(answer.error());
  if (common.json) return std::puts(answer->body.c_str()), kDone;
  auto document = json::Document::Parse(answer->body, kDocumentLimits);
  if (!document) return Refuse("the server's answer cannot be read");
  print(document->root());
  return kDone;
}

void PrintErrors(const std::string& file, const std::vector<DocumentError>& errors) {
  for (const DocumentError& error : errors) {
    std::printf("%s: %s: %s\n", file.c_str(), error.path.empty() ? "document" : error.path.c_str(),
                error.message.c_str());
  }
}

int ValidateOne(const CommonOptions& common, const std::string& file) {
  auto text = ReadInput(file);
  if (!text) return Refuse(text.error());
  auto account = ParseAccount(*std::move(text));
  if (common.json) {
    std::string out;
    json::Writer writer(out);
    writer.BeginObject().Key("file").String(file).Key("valid").Bool(account.has_value()).Key("errors").BeginArray();
    if (!account) {
      for (const DocumentError& error : account.error()) {
        writer.BeginObject().Key("path").String(error.path).Key("message").String(error.message).EndObject();
      }
    }
    writer.EndArray().EndObject();
    std::puts(out.c_str());
    return account ? kDone : kNo;
  }
  if (!account) {
    PrintErrors(file, account.error());
    std::printf("%s: refused, %zu error(s)\n", file.c_str(), account.error().size());
    return kNo;
  }
  std::size_t engagements = 0;
  for (const Campaign& campaign : (*account)->campaigns) engagements += campaign.engagements.size();
  std::printf("%s: valid: account %s, revision %s, %zu campaign(s), %zu engagement(s)\n", file.c_str(),
              (*account)->id.str().c_str(), (*account)->revision.str().c_str(), (*account)->campaigns.size(),
              engagements);
  return kDone;
}

int List(const CommonOptions& common) {
  return Show(common, AdminApi(common).Do({.path = "/admin/accounts"}), [](const json::Value& root) {
    const json::Value* accounts = root.Find("accounts");
    if (!accounts) return;
    for (const json::Value& account : accounts->items()) {
      const std::string refused = Text(account, "refused");
      std::printf("%-20s %s %s\n", Text(account, "id").c_str(), Text(account, "revision").c_str(),
                  refused.empty() ? Text(account, "name").c_str() : ("not in force: " + refused).c_str());
    }
  });
}

// The account that the document names.
std::expected<std::string, std::string> AccountOf(const std::string& document) {
  auto parsed = json::Document::Parse(document, kDocumentLimits);
  if (!parsed) return std::unexpected("the document is no JSON: " + parsed.error().message);
  std::string account = Text(parsed->root(), "accountId");
  if (account.empty()) return std::unexpected("the document has no accountId");
  return account;
}

// All errors that the server found in the document, as validate lists them.
int RefuseDocument(const CommonOptions& common, const std::string& file, const HttpAnswer& answer) {
  if (common.json) return std::puts(answer.body.c_str()), kNo;
  auto refused = json::Document::Parse(answer.body, kDocumentLimits);
  const json::Value* errors = refused ? refused->root().Find("errors") : nullptr;
  if (errors) {
    for (const json::Value& error : errors->items()) {
      std::printf("%s: %s: %s\n", file.c_str(), Text(error, "path").c_str(), Text(error, "message").c_str());
    }
  }
  return Refuse(ErrorText(answer));
}

int Put(const CommonOptions& common, const std::string& file, const std::string& if_match) {
  auto document = ReadInput(file);
  if (!document) return Refuse(document.error());
  auto account = AccountOf(*document);
  if (!account) return Refuse(account.error());
  AdminApi::Call call{.method = "PUT", .path = AccountPath(*account), .body = *document};
  if (!if_match.empty()) call.headers.push_back("If-Match: \"" + if_match + "\"");
  auto answer = AdminApi(common).Ask(call);
  if (!answer) return Refuse(answer.error());
  if (answer->status / 100 == 2) {
    return Show(common, answer, [&](const json::Value& root) {
      std::printf("%s: in force, revision %s\n", account->c_str(), Text(root, "revision").c_str());
    });
  }
  return RefuseDocument(common, file, *answer);
}

int ShowDocument(const CommonOptions& common, const std::string& account, const std::string& revision) {
  const std::string of_revision = revision.empty() ? "" : "/revisions/" + PercentEncode(revision);
  auto answer = AdminApi(common).Do({.path = AccountPath(account) + of_revision});
  if (!answer) return Refuse(answer.error());
  std::fwrite(answer->body.data(), 1, answer->body.size(), stdout);
  if (!answer->body.ends_with('\n')) std::puts("");
  return kDone;
}

int ListRevisions(const CommonOptions& common, const std::string& account) {
  const auto answer = AdminApi(common).Do({.path = AccountPath(account) + "/revisions"});
  return Show(common, answer, [](const json::Value& root) {
    const json::Value* revisions = root.Find("revisions");
    if (!revisions) return;
    for (const json::Value& one : revisions->items()) {
      std::printf("%s  %-24s %s  by %s\n", Text(one, "revision").c_str(), TimeOf(one).c_str(),
                  Text(one, "position").c_str(), Text(one, "by").c_str());
    }
  });
}

// Asked for twice by name: nothing of it comes back.
int Remove(const CommonOptions& common, const std::string& account, const std::string& confirm) {
  const auto answer = AdminApi(common).Do(
      {.method = "DELETE", .path = AccountPath(account) + "?confirm=" + PercentEncode(confirm), .timeout_ms = 60'000});
  return Show(common, answer, [&](const json::Value&) {
    std::printf("%s: removed; its visitors are being erased\n", account.c_str());
  });
}

int Diff(const CommonOptions& common, const std::string& account, const std::string& file) {
  auto text = ReadInput(file);
  if (!text) return Refuse(text.error());
  auto answer = AdminApi(common).Do({.path = AccountPath(account)});
  if (!answer) return Refuse(answer.error());
  auto before = json::Document::Parse(answer->body, kDocumentLimits);
  auto after = json::Document::Parse(*text, kDocumentLimits);
  if (!before || !after) return Refuse("no JSON: " + (after ? std::string("the document in force") : file));
  const auto differences = DiffDocuments(before->root(), after->root());
  std::string out;
  json::Writer writer(out);
  writer.BeginArray();
  for (const Difference& one : differences) {
    if (!common.json) std::puts(one.text.c_str());
    writer.BeginObject();
    WriteDifference(one, writer);
    writer.EndObject();
  }
  writer.EndArray();
  if (common.json) std::puts(out.c_str());
  if (!common.json && differences.empty()) std::puts("no difference");
  return kDone;
}

struct ExplainOptions {
  std::string account, visitor, session, app = "web", request = "", at, document;
};

std::expected<std::string, std::string> ExplainBody(const ExplainOptions& options) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("appInstallationId").String(options.app);
  if (!options.visitor.empty()) writer.Key("visitorId").String(options.visitor);
  if (!options.session.empty()) writer.Key("sessionId").String(options.session);
  if (!options.at.empty()) writer.Key("at").Int(ToUnixMs(*ParseRfc3339(options.at)));
  std::string request = "{}";
  if (!options.request.empty()) {
    auto text = ReadInput(options.request);
    if (!text) return std::unexpected(text.error());
    if (!json::Document::Parse(*text, kDocumentLimits)) return std::unexpected(options.request + " is no JSON");
    request = *std::move(text);
  }
  writer.Key("request").Raw(request);
  if (!options.document.empty()) {
    auto document = ReadInput(options.document);
    if (!document) return std::unexpected(document.error());
    if (!json::Document::Parse(*document, kDocumentLimits)) return std::unexpected(options.document + " is no JSON");
    writer.Key("document").Raw(*document);
  }
  writer.EndObject();
  return body;
}

int Explain(const CommonOptions& common, const ExplainOptions& options) {
  auto body = ExplainBody(options);
  if (!body) return Refuse(body.error());
  auto answer =
      AdminApi(common).Ask({.method = "POST", .path = AccountPath(options.account) + "/explain", .body = *body});
  if (!answer) return Refuse(answer.error());
  if (answer->status != 200) return RefuseDocument(common, options.document, *answer);
  return Show(common, answer, [](const json::Value& root) {
    std::printf("revision %s\n", Text(root, "revision").c_str());
    const json::Value* engagements = root.Find("engagements");
    if (!engagements) return;
    for (const json::Value& one : engagements->items()) {
      std::printf("campaign %-8s engagement %-8s %-9s %s\n", Text(one, "campaignId").c_str(),
                  Text(one, "engagementId").c_str(), Text(one, "verdict").c_str(), Text(one, "reason").c_str());
    }
  });
}

struct WhatIfOptions {
  std::string account, file, from, to;
};

std::expected<std::string, std::string> WhatIfBody(const WhatIfOptions& options) {
  auto document = ReadInput(options.file);
  if (!document) return std::unexpected(document.error());
  if (!json::Document::Parse(*document, kDocumentLimits)) return std::unexpected(options.file + " is no JSON");
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("document").Raw(*document);
  for (auto [name, text] : {std::pair("from", &options.from), std::pair("to", &options.to)}) {
    if (!text->empty()) writer.Key(name).Int(ToUnixMs(*ParseRfc3339(*text)));
  }
  writer.EndObject();
  return body;
}

int WhatIf(const CommonOptions& common, const WhatIfOptions& options) {
  auto body = WhatIfBody(options);
  if (!body) return Refuse(body.error());
  constexpr long kPatienceMs = 10 * 60 * 1'000;
  auto answer = AdminApi(common).Ask(
      {.method = "POST", .path = AccountPath(options.account) + "/what-if", .body = *body, .timeout_ms = kPatienceMs});
  if (!answer) return Refuse(answer.error());
  if (answer->status != 200) return RefuseDocument(common, options.file, *answer);
  return Show(common, answer, [](const json::Value& root) {
    auto row = [](const char* name, const json::Value* pair) {
      if (pair) std::printf("%-22s %10s -> %10s\n", name, Text(*pair, "before").c_str(), Text(*pair, "after").c_str());
    };
    std::printf("%s session(s), from %s on\n", Text(root, "sessions").c_str(), Text(root, "from").c_str());
    if (const std::string others = Text(root, "otherRules"); others != "0") {
      std::printf("%s request(s) left out: decided by rules of another version\n", others.c_str());
    }
    row("offers", root.Find("offers"));
    row("exposures", root.Find("exposures"));
    row("zone conflicts", root.Find("zoneConflicts"));
    const json::Value* engagements = root.Find("byEngagement");
    if (!engagements) return;
    for (const json::Value& one : engagements->items()) row(("engagement " + Text(one, "engagementId")).c_str(), &one);
  });
}

// What is no time is wrong usage, seen before anything is asked.
std::string ComplainOfTime(const std::string& text) {
  return ParseRfc3339(text) ? "" : "no RFC 3339 time such as 2026-11-24T09:00:00Z";
}

void AddExplain(CLI::App& account, CommandLine& line) {
  CLI::App* explain = account.add_subcommand("explain", "Why each engagement is offered to a visitor, or not");
  auto options = std::make_shared<ExplainOptions>();
  explain->add_option("ACCOUNT", options->account, "Account id")->required();
  explain->add_option("--visitor", options->visitor, "Visitor id");
  explain->add_option("--session", options->session, "Session id: exactly what its next such request gets");
  explain->add_option("--app", options->app, "App installation")->capture_default_str();
  explain->add_option("--request", options->request, "File with an engagement request's body, - for standard input");
  explain->add_option("--document", options->document, "Judge by this document, not by the one in force");
  explain->add_option("--at", options->at, "RFC 3339 time to judge at (default: now)")->check(ComplainOfTime);
  explain->callback([&line, options] { line.exit_code = Explain(line.common, *options); });
}

void AddWhatIf(CLI::App& account, CommandLine& line) {
  CLI::App* what_if = account.add_subcommand("what-if", "What a changed document would have offered in past sessions");
  auto options = std::make_shared<WhatIfOptions>();
  what_if->add_option("ACCOUNT", options->account, "Account id")->required();
  what_if->add_option("FILE", options->file, "The changed document")->required();
  what_if->add_option("--from", options->from, "RFC 3339 time: sessions that began then or later")
      ->check(ComplainOfTime);
  what_if->add_option("--to", options->to, "RFC 3339 time: sessions that began before")->check(ComplainOfTime);
  what_if->callback([&line, options] { line.exit_code = WhatIf(line.common, *options); });
}

}  // namespace

void AddAccountCommands(CLI::App& app, CommandLine& line) {
  CLI::App* account = app.add_subcommand("account", "Account documents")->require_subcommand(1);
  account->add_subcommand("list", "Accounts with revision and name")->callback([&line] {
    line.exit_code = List(line.common);
  });

  CLI::App* validate = account->add_subcommand("validate", "Check documents without a server; all errors are listed");
  auto files = std::make_shared<std::vector<std::string>>();
  validate->add_option("FILE", *files, "Documents, - for standard input")->required();
  validate->callback([&line, files] {
    for (const std::string& file : *files) line.exit_code = std::max(line.exit_code, ValidateOne(line.common, file));
  });

  CLI::App* put = account->add_subcommand("put", "Put a document in force");
  auto put_options = std::make_shared<std::pair<std::string, std::string>>();
  put->add_option("FILE", put_options->first, "The document, - for standard input")->required();
  put->add_option("--if-match", put_options->second, "Only over this revision");
  put->callback([&line, put_options] { line.exit_code = Put(line.common, put_options->first, put_options->second); });

  CLI::App* show = account->add_subcommand("show", "Print the document in force");
  auto name = std::make_shared<std::string>();
  show->add_option("ACCOUNT", *name, "Account id")->required();
  auto revision = std::make_shared<std::string>();
  show->add_option("--revision", *revision, "The document of this revision instead");
  show->callback([&line, name, revision] { line.exit_code = ShowDocument(line.common, *name, *revision); });

  CLI::App* revisions = account->add_subcommand("revisions", "Which documents were in force, the newest first");
  revisions->add_option("ACCOUNT", *name, "Account id")->required();
  revisions->callback([&line, name] { line.exit_code = ListRevisions(line.common, *name); });

  CLI::App* remove = account->add_subcommand("remove", "End an account: all of its visitors are erased");
  auto confirm = std::make_shared<std::string>();
  remove->add_option("ACCOUNT", *name, "Account id")->required();
  remove->add_option("--confirm", *confirm, "The account id once more")->required();
  remove->callback([&line, name, confirm] { line.exit_code = Remove(line.common, *name, *confirm); });

  CLI::App* diff = account->add_subcommand("diff", "Compare the document in force with a file");
  auto pair = std::make_shared<std::pair<std::string, std::string>>();
  diff->add_option("ACCOUNT", pair->first, "Account id")->required();
  diff->add_option("FILE", pair->second, "The other document")->required();
  diff->callback([&line, pair] { line.exit_code = Diff(line.common, pair->first, pair->second); });

  AddExplain(*account, line);
  AddWhatIf(*account, line);
}

}  // namespace monitor::ctl
