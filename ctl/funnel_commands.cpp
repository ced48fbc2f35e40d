// The funnel in the terminal, and counted anew.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ctl/command.h"
#include "ctl/funnel_table.h"
#include "ctl/funneld.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor::ctl {
namespace {

constexpr json::Limits kAnswerLimits{.max_depth = 32, .max_nodes = 1 << 20};
constexpr std::chrono::milliseconds kLook{500};
// While a rebuild is waited for: funneld may be started again, and not be reached meanwhile; positions may come later
// than the events.
constexpr int kLooksWithoutAnswer = 120, kLooksHeld = 60;

struct Parameter {
  const char* option;
  const char* name;  // of the query API
  const char* help;
};

constexpr Parameter kParameters[] = {
    {"--by", "by", "Broken down by any of app,campaign,engagement,revision,zone,channel,device,language"},
    {"--where", "where", "Only what matches, as campaign:41,device:MOBILE|TABLET"},
    {"--window", "window", "hour, day or all (default)"},
    {"--count", "count", "net (default) or gross"},
    {"--from", "from", "RFC 3339 time, on an hour of the account's zone"},
    {"--to", "to", "The same, exclusive"},
    {"--order-by", "orderBy", "A column by its name in CSV, - before it for the greatest first"},
    {"--limit", "limit", "So many rows at most"}};

struct FunnelOptions {
  FunneldAddress funneld;
  std::string account;
  std::vector<std::pair<std::string, std::string>> parameters;  // name, as given
};

std::string Text(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? std::string(value->text()) : std::string();
}

// The one that was named, else all.
std::expected<std::vector<std::string>, std::string> AccountsOf(Funneld& funneld, const std::string& named) {
  if (!named.empty()) return std::vector{named};
  const auto answer = funneld.Get("/api/accounts");
  if (!answer) return std::unexpected(answer.error());
  const auto document = json::Document::Parse(*answer, kAnswerLimits);
  const json::Value* accounts = document ? document->root().Find("accounts") : nullptr;
  if (!accounts) return std::unexpected("the server's answer cannot be read");
  std::vector<std::string> ids;
  for (const json::Value& account : accounts->items()) ids.push_back(Text(account, "id"));
  return ids;
}

int DrawFunnel(const CommonOptions& common, const FunnelOptions& options) {
  Funneld funneld(options.funneld);
  const auto accounts = AccountsOf(funneld, options.account);
  if (!accounts) return Refuse(accounts.error());
  if (accounts->empty()) return Refuse("funneld knows no account yet");
  for (const std::string& account : *accounts) {
    std::string path = "/api/funnel?account=" + PercentEncode(account);
    for (const auto& [name, text] : options.parameters) {
      if (!text.empty()) path.append("&").append(name).append("=").append(PercentEncode(text));
    }
    const auto answer = funneld.Get(path);
    if (!answer) return Refuse(answer.error());
    if (common.json) {
      std::puts(answer->c_str());
      continue;
    }
    const auto table = FunnelTable(*answer);
    if (!table) return Refuse(table.error());
    if (options.account.empty()) std::printf("%s%s\n", account == accounts->front() ? "" : "\n", account.c_str());
    std::fputs(table->c_str(), stdout);
  }
  return kDone;
}

struct RebuildOptions {
  bool wait = false, accept_loss = false, give_up = false;
};

// How a rebuild fares; nullopt: the answer cannot be read.
struct Rebuild {
  bool goes_on = false;
  std::string since, left, held;
};

std::optional<Rebuild> ReadRebuild(const std::string& answer) {
  const auto document = json::Document::Parse(answer, kAnswerLimits);
  const json::Value* goes_on = document ? document->root().Find("rebuilding") : nullptr;
  if (!goes_on) return std::nullopt;
  return Rebuild{.goes_on = goes_on->boolean(),
                 .since = Text(document->root(), "since"),
                 .left = Text(document->root(), "eventsLeft"),
                 .held = Text(document->root(), "held")};
}

void ShowProgress(const Rebuild& rebuild) {
  if (!isatty(STDERR_FILENO)) return;
  std::fprintf(stderr, "\r\033[Kcounted anew: %s events to go", rebuild.left.c_str());
}

void EndProgress() {
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K");
}

int Held(const std::string& why) {
  return Refuse("what is counted anew does not take over: " + why +
                "; --accept-loss lets it all the same, --give-up drops it");
}

// Until the one that began at `since` (empty: the one that is met first) answers.
int WaitForRebuild(const CommonOptions& common, AdminApi& funneld, std::string since) {
  for (int without_answer = 0, held = 0; !Interrupted(); std::this_thread::sleep_for(kLook)) {
    const auto answer = funneld.Do({.path = "/api/rebuild"});
    const auto rebuild = answer ? ReadRebuild(answer->body) : std::nullopt;
    if (!rebuild) {
      if (++without_answer < kLooksWithoutAnswer && !answer) continue;
      EndProgress();
      return Refuse(answer ? "the server's answer cannot be read" : answer.error());
    }
    without_answer = 0;
    if (since.empty()) since = rebuild->since;
    if (!rebuild->goes_on || rebuild->since != since) {
      EndProgress();
      if (rebuild->since != since) return Refuse("it was given up, or another one began");
      std::puts(common.json ? answer->body.c_str() : "counted anew; the new numbers answer");
      return kDone;
    }
    ShowProgress(*rebuild);
    held = rebuild->held.empty() ? 0 : held + 1;
    if (held == kLooksHeld) {
      EndProgress();
      return Held(rebuild->held);
    }
  }
  EndProgress();
  return kDone;
}

int Rebuilt(const CommonOptions& common, const FunneldAddress& address, const RebuildOptions& options) {
  CommonOptions access = common;
  access.admin_url = address.url;
  if (!address.token_file.empty()) access.token_file = address.token_file;
  AdminApi funneld(access);
  if (options.give_up) {
    const auto answer = funneld.Do({.method = "DELETE", .path = "/api/rebuild"});
    if (!answer) return Refuse(answer.error());
    std::puts(common.json ? answer->body.c_str() : "given up; the old numbers are counted on");
    return kDone;
  }
  const auto answer = funneld.Ask(
      {.method = "POST", .path = std::string("/api/rebuild") + (options.accept_loss ? "?acceptLoss=true" : "")});
  if (!answer) return Refuse(answer.error());
  if (answer->status == 409 && options.wait) return WaitForRebuild(common, funneld, "");
  if (answer->status == 401) return Refuse("the token is refused; name funneld's admin.token_file with --token-file");
  if (answer->status / 100 != 2) return Refuse(ErrorText(*answer));
  if (options.wait) {
    const auto begun = json::Document::Parse(answer->body, kAnswerLimits);
    return WaitForRebuild(common, funneld, begun ? Text(begun->root(), "since") : "");
  }
  std::puts(common.json ? answer->body.c_str() : "counted anew; until that is through, the old numbers answer");
  return kDone;
}

}  // namespace

