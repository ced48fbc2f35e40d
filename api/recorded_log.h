// This node's log of one account, read from its beginning and given to a Replayer with its sealed fields opened. Reads
// what is there at the call; nothing is written. Thread-safe.
#pragma once

#include <expected>
#include <functional>
#include <optional>

#include "domain/replay.h"
#include "eventstore/event_store.h"
#include "eventstore/visitor_keys.h"

namespace monitor {

struct RecordedLogOptions {
  std::function<std::optional<VisitorKey>(const VisitorId&)> key_of;  // nullopt: erased, or there never was one
  std::function<bool()> give_up;                                      // asked between batches
};

// The position from which the log could be read; kUnavailable if it was given up.
std::expected<LogPosition, StoreError> ReplayLog(const EventStore& store, const AccountId& account,
                                                 const RecordedLogOptions& options, Replayer& replayer);

}  // namespace monitor
