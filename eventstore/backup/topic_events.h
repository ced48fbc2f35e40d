// The topic read back: all that it has now, from its start, once. Threads: one; blocks its caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "domain/values/log_position.h"
#include "eventstore/event_store.h"
#include "kafka/reader.h"

namespace monitor {

struct TopicReading {
  // False stops it. Called with the number of messages so far.
  std::function<bool(std::uint64_t messages)> go_on = [](std::uint64_t) { return true; };
  std::chrono::milliseconds patience{60'000};  // with a broker that does not answer
};

// Calls `use` for every event, of each partition in order. Returns the partitions' ends: everything that was read lies
// below. The error is one sentence: no broker, no topic, stopped, `use`'s own, or a message that has an origin and is
// no event.
using UseEvent = std::function<std::expected<void, std::string>(StoredEvent event)>;
std::expected<kafka::Offsets, std::string> ReadTopic(const kafka::ClientSettings& client, const std::string& topic,
                                                     const TopicReading& reading, const UseEvent& use);

// One message as the relay wrote it (events.md section 3). The error says which header is wrong.
using Header = std::function<std::string_view(const char* name)>;
std::expected<StoredEvent, std::string> EventOfMessage(std::string_view key, std::string_view value,
                                                       const Header& header);

// Writes an origin's position to monitor.positions, and waits until it is there.
std::expected<void, std::string> WritePosition(const kafka::ClientSettings& client, const std::string& topic,
                                               const LogPosition& position, const kafka::Offsets& ends);

}  // namespace monitor
