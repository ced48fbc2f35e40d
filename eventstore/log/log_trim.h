// What can be dropped from the beginning of an origin's log, and the rows that dropping it writes: the account events
// among it, which are kept for themselves, and where the log begins now.
//
// Threads: pure over a thread-safe database.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "eventstore/event_store.h"
#include "eventstore/log/database.h"
#include "eventstore/log/log_writer.h"

namespace monitor {

struct LogTrim {
  std::uint64_t first = 0;  // the oldest seq that stays
  std::vector<WriterRow> rows;
};

// The events of `kept` that are older than `before`, and below `end`. Whole requests; of many account events only as
// many as fit one batch. nullopt: none.
std::expected<std::optional<LogTrim>, StoreError> PlanTrim(const Database& database, const OriginRange& kept,
                                                           TimeMs before, std::uint64_t end);

}  // namespace monitor
