// The door between the threads that append and the one that writes: requests wait here until their batch is committed.
//
// Submitting takes no lock (an intrusive list, pushed by compare-and-swap). All requests of a batch are woken by one
// system call: they wait on one of two words, and which of them is part of the list's head, so that those who wait for
// the next batch are not woken with this one's. Threads: Submit, Poke and Close from any thread; Take, Answer and
// WakeAnswered from the writer only.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/event_store.h"

namespace monitor {

struct WriterRow;  // log_writer.h

// One request on its way, owned by the thread that waits for it. Records are encoded by that thread (record.h).
struct PendingAppend {
  const AppendRequest* request = nullptr;
  std::string records;                   // of all events, in order
  std::vector<std::size_t> record_ends;  // where each ends in `records`
  Bucket bucket = 0;
  // A request of the relay's or of retention: rows of other families, and no events.
  const std::vector<WriterRow>* rows = nullptr;

  std::expected<Appended, StoreError> result = std::unexpected(StoreError::kUnavailable);
  std::atomic<bool> answered{false};
  PendingAppend* next = nullptr;
};

class CommitQueue {
 public:
  explicit CommitQueue(std::size_t max_requests) : max_requests_(max_requests) {}
  CommitQueue(const CommitQueue&) = delete;

  // Blocks until the request is answered. At once, with kUnavailable, if the queue is full or closed.
  void Submit(PendingAppend& pending);

  struct Taken {
    PendingAppend* first = nullptr;  // in order of arrival; nullptr: poked, or closed and empty
    unsigned lane = 0;
    bool closed = false;
  };
  // Blocks until somebody waits or pokes, or the queue is closed.
  Taken Take();
  // Gives the answer of one request; it must not be touched afterwards. It is woken by WakeAnswered.
  void Answer(PendingAppend& pending, std::expected<Appended, StoreError> result);
  void WakeAnswered(unsigned lane);

  void Poke();   // makes Take return
  void Close();  // refuses new requests; those that wait are still taken

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Lane {
    std::atomic<std::uint32_t> commits{0};
  };

  const std::size_t max_requests_;
  alignas(64) std::atomic<std::uintptr_t> head_{0};  // newest request; bit 0 the lane, bit 1 closed
  std::atomic<std::uint32_t> signal_{0};
  std::atomic<bool> poked_{false};
  alignas(64) std::atomic<std::size_t> size_{0};
  Lane lanes_[2];
};

}  // namespace monitor
