#include "eventstore/log/commit_queue.h"

#include <algorithm>

namespace monitor {
namespace {

constexpr std::uintptr_t kClosedBit = 1;
static_assert(alignof(PendingAppend) >= 2);

PendingAppend* PointerOf(std::uintptr_t head) { return reinterpret_cast<PendingAppend*>(head & ~kClosedBit); }

// The list begins with the newest.
std::vector<std::unique_ptr<PendingAppend>> InOrder(PendingAppend* newest) {
  std::vector<std::unique_ptr<PendingAppend>> requests;
  for (PendingAppend* one = newest; one != nullptr; one = one->next) requests.emplace_back(one);
  std::ranges::reverse(requests);
  return requests;
}

}  // namespace

CommitQueue::~CommitQueue() { InOrder(PointerOf(head_.load())); }

bool CommitQueue::Submit(std::unique_ptr<PendingAppend>& pending) {
  if (size_.fetch_add(1, std::memory_order_relaxed) >= max_requests_) {
    Answered(1);
    return false;
  }
  std::uintptr_t head = head_.load(std::memory_order_relaxed);
  do {
    if (head & kClosedBit) {
      Answered(1);
      return false;
    }
    pending->next = PointerOf(head);
  } while (!head_.compare_exchange_weak(head, reinterpret_cast<std::uintptr_t>(pending.get()),
                                        std::memory_order_acq_rel, std::memory_order_relaxed));
  static_cast<void>(pending.release());
  if (PointerOf(head) == nullptr) Signal();
  return true;
}

CommitQueue::Taken CommitQueue::Take() {
  for (;;) {
    const std::uint32_t seen = signal_.load(std::memory_order_acquire);
    const std::uintptr_t head = head_.fetch_and(kClosedBit, std::memory_order_acq_rel);
    const bool closed = (head & kClosedBit) != 0;
    if (PointerOf(head) != nullptr || closed) return {InOrder(PointerOf(head)), closed};
    if (poked_.exchange(false, std::memory_order_acq_rel)) return {};
    signal_.wait(seen, std::memory_order_acquire);
  }
}

void CommitQueue::Signal() {
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_one();
}

void CommitQueue::Poke() {
  poked_.store(true, std::memory_order_release);
  Signal();
}

void CommitQueue::Close() {
  head_.fetch_or(kClosedBit, std::memory_order_acq_rel);
  Signal();
}

}  // namespace monitor
