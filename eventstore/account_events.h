// An account's events read back: the one place, and the one opinion on an event that can not be read. It is damage, as
// a wrong checksum is: whoever needs it stops and names it, and `monitorctl log verify` finds it. Pure; any thread.
#pragma once

#include <expected>
#include <string>

#include "domain/events/event_codec.h"
#include "eventstore/event_store.h"

namespace monitor {

// False: it is a visitor's.
bool IsOfAccount(const StoredEvent& stored);

// The error is one sentence that begins with the event's position and holds nothing of its data.
std::expected<Event, std::string> ReadAccountEvent(const StoredEvent& stored);

}  // namespace monitor
