#include "eventstore/account_events.h"

namespace monitor {

bool IsOfAccount(const StoredEvent& stored) { return stored.stream.str().starts_with("account/"); }

std::expected<Event, std::string> ReadAccountEvent(const StoredEvent& stored) {
  auto event = DecodeEventData({stored.type, stored.schema_version}, stored.data, NoKey());
  if (event) return *std::move(event);
  return std::unexpected(stored.position.ToString() + ": " + stored.type + " of " + stored.stream.str() +
                         " can not be read: " + event.error().message);
}

}  // namespace monitor
