#include "consumers/readers/node_log.h"

#include <algorithm>

#include "domain/values/json.h"
#include "domain/values/log_position.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

bool EarlierOfTheSameNode(std::string_view origin, std::string_view current) {
  const auto one = Origin::Parse(origin), now = Origin::Parse(current);
  return one && now && one->node == now->node && one->epoch < now->epoch;
}

std::optional<std::uint64_t> NumberIn(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? ParseWhole<std::uint64_t>(value->text()) : std::nullopt;
}

}  // namespace

std::expected<NodeLog, std::string> ParseNodeLog(std::string_view json) {
  const auto document = json::Document::Parse(json);
  const json::Value* origins = document ? document->root().Find("origins") : nullptr;
  if (!origins || origins->items().empty()) return std::unexpected("/admin/position gave no origins");
  NodeLog log;
  for (const json::Value& entry : origins->items()) {
    const json::Value* origin = entry.Find("origin");
    const auto first = NumberIn(entry, "first"), last = NumberIn(entry, "last");
    if (!origin || !first || !last) return std::unexpected("/admin/position gave an origin without its range");
    log.push_back({std::string(origin->text()), std::max<std::uint64_t>(*first, 1), *last});
  }
  return log;
}

std::optional<std::string> WhyAhead(const NodeLog& log, const Positions& counted) {
  for (const auto& [origin, seq] : counted) {
    const auto known = std::ranges::find(log, origin, &LoggedOrigin::origin);
    if (known == log.end()) {
      if (seq == 0 || EarlierOfTheSameNode(origin, log.back().origin)) continue;
      return "the view is ahead of the log: " + origin + " is counted up to " + std::to_string(seq) +
             ", the node does not know it";
    }
    // What a restored node has lost of an origin that is over stays counted.
    if (seq <= known->last || &*known != &log.back()) continue;
    return "the view is ahead of the log: " + origin + " is counted up to " + std::to_string(seq) +
           ", the node has it up to " + std::to_string(known->last);
  }
  return std::nullopt;
}

std::uint64_t Unread(const NodeLog& log, const Positions& read) {
  std::uint64_t unread = 0;
  for (const LoggedOrigin& origin : log) {
    const auto found = read.find(origin.origin);
    const std::uint64_t before = std::max(found == read.end() ? 0 : found->second, origin.first - 1);
    if (origin.last > before) unread += origin.last - before;
  }
  return unread;
}

}  // namespace monitor
