// A whole log, oldest origin first, opened with the visitors' keys and handed to a Replayer (domain/deciding/replay.h).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "domain/deciding/replay.h"
#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

struct ReplayLogOptions {
  std::optional<AccountId> account;  // only its events
  // Asked now and then with the number of events read; false ends it early.
  std::function<bool(std::uint64_t events)> go_on;
};

struct ReplayLogError {
  StoreError code;      // kUnavailable: ended early; else the log can not be read
  std::string message;  // one sentence with the position
};

// Where reading began: the oldest position that is still kept. Reads what is there at the call; nothing is written.
// Thread-safe, but for the replayer.
std::expected<LogPosition, ReplayLogError> ReplayLog(const EventStore& store, const MasterKey& master_key,
                                                     const ReplayLogOptions& options, Replayer& replayer);

}  // namespace monitor
