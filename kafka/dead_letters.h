// Messages that a reader could not use, kept for a person to look at, with reason, topic, partition and offset in
// headers (events.md section 3). After an error destroy it and make another. Threads: one at a time.
#pragma once

#include "kafka/producer.h"

namespace monitor::kafka {

TopicWanted DeadLetterTopic(std::string name);  // kept for ever

// A message as it is kept. The views live as long as the message.
struct DeadLetter {
  std::string_view key, value;
  std::string reason;
};

// Kafka's own limit is on compressed batches, so that a message may come that no producer may send. Of such a one the
// beginning is kept, and the reason says so: it must not hold up those behind it.
DeadLetter MakeDeadLetter(std::string_view key, std::string_view value, std::string reason);

class DeadLetters {
 public:
  // For what is read from the topic `reads`. The error is a wrong setting.
  static Result<std::unique_ptr<DeadLetters>> Make(const ClientSettings& client, std::string client_id,
                                                   std::string topic, std::string reads);

  Producer& producer() { return *producer_; }  // makes the topic, too
  Result<void> Send(const DeadLetter& letter, const std::string& partition, std::int64_t offset);
  // True once the broker has all of them: before an offset goes past an unreadable message, its copy is there. False
  // if it has not within `max_wait`.
  Result<bool> Flush(std::chrono::milliseconds max_wait);

 private:
  DeadLetters(std::string topic, std::string reads) : topic_(std::move(topic)), reads_(std::move(reads)) {}

  const std::string topic_, reads_;
  int on_their_way_ = 0;
  std::string error_;
  std::unique_ptr<Producer> producer_;
};

}  // namespace monitor::kafka
