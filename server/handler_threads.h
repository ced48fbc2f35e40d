// Threads that run handlers where connections' workers must not wait. All functions from any thread, but Stop not from
// a job.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace monitor::http {

class HandlerThreads {
 public:
  HandlerThreads(int threads, std::size_t max_queued);
  ~HandlerThreads() { Stop(); }

  // False: too many are waiting, or stopping. A job must not throw.
  bool Enqueue(std::function<void()> job);
  // Runs what is waiting, then ends the threads.
  void Stop();

 private:
  void Run();

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace monitor::http
