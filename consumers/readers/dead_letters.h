// Messages of the topic that can not be read, kept for a person to look at. Not thread-safe; throws Fault.
#pragma once

#include <string>

#include "domain/events/topic_message.h"
#include "kafka/handles.h"

namespace monitor::kafka {

class DeadLetters {
 public:
  // Makes the topic if it is missing.
  DeadLetters(const std::string& brokers, std::string topic);

  void Send(const DeadLetter& letter, const std::string& topic, const std::string& partition,
            const std::string& offset);
  // Before an offset goes past an unreadable message, its copy is with the broker.
  void Flush();

 private:
  void MakeTopic();

  const std::string topic_;
  bool failed_ = false;
  Handle producer_;
};

}  // namespace monitor::kafka
