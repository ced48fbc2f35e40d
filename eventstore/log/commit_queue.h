// The door between the threads that append and the one that writes: requests wait here until the writer takes them.
//
// Submitting takes no lock (an intrusive list, pushed by compare-and-swap), and wakes the writer only where it may
// sleep. Threads: Submit, Poke, Close and size from any thread; Take and Answered from the writer only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/event_store.h"
#include "eventstore/log/database.h"

namespace monitor {

struct WriterRow {
  Family family;
  std::string key, value;
};

// One request on its way. Records are encoded before it is submitted (record.h).
struct PendingAppend {
  AppendRequest request;
  EventStore::Done done;
  std::string records;                   // of all events, in order
  std::vector<std::size_t> record_ends;  // where each ends in `records`
  Bucket bucket = 0;
  std::vector<WriterRow> rows = {};  // of the relay's or of retention: rows of other families, and no events

  std::expected<Appended, StoreError> result = std::unexpected(StoreError::kUnavailable);
  PendingAppend* next = nullptr;
};

class CommitQueue {
 public:
  explicit CommitQueue(std::size_t max_requests) : max_requests_(max_requests) {}
  CommitQueue(const CommitQueue&) = delete;
  ~CommitQueue();

  // False, and it stays the caller's: the queue is full or closed.
  bool Submit(std::unique_ptr<PendingAppend>& pending);

  struct Taken {
    std::vector<std::unique_ptr<PendingAppend>> requests;  // in order of arrival; none: poked, or closed and empty
    bool closed = false;
  };
  // Blocks until somebody waits or pokes, or the queue is closed.
  Taken Take();
  // So many of those that were taken wait no longer.
  void Answered(std::size_t requests) { size_.fetch_sub(requests, std::memory_order_relaxed); }

  void Poke();   // makes Take return
  void Close();  // refuses new requests; those that wait are still taken

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }  // not answered yet

 private:
  void Signal();

  const std::size_t max_requests_;
  alignas(64) std::atomic<std::uintptr_t> head_{0};  // the newest request; bit 0: closed
  std::atomic<std::uint32_t> signal_{0};
  std::atomic<bool> poked_{false};
  alignas(64) std::atomic<std::size_t> size_{0};
};

}  // namespace monitor
