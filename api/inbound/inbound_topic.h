// Reads the inbound topic: what the messaging side tells by Kafka instead of the admin API (inbound_commands.h).
//
// A member of a consumer group (docs/decisions/consumers.md). A message's offset is committed once it was applied,
// before the next one is looked at: after a crash only the last one comes again, and told twice it appends nothing.
// While nothing can be applied the same message is tried until it can. What is refused for good goes to the dead-letter
// topic, with reason, topic, partition and offset in headers. Makes the topic if it is missing. With the broker late or
// gone it waits and begins again; nothing else notices.
//
// Has one thread of its own. Every function may be called from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/inbound/inbound_commands.h"
#include "kafka/client.h"

namespace monitor {

struct InboundTopicOptions {
  kafka::ClientSettings client;
  std::string topic = "monitor.inbound";
  std::string group = "monitord";
  std::string dead_letter_topic = "monitor.events.dead-letter";
  // Carries a message out; called by the topic's own thread only. Must outlive it.
  std::function<std::expected<void, InboundFailure>(std::string_view message)> apply;
};

// Since the start of the process; a message is counted once its offset is committed.
struct InboundStatus {
  std::uint64_t applied_total = 0;
  std::uint64_t refused_total = 0;   // went to the dead letters
  std::uint64_t retries_total = 0;   // tries that found the store or the accounts unavailable
  std::uint64_t restarts_total = 0;  // of the consumer, after a fault
  std::uint64_t lag = 0;             // messages not read yet, in partitions of which one was read
  int partitions = 0;                // that this member reads; 0: the broker is away, or others have all of them
};

class InboundTopic {
 public:
  explicit InboundTopic(InboundTopicOptions options);
  ~InboundTopic();  // waits for the message in hand, leaves the group

  // No further message is begun. Returns at once.
  void Stop();
  InboundStatus Status() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace monitor