void AddFunnelCommands(CLI::App& app, CommandLine& line) {
  CLI::App* funnel = app.add_subcommand("funnel", "Draw the funnel, from funneld's query API");
  auto options = std::make_shared<FunnelOptions>();
  funnel->add_option("--url", options->funneld.url, "funneld's query API")->capture_default_str();
  funnel->add_option("--token-file", options->funneld.token_file,
                     "File with the token of its http.read_token_file; of rebuild: of its admin.token_file");
  funnel->add_option("--account", options->account, "Account id (default: each that it knows)");
  options->parameters.reserve(std::size(kParameters));  // their places are given away
  for (const Parameter& parameter : kParameters) {
    options->parameters.emplace_back(parameter.name, "");
    funnel->add_option(parameter.option, options->parameters.back().second, parameter.help);
  }
  CLI::App* rebuild = funnel->add_subcommand("rebuild", "Count it anew; the old numbers answer until that is through");
  auto how = std::make_shared<RebuildOptions>();
  rebuild->add_flag("--wait", how->wait, "Until the new numbers answer, and show how far it is");
  rebuild->add_flag("--accept-loss", how->accept_loss, "Also if the new numbers lack what is no longer there to count");
  rebuild->add_flag("--give-up", how->give_up, "Drop one that is going on; the old numbers are counted on")
      ->excludes("--wait")
      ->excludes("--accept-loss");
  rebuild->callback([&line, options, how] { line.exit_code = Rebuilt(line.common, options->funneld, *how); });
  funnel->callback([&line, options, funnel, rebuild] {
    if (!funnel->got_subcommand(rebuild)) line.exit_code = DrawFunnel(line.common, *options);
  });
}

}  // namespace monitor::ctl
