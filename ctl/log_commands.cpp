// Looking at the log of a running node.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>

#include "ctl/command.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "eventstore/event_store.h"

namespace monitor::ctl {
namespace {

constexpr int kPageOfEvents = 500;
// An account's document would fill the screen.
constexpr std::size_t kMaxShownData = 600;
constexpr int kFollowWaitMs = 10'000;

std::string Text(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? std::string(value->text()) : std::string();
}

// 2026-11-24T08:42:30.123Z 7f3a9c01.1:42 engagement-shown session/demo/… {data}
void PrintEvent(const json::Value& event) {
  std::string type = Text(event, "type");
  if (type.starts_with("monitor.")) type.erase(0, 8);
  std::string data;
  if (const json::Value* value = event.Find("data")) json::Writer(data).Copy(*value);
  if (data.size() > kMaxShownData) data.resize(kMaxShownData), data += "… (--json shows all)";
  std::printf("%s %s:%s %s %s %s\n", Text(event, "time").c_str(), Text(event, "origin").c_str(),
              Text(event, "seq").c_str(), type.c_str(), Text(event, "subject").c_str(), data.c_str());
}

constexpr json::Limits kEventLimits{.max_depth = 96, .max_nodes = 4 << 20};

struct TailOptions {
  std::string from;
  bool follow = false;
  std::uint64_t limit = 0;  // 0 = no limit
};

// Prints the lines; returns where to go on, or nullopt if one is unreadable.
std::optional<LogPosition> PrintLines(std::string_view lines, bool json, std::uint64_t& printed, LogPosition next) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view text = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    auto event = json::Document::Parse(text, kEventLimits);
    if (!event) return std::nullopt;
    if (json) {
      std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
    } else {
      PrintEvent(event->root());
    }
    const auto position = LogPosition::Parse(Text(event->root(), "origin") + ":" + Text(event->root(), "seq"));
    if (!position) return std::nullopt;
    next = {position->origin, position->seq + 1};
    ++printed;
  }
  std::fflush(stdout);
  return next;
}

struct Ends {
  LogPosition first, last;  // of the current origin
};

std::expected<Ends, std::string> LogEnds(AdminApi& admin) {
  auto answer = admin.Do({.path = "/admin/position"});
  if (!answer) return std::unexpected(answer.error());
  auto position = json::Document::Parse(answer->body);
  if (!position) return std::unexpected("the server's answer cannot be read");
  const std::string origin = Text(position->root(), "origin") + ":";
  const auto first = LogPosition::Parse(origin + Text(position->root(), "first"));
  const auto last = LogPosition::Parse(origin + Text(position->root(), "last"));
  if (!first || !last) return std::unexpected("the server's answer cannot be read");
  return Ends{*first, *last};
}

