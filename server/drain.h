// Leaving in order: the flag that stops new work, and the signals that raise it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <utility>

namespace monitor {

// Thread-safe. Once begun it does not end.
class Drain {
 public:
  // Called at every Begin; must not throw and may run more than once.
  explicit Drain(std::function<void()> on_begin = [] {}) : on_begin_(std::move(on_begin)) {}

  void Begin() {
    begun_.store(true, std::memory_order_release);
    on_begin_();
  }
  bool begun() const { return begun_.load(std::memory_order_acquire); }

 private:
  const std::function<void()> on_begin_;
  std::atomic<bool> begun_ = false;
};

// SIGTERM and SIGINT, waited for by the main thread. To be made before any other thread, which inherit that they are
// blocked.
class StopSignals {
 public:
  StopSignals();
  // Returns at the first signal. From then on the next one ends the process at once.
  void Wait();
};

// Looks until the condition holds, at most `patience`; says whether it does.
bool WaitUntil(const std::function<bool()>& condition, std::chrono::milliseconds patience);

}  // namespace monitor
