// How a source of events fares, told by its own thread and asked by any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "consumers/readers/alarm_book.h"
#include "consumers/readers/intake.h"
#include "consumers/view/view_store.h"

namespace monitor {

struct SourceStatus {
  bool connected = false;
  std::string fault;             // why it counts nothing at present, in one sentence; empty: it does
  bool refused = false;          // it can not go on until an operator acts; `fault` says why
  bool caught_up = false;        // has once counted, or held, all that was there when it began; stays true
  bool at_end = false;           // has so all that was there when it began, or when its partitions came
  std::uint64_t lag_events = 0;  // known to be there and not yet counted; of a topic, to be read again
  std::map<int, std::uint64_t> partition_lags;  // the same by partition of the topic, of those that are read
  BucketSet buckets = BucketSet().set();        // whose events it reads; until it is told, all that the view has
  std::vector<int> missing;                     // partitions of the topic that it does not read, and:
  std::uint64_t assignments = 0;                // how often partitions came, with or without change
  std::vector<int> behind;                      // those that came and whose end at that time is not counted yet
  std::string alarm;                            // what an operator has to look at, in one sentence; empty: nothing
};

enum class AlarmLasts : std::uint8_t {
  kUntilNothingIsHeld,  // what is missing may still come
  kForGood,             // events are lost, or were passed over: until an operator clears it
};

// Threads: any.
class StatusBoard {
 public:
  explicit StatusBoard(AlarmBook& alarms) : alarms_(alarms) {}  // must outlive it

  SourceStatus Get() const;

  // It reads, and can go on.
  void Connected();
  // These log `fault`, one sentence, under that name; once, however often it is met in a row, other numbers in it or
  // not. The source does not answer; it answers, but something else is in the way; what it has does not fit what was
  // counted.
  void Disconnected(const char* log_event, const std::string& fault);
  void Hindered(const char* log_event, const std::string& fault);
  void Refused(const char* log_event, const std::string& fault);
  // `behind` of the partitions that are read are among the missing ones, too.
  void Reads(const Coverage& coverage, std::vector<int> behind);
  void Assigned();  // after the Reads of what came
  void Progress(std::uint64_t lag_events, bool caught_up);
  void Progress(std::map<int, std::uint64_t> partition_lags, bool caught_up);  // all of the lag is theirs

  // Logs it. One that lasts for good is shown before one that does not.
  void Alarm(const std::string& sentence, AlarmLasts lasts);
  // `options` with an alarm for every bucket that is held, as long as it is, and for what was skipped.
  IntakeOptions WithAlarm(IntakeOptions options);
  void NothingIsHeld();

 private:
  void Fails(const char* log_event, const std::string& fault);
  std::string PassingAlarm() const;

  AlarmBook& alarms_;  // those that last
  mutable std::mutex mutex_;
  SourceStatus status_;
  std::string passing_;  // the newest of the others, but for:
  std::map<std::pair<std::string, Bucket>, std::string> held_;
};

}  // namespace monitor
