// Looking at a node's log, and at where a running node stands.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

#include "ctl/command.h"
#include "ctl/event_source.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor::ctl {
namespace {

// An account's document would fill the screen.
constexpr std::size_t kMaxShownData = 600;
constexpr std::uint64_t kShownEvents = 10;
constexpr std::uint64_t kPageOfEvents = 1'000;
constexpr int kFollowWaitMs = 10'000;
constexpr int kAskAgainAfterMs = 1'000;
constexpr json::Limits kEventLimits{.max_depth = 96, .max_nodes = 4 << 20};

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

struct TailOptions {
  std::string data;  // a stopped node's folder; empty: a running one
  std::string from;
  std::string account;  // empty: all
  bool follow = false;
  std::optional<std::uint64_t> limit;  // 0 = none
};

bool IsWanted(const TailOptions& options, const EventLine& event) {
  return options.account.empty() || AccountOf(event.stream) == options.account;
}

// Prints what is wanted, as many as are.
class TailPrinter {
 public:
  TailPrinter(const TailOptions& options, bool json) : options_(options), json_(json) {}

  // False: that was the last one.
  bool Take(const EventLine& event) {
    if (!IsWanted(options_, event)) return true;
    if (json_) {
      std::puts(event.text.c_str());
    } else if (const auto parsed = json::Document::Parse(event.text, kEventLimits)) {
      PrintEvent(parsed->root());
    }
    return ++printed_ != options_.limit.value_or(0);
  }

 private:
  const TailOptions& options_;
  const bool json_;
  std::uint64_t printed_ = 0;
};

// The position that lies so many sequence numbers before the log's end.
LogPosition Back(const std::vector<OriginRange>& origins, std::uint64_t count) {
  for (const OriginRange& range : std::views::reverse(origins)) {
    const std::uint64_t there = range.last + 1 - std::min(range.first, range.last + 1);
    if (count <= there) return {range.origin, range.last + 1 - count};
    count -= there;
  }
  return {origins.front().origin, origins.front().first};
}

// The newest events that are wanted. Looks back ever further until there are enough: few of an account may be among
// many.
std::expected<std::deque<EventLine>, SourceError> Newest(EventSource& source, const std::vector<OriginRange>& origins,
                                                         const TailOptions& options) {
  const LogPosition start{origins.front().origin, origins.front().first};
  const std::uint64_t count = options.limit.value_or(kShownEvents);
  for (std::uint64_t back = count;; back *= 8) {
    const LogPosition from = Back(origins, back);
    std::deque<EventLine> newest;
    auto read = ForEachEvent(source, from, EndOf(origins), [&](EventLine&& event) {
      if (!IsWanted(options, event)) return true;
      newest.push_back(std::move(event));
      if (newest.size() > count) newest.pop_front();
      return true;
    });
    if (!read) return std::unexpected(read.error());
    if (newest.size() == count || from == start || Interrupted()) return newest;
  }
}

// Waits for more and prints it, until Ctrl-C or as many were printed as are wanted. A node that does not answer is
// asked again.
int Follow(EventSource& source, LogPosition next, TailPrinter& printer) {
  bool is_lost = false;
  while (!Interrupted()) {
    const auto events = source.Read(next, kPageOfEvents, kFollowWaitMs);
    if (Interrupted()) break;
    if (!events && !events.error().may_pass) return Refuse(events.error().message);
    if (!events) {
      if (!std::exchange(is_lost, true)) Refuse(events.error().message + "; it is asked again");
      poll(nullptr, 0, kAskAgainAfterMs);  // Ctrl-C ends it
      continue;
    }
    is_lost = false;
    for (const EventLine& event : *events) {
      if (!printer.Take(event)) return kDone;
      next = {event.position.origin, event.position.seq + 1};
    }
    std::fflush(stdout);
  }
  return kDone;
}

// What is shown first ends where the log ended when it began, as a log that is written to has no other end.
int TailOf(EventSource& source, const TailOptions& options, bool json) {
  const auto origins = source.Origins();
  if (!origins) return Refuse(origins.error().message);
  const LogPosition end = EndOf(*origins);
  TailPrinter printer(options, json);
  bool is_full = false;
  LogPosition next{end.origin, end.seq + 1};
  if (options.from.empty() && options.limit != 0) {
    const auto newest = Newest(source, *origins, options);
    if (!newest) return Refuse(newest.error().message);
    for (const EventLine& event : *newest) printer.Take(event);
  } else {
    LogPosition from{origins->front().origin, origins->front().first};
    if (!options.from.empty()) {
      const auto position = LogPosition::Parse(options.from);
      from = position ? *position : LogPosition{end.origin, *ParseWhole<std::uint64_t>(options.from)};
    }
    const auto read =
        ForEachEvent(source, from, end, [&](EventLine&& event) { return !(is_full = !printer.Take(event)); });
    std::fflush(stdout);
    if (!read) return Refuse(read.error().message);
    next = std::max(next, from);
  }
  std::fflush(stdout);
  return options.follow && !is_full ? Follow(source, next, printer) : kDone;
}

int Tail(const CommonOptions& common, const TailOptions& options) {
  if (options.data.empty()) return TailOf(*RunningNode(common), options, common.json);
  const auto store = OpenStoppedNode(options.data);
  if (!store) return Refuse(store.error());
  return TailOf(*StoppedNode(**store, options.data), options, common.json);
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
  CLI::App* tail = log->add_subcommand("tail", "Print the newest events: time, position, type, stream, data");
  auto options = std::make_shared<TailOptions>();
  auto* data = tail->add_option("--data", options->data, "A stopped node's data folder (default: the running node)");
  tail->add_option("--from", options->from, "ORIGIN:SEQ or SEQ (of the current origin) to begin at; to the end")
      ->check(ComplainOfPlace);
  tail->add_option("-n,--limit", options->limit,
                   "So many: the newest ones (default 10), with --from the first ones (default: all); 0: all")
      ->check(CLI::NonNegativeNumber);
  tail->add_option("--account", options->account, "Only this account's");
  tail->add_flag("-f,--follow", options->follow, "Wait for more at the end, until Ctrl-C; over a node's restarts, too")
      ->excludes(data);
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
