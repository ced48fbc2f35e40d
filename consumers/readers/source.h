// The port to wherever events come from: the topic or a monitord's log. A source has a thread of its own that reads,
// folds and commits; it begins with its construction and ends with its destruction.
#pragma once

#include <functional>
#include <string>

#include "consumers/readers/intake.h"
#include "consumers/readers/source_status.h"

namespace monitor {

// Told by a reader, from its thread and before it counts anything of it: that of a partition or log, of which nothing
// is counted yet, the first events are not there any more; one sentence.
using TellBeginning = std::function<void(const std::string&)>;

class Source {
 public:
  virtual ~Source() = default;
  // From any thread.
  virtual SourceStatus Status() const = 0;
  virtual const IntakeCounters& counters() const = 0;
};

}  // namespace monitor
