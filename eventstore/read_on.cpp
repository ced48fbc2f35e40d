#include "eventstore/read_on.h"

#include <algorithm>
#include <utility>

namespace monitor {

std::expected<std::vector<StoredEvent>, StoreError> ReadOn(const EventStore& store, LogPosition from,
                                                           ReadOptions limits) {
  std::vector<StoredEvent> events;
  std::size_t bytes = 0;
  const std::vector<OriginRange> origins = store.Origins();
  auto origin = std::ranges::find(origins, from.origin, &OriginRange::origin);
  while (origin != origins.end() && events.size() < limits.max_events && bytes < limits.max_bytes) {
    auto read = store.ReadLog(from, {limits.max_events - events.size(), limits.max_bytes - bytes});
    if (!read && read.error() == StoreError::kCorrupt) read = store.ReadLog(from, {.max_events = 1});
    if (!read && !events.empty()) break;
    if (!read) return std::unexpected(read.error());
    if (read->empty()) {
      if (++origin != origins.end()) from = {origin->origin, origin->first};
      continue;
    }
    for (StoredEvent& event : *read) {
      bytes += event.data.size();
      events.push_back(std::move(event));
    }
    from.seq = events.back().position.seq + 1;
  }
  return events;
}

}  // namespace monitor
