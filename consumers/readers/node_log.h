// What a node tells of its log (/admin/position), held against what was counted of it. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consumers/view/view_store.h"

namespace monitor {

struct LoggedOrigin {
  std::string origin;
  std::uint64_t first = 1, last = 0;  // the sequence numbers that are there
};

using NodeLog = std::vector<LoggedOrigin>;  // oldest first; the last one is the current origin

// Never empty. The error is one sentence.
std::expected<NodeLog, std::string> ParseNodeLog(std::string_view json);

// Why these positions can not have been counted from this log, which must then have been replaced by an older or
// another one (a data folder that was copied back): one sentence; nullopt if they can. Closed origins of the same node
// that are no longer told of were trimmed; of which less is there than was counted, the node is restored without the
// rest.
std::optional<std::string> WhyAhead(const NodeLog& log, const Positions& counted);

// How many events are there beyond what was read of each origin.
std::uint64_t Unread(const NodeLog& log, const Positions& read);

}  // namespace monitor
