// Gives the hourly rows to other programs, on the compacted topic monitor.funnel (funnel.md section 5): of the
// partitions that are answered for and counted up, what changed since it was last given; after an assignment all of it.
//
// It is output: nothing is kept of what was given, and whatever fails is given again. Works on a thread of its own,
// which rests four times as long as it worked. Threads: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "consumers/generations/generations.h"
#include "kafka/client.h"

namespace monitor {

struct FunnelTopicOptions {
  kafka::ClientSettings client;
  std::string topic;
  std::function<Answering()> now;                             // asked by its thread
  std::chrono::milliseconds pause = std::chrono::seconds(5);  // between two looks
};

class FunnelTopic {
 public:
  explicit FunnelTopic(FunnelTopicOptions options);
  ~FunnelTopic();

  std::string Trouble() const;  // why nothing is given at present, in one sentence; empty: it is
  std::uint64_t given() const;  // rows that the broker has
  ViewStamp GivenUpTo() const;  // what changed by then is given; of no view before the first round

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace monitor