// An answer may end before the log does, so the end is the position's, of before the first answer, as a log that is
// written to has no other; or where nothing is there now, as in an epoch that has no event yet.
int Tail(const CommonOptions& common, const TailOptions& options) {
  AdminApi admin(common);
  const auto ends = LogEnds(admin);
  if (!ends) return Refuse(ends.error());
  LogPosition next = ends->first;
  if (auto from = LogPosition::Parse(options.from)) {
    next = *from;
  } else if (!options.from.empty()) {
    next.seq = *ParseWhole<std::uint64_t>(options.from);
  }
  std::uint64_t printed = 0;
  while (!Interrupted()) {
    std::uint64_t ask = kPageOfEvents;
    if (options.limit > 0) ask = std::min<std::uint64_t>(ask, options.limit - printed);
    if (ask == 0) return kDone;
    if (!options.follow && next.origin == ends->last.origin && next.seq > ends->last.seq) return kDone;
    const std::string path = "/admin/log?limit=" + std::to_string(ask) + "&from=" + PercentEncode(next.ToString()) +
                             "&waitMs=" + std::to_string(options.follow ? kFollowWaitMs : 0);
    auto answer = admin.Do({.path = path, .timeout_ms = kFollowWaitMs + 20'000});
    if (Interrupted()) return kDone;
    if (!answer) return Refuse(answer.error());
    if (!options.follow && answer->body.empty()) return kDone;
    auto after = PrintLines(answer->body, common.json, printed, next);
    if (!after) return Refuse("the server's log has a line that is no event");
    next = *after;
  }
  return kDone;
}

// What is no place in a log is wrong usage, seen before anything is asked.
std::string ComplainOfPlace(const std::string& text) {
  return LogPosition::Parse(text) || ParseWhole<std::uint64_t>(text) ? "" : "neither ORIGIN:SEQ nor SEQ";
}

int ShowSession(const CommonOptions& common, const std::string& account, const std::string& visitor,
                const std::string& session) {
  AdminApi admin(common);
  auto answer = admin.Do({.path = "/admin/accounts/" + PercentEncode(account) + "/visitors/" + PercentEncode(visitor) +
                                  "/sessions/" + PercentEncode(session) + "/events"});
  if (!answer) return Refuse(answer.error());
  if (common.json) return std::puts(answer->body.c_str()), kDone;
  auto events = json::Document::Parse(answer->body, kEventLimits);
  if (!events) return Refuse("the server's answer cannot be read");
  for (const json::Value& event : events->root().items()) PrintEvent(event);
  return kDone;
}

int ShowPosition(const CommonOptions& common) {
  AdminApi admin(common);
  auto answer = admin.Do({.path = "/admin/position"});
  if (!answer) return Refuse(answer.error());
  if (common.json) return std::puts(answer->body.c_str()), kDone;
  auto position = json::Document::Parse(answer->body);
  if (!position) return Refuse("the server's answer cannot be read");
  for (const char* name : {"origin", "first", "last", "relayed"}) {
    std::printf("%-8s %s\n", name, Text(position->root(), name).c_str());
  }
  return kDone;
}

int Drain(const CommonOptions& common) {
  AdminApi admin(common);
  auto answer = admin.Do({.method = "POST", .path = "/admin/drain"});
  if (!answer) return Refuse(answer.error());
  std::puts(common.json ? answer->body.c_str() : "draining: no new work is taken");
  return kDone;
}

}  // namespace

void AddLogCommands(CLI::App& app, CommandLine& line) {
  CLI::App* log = app.add_subcommand("log", "The node's log of events")->require_subcommand(1);
  CLI::App* tail = log->add_subcommand("tail", "Print events, oldest first: time, position, type, stream, data");
  auto options = std::make_shared<TailOptions>();
  tail->add_option("--from", options->from, "ORIGIN:SEQ or SEQ to begin at (default: the current origin's oldest)")
      ->check(ComplainOfPlace);
  tail->add_option("--limit", options->limit, "Stop after so many events")->check(CLI::NonNegativeNumber);
  tail->add_flag("-f,--follow", options->follow, "Wait for more at the end, until Ctrl-C");
  tail->callback([&line, options] { line.exit_code = Tail(line.common, *options); });

  CLI::App* session = app.add_subcommand("session", "One session of a visitor")->require_subcommand(1);
  CLI::App* events = session->add_subcommand("events", "Print the session's events in clear");
  auto names = std::make_shared<std::array<std::string, 3>>();
  events->add_option("ACCOUNT", (*names)[0], "Account id")->required();
  events->add_option("VISITOR", (*names)[1], "Visitor id")->required();
  events->add_option("SESSION", (*names)[2], "Session id")->required();
  events->callback(
      [&line, names] { line.exit_code = ShowSession(line.common, (*names)[0], (*names)[1], (*names)[2]); });

  app.add_subcommand("position", "Print the log's and the relay's positions")->callback([&line] {
    line.exit_code = ShowPosition(line.common);
  });
  app.add_subcommand("drain", "Let the node take no new work (readyz turns 503)")->callback([&line] {
    line.exit_code = Drain(line.common);
  });
}

}  // namespace monitor::ctl
