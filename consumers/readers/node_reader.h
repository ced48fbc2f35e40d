// Without a broker: reads a monitord's log over its admin API (interfaces.md section 2) and keeps the view.
//
// Closed origins first, oldest first, then the current one by long polls. Every fault (monitord down, a cut connection,
// a failing disk) is met the same way: after a pause it begins again from what is committed, forever.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "consumers/readers/alarm_book.h"
#include "consumers/readers/intake.h"
#include "consumers/readers/source.h"

namespace monitor {

struct NodeReaderOptions {
  std::string admin_url = "http://127.0.0.1:8081";
  std::string admin_token_file;
  int max_events = 1'000;  // a poll; they are committed together
  std::chrono::milliseconds poll_wait{5'000};
  std::chrono::milliseconds min_pause{100}, max_pause{5'000};  // before beginning again; doubles from fault to fault
  IntakeOptions intake;
  TellBeginning begins_late = [](const std::string&) {};
  std::shared_ptr<AlarmBook> alarms = std::make_shared<AlarmBook>();
};

class NodeReader : public Source {
 public:
  NodeReader(NodeReaderOptions options, ViewStore& store);  // store must outlive it
  ~NodeReader() override;  // commits nothing more; returns within the time of one batch

  SourceStatus Status() const override;
  const IntakeCounters& counters() const override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace monitor
