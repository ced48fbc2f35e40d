#include "eventstore/log/completions.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace monitor {

Completions::Completions(int threads) : thread_count_(static_cast<std::size_t>(threads)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Completions::~Completions() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  more_.notify_all();
  threads_.clear();
}

void Completions::Add(std::vector<std::unique_ptr<PendingAppend>>& answered) {
  const bool one = answered.size() == 1;
  {
    std::lock_guard lock(mutex_);
    std::ranges::move(answered, std::back_inserter(answered_));
  }
  answered.clear();
  if (one) {
    more_.notify_one();
  } else {
    more_.notify_all();
  }
}

void Completions::Run() {
  std::vector<std::unique_ptr<PendingAppend>> share;
  while (TakeShare(share)) {
    for (auto& one : share) {
      try {
        one->done(std::move(one->result));
      } catch (const std::exception&) {  // where memory ends; whoever waits is told by what `done` holds
      }
      one.reset();
    }
  }
}

// Some of what is there, so that every thread gets its share. False: there is nothing, and nothing will come.
bool Completions::TakeShare(std::vector<std::unique_ptr<PendingAppend>>& share) {
  share.clear();
  std::unique_lock lock(mutex_);
  more_.wait(lock, [this] { return ending_ || !answered_.empty(); });
  const std::size_t count = std::min(answered_.size() / thread_count_ + 1, answered_.size());
  const auto end = answered_.begin() + static_cast<std::ptrdiff_t>(count);
  std::ranges::move(answered_.begin(), end, std::back_inserter(share));
  answered_.erase(answered_.begin(), end);
  return !share.empty();
}

}  // namespace monitor
