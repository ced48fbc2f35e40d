// The threads on which appends are told of. The writer hands over whole batches: what is done with an answer (folding
// it, writing it to a client) must not hold up the next batch.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "eventstore/log/commit_queue.h"

namespace monitor {

class Completions {
 public:
  explicit Completions(int threads);
  ~Completions();  // tells of what is left

  // Takes what is answered. The writer only.
  void Add(std::vector<std::unique_ptr<PendingAppend>>& answered);

 private:
  void Run();
  bool TakeShare(std::vector<std::unique_ptr<PendingAppend>>& share);

  const std::size_t thread_count_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::unique_ptr<PendingAppend>> answered_;
  bool ending_ = false;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace monitor
