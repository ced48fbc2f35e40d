// The owner table: every visitor has one owner at a time, who alone sees and changes its state
// (docs/decisions/visitor-lease.md). Others of the same visitor wait in a queue, bounded, and no thread with them;
// different visitors do not notice one another.
//
// Thread-safe. What is in a room is a cache of what the store holds, at rest as bytes (snapshots.h). It is forgotten,
// least recently used first, when all of it takes more than `max_bytes`.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "eventstore/keys/visitor_keys.h"

namespace monitor {

struct RestingSession {
  std::string bytes;                   // PackSession
  std::uint64_t version = 0;           // of its stream
  std::uint64_t snapshot_version = 0;  // of the snapshot that the store has; 0: none
};

// One visitor between its requests.
struct RestingVisitor {
  static constexpr std::size_t kMaxSessions = 4;  // the least recently used is forgotten

  std::string bytes;                     // PackVisitor; empty: not loaded
  std::vector<RestingSession> sessions;  // the most recently used first
  std::optional<VisitorKey> key;
  bool keyless = false;  // the store is known to have no key of it

  // What it takes on the heap.
  std::size_t Bytes() const;
};

class VisitorRooms {
 public:
  static constexpr std::size_t kShards = 64;

  struct Options {
    std::size_t max_bytes = 512ull << 20;
    int max_waiting = 16;  // for one visitor
    int max_waiting_in_all = 1'024;
  };
  // Told of each visitor that is forgotten; its key is `accountId/visitorId`. Must be thread-safe, and enter no room.
  using OnForgotten = std::function<void(std::string_view key, const RestingVisitor& visitor)>;

  enum class Refusal : std::uint8_t { kTooManyWaiting, kDeadline };

 private:
  struct Shard;
  struct Slot {
    explicit Slot(std::string name) : key(std::move(name)) {}
    const std::string key;
    RestingVisitor visitor;
    std::size_t bytes = 0;  // as counted in the shard
    int waiting = 0;
    bool taken = false;
  };

 public:
  // The right to a room; leaves it when destroyed.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : rooms_(std::exchange(other.rooms_, nullptr)), shard_(other.shard_), slot_(other.slot_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (rooms_ != nullptr) rooms_->Leave(*shard_, *slot_);
    }
    RestingVisitor& visitor() const { return slot_->visitor; }

   private:
    friend class VisitorRooms;
    Lease(VisitorRooms& rooms, Shard& shard, Slot& slot) : rooms_(&rooms), shard_(&shard), slot_(&slot) {}
    VisitorRooms* rooms_;
    Shard* shard_;
    Slot* slot_;
  };
  using Entered = std::move_only_function<void(std::expected<Lease, Refusal>)>;

  explicit VisitorRooms(Options options, OnForgotten on_forgotten = {});

  // Calls `entered` once: here if the room is free; else in its turn, on the thread of who leaves it or on one of its
  // own, or not long after `deadline`. `key` is `accountId/visitorId`.
  void EnterThen(const std::string& key, std::chrono::steady_clock::time_point deadline, Entered entered);
  // The same; blocks until then.
  std::expected<Lease, Refusal> Enter(const std::string& key, std::chrono::steady_clock::time_point deadline);

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  std::uint64_t max_bytes() const { return options_.max_bytes; }
  std::uint64_t forgotten() const { return forgotten_.load(std::memory_order_relaxed); }  // since the start
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Waiter {
    Shard* shard;
    Slot* slot;
    std::chrono::steady_clock::time_point deadline;
    Entered entered;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Waiter> waiters;  // for any of its rooms, in the order in which they came
    std::list<Slot> slots;      // the most recently used first
    std::unordered_map<std::string_view, std::list<Slot>::iterator> by_key;
    std::size_t bytes = 0;
  };

  Slot& FindOrMake(Shard& shard, const std::string& key);
  void Leave(Shard& shard, Slot& slot);
  void Weigh(Shard& shard, Slot& slot);
  void ForgetCold(Shard& shard);
  void Tell(const Slot& forgotten) const noexcept;
  void Run(const std::stop_token& stop);
  void RefuseLate();
  static void Call(Waiter& waiter, std::expected<Lease, Refusal> lease) noexcept;

  const Options options_;
  const OnForgotten on_forgotten_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> forgotten_ = 0;
  std::atomic<int> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable_any more_;
  std::list<Waiter> handed_over_;  // theirs is the room; to be called by the thread
  std::jthread thread_;            // last: it uses all of the above
};

}  // namespace monitor
