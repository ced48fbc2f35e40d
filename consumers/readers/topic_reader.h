// Reads monitor.events from Kafka and keeps the view (events.md section 3, docs/decisions/consumers.md).
//
// A member of the consumer group. Offsets are those stored with the view, never the broker's. What can not be read goes
// to the dead-letter topic. Positions come from monitor.positions. After a failing disk it begins again from what is
// committed.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "consumers/readers/alarm_book.h"
#include "consumers/readers/intake.h"
#include "consumers/readers/source.h"
#include "kafka/client.h"

namespace monitor {

struct TopicReaderOptions {
  kafka::ClientSettings client;
  std::string group = "funneld";
  kafka::Topics topics;
  int max_events = 1'000;                    // committed together, …
  std::chrono::milliseconds max_delay{100};  // … or what came within so long
  std::chrono::milliseconds pause{1'000};    // before beginning again after a fault
  IntakeOptions intake;
  TellBeginning begins_late = [](const std::string&) {};
  std::shared_ptr<AlarmBook> alarms = std::make_shared<AlarmBook>();
};

class TopicReader : public Source {
 public:
  TopicReader(TopicReaderOptions options, ViewStore& store);  // store must outlive it
  ~TopicReader() override;                                    // commits what was taken and leaves the group

  SourceStatus Status() const override;
  const IntakeCounters& counters() const override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace monitor
