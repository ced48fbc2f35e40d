// A whole log, oldest origin first, opened with the visitors' keys and handed to a Replayer (domain/replay.h).
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "domain/replay.h"
#include "eventstore/event_store.h"
#include "eventstore/visitor_keys.h"

namespace monitor {

// Where reading began: the oldest position that is still kept.
// `go_on` is asked with the number of events read now and then; false ends it early with "interrupted".
// The error is one sentence with the position.
std::expected<LogPosition, std::string> ReplayLog(const EventStore& store, const MasterKey& master_key,
                                                  Replayer& replayer, const std::function<bool(std::uint64_t)>& go_on);

}  // namespace monitor
