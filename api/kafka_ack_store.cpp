#include "api/kafka_ack_store.h"

#include <utility>

namespace monitor {

std::expected<Appended, StoreError> KafkaAckStore::Append(AppendRequest request) {
  const bool has_events = !request.streams.empty();
  auto appended = store_.Append(std::move(request));
  if (!appended || !has_events) return appended;
  while (!relay_.WaitRelayed(appended->last.seq, std::chrono::seconds(60))) {
  }
  return appended;
}

}  // namespace monitor
