// The log read on over the ends of closed origins, for those who show or copy it. Pure over a thread-safe store.
#pragma once

#include <expected>
#include <vector>

#include "eventstore/event_store.h"

namespace monitor {

// Like EventStore::ReadLog, but at the end of a closed origin it goes on with the next one's first event. Empty at the
// end of the log, and of an origin that is not the store's. What stands before damage is given first: kCorrupt says
// that nothing can be read at `from` itself.
std::expected<std::vector<StoredEvent>, StoreError> ReadOn(const EventStore& store, LogPosition from,
                                                           ReadOptions limits);

}  // namespace monitor
