// The port to wherever events come from: the topic or a monitord's log. A source has a thread of its own that reads,
// folds and commits; it begins with its construction and ends with its destruction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "consumers/intake.h"
#include "consumers/view_store.h"

namespace monitor {

struct SourceStatus {
  bool connected = false;
  bool caught_up = false;        // has once counted all that was there when it began; stays true
  std::uint64_t lag_events = 0;  // known to be there and not yet counted
  BucketSet buckets;             // whose events this process reads
  std::vector<int> missing;      // partitions of the topic that it does not read
  std::string alarm;             // what an operator has to look at, in one sentence; empty: nothing
};

class Source {
 public:
  virtual ~Source() = default;
  // From any thread.
  virtual SourceStatus Status() const = 0;
  virtual const IntakeCounters& counters() const = 0;
};

}  // namespace monitor
