#include "eventstore/log/commit_queue.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace monitor {
namespace {

// The futex itself, not std::atomic's wait: that yields the processor several times before it sleeps, which with as
// many waiting threads as this is for costs more than the sleep (bench/store_bench).
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void WaitWhile(const std::atomic<std::uint32_t>& word, std::uint32_t value) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void Wake(const std::atomic<std::uint32_t>& word, int threads) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}

constexpr std::uintptr_t kLaneBit = 1;
constexpr std::uintptr_t kClosedBit = 2;
constexpr std::uintptr_t kPointerMask = ~(kLaneBit | kClosedBit);
static_assert(alignof(PendingAppend) >= 4);

PendingAppend* PointerOf(std::uintptr_t head) { return reinterpret_cast<PendingAppend*>(head & kPointerMask); }

PendingAppend* Reversed(PendingAppend* newest) {
  PendingAppend* oldest = nullptr;
  while (newest) {
    PendingAppend* older = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = older;
  }
  return oldest;
}

}  // namespace

void CommitQueue::Submit(PendingAppend& pending) {
  if (size_.fetch_add(1, std::memory_order_relaxed) >= max_requests_) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  std::uintptr_t head = head_.load(std::memory_order_relaxed);
  do {
    if (head & kClosedBit) {
      size_.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    pending.next = PointerOf(head);
  } while (!head_.compare_exchange_weak(head, reinterpret_cast<std::uintptr_t>(&pending) | (head & kLaneBit),
                                        std::memory_order_acq_rel, std::memory_order_relaxed));
  if (PointerOf(head) == nullptr) {
    signal_.fetch_add(1, std::memory_order_release);
    Wake(signal_, 1);
  }
  auto& commits = lanes_[head & kLaneBit].commits;
  for (;;) {
    std::uint32_t seen = commits.load(std::memory_order_acquire);
    if (pending.answered.load(std::memory_order_acquire)) return;
    WaitWhile(commits, seen);
  }
}

CommitQueue::Taken CommitQueue::Take() {
  for (;;) {
    std::uint32_t seen = signal_.load(std::memory_order_acquire);
    std::uintptr_t head = head_.load(std::memory_order_acquire);
    while (PointerOf(head)) {
      std::uintptr_t emptied = (head & kClosedBit) | ((head & kLaneBit) ^ kLaneBit);
      if (head_.compare_exchange_weak(head, emptied, std::memory_order_acq_rel, std::memory_order_acquire)) {
        return {Reversed(PointerOf(head)), static_cast<unsigned>(head & kLaneBit), (head & kClosedBit) != 0};
      }
    }
    if (head & kClosedBit) return {.closed = true};
    if (poked_.exchange(false, std::memory_order_acq_rel)) return {};
    WaitWhile(signal_, seen);
  }
}

void CommitQueue::Answer(PendingAppend& pending, std::expected<Appended, StoreError> result) {
  size_.fetch_sub(1, std::memory_order_relaxed);
  pending.result = std::move(result);
  pending.answered.store(true, std::memory_order_release);
}

void CommitQueue::WakeAnswered(unsigned lane) {
  lanes_[lane].commits.fetch_add(1, std::memory_order_release);
  Wake(lanes_[lane].commits, INT_MAX);
}

void CommitQueue::Poke() {
  poked_.store(true, std::memory_order_release);
  signal_.fetch_add(1, std::memory_order_release);
  Wake(signal_, 1);
}

void CommitQueue::Close() {
  head_.fetch_or(kClosedBit, std::memory_order_acq_rel);
  signal_.fetch_add(1, std::memory_order_release);
  Wake(signal_, 1);
}

}  // namespace monitor
