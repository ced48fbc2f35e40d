// The owner table: every visitor has one owner at a time, who alone sees and changes its state
// (docs/decisions/visitor-lease.md). Others of the same visitor wait, bounded; different visitors do not notice
// one another.
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
#include <limits>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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
    int max_waiting = 16;                                      // for one visitor
    int max_waiting_in_all = std::numeric_limits<int>::max();  // each holds a thread
  };
  // Told of each visitor that is forgotten; its key is `accountId/visitorId`. Must be thread-safe, and enter no room.
  using OnForgotten = std::function<void(std::string_view key, const RestingVisitor& visitor)>;

  enum class Refusal : std::uint8_t { kTooManyWaiting, kDeadline };

 private:
  struct Slot {
    explicit Slot(std::string name) : key(std::move(name)) {}
    const std::string key;
    RestingVisitor visitor;
    std::size_t bytes = 0;  // as counted in the shard
    int waiting = 0;
    bool taken = false;
  };
  struct Shard {
    std::mutex mutex;
    std::condition_variable left;  // some room that others wait for
    std::list<Slot> slots;         // the most recently used first
    std::unordered_map<std::string_view, std::list<Slot>::iterator> by_key;
    std::size_t bytes = 0;
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

  explicit VisitorRooms(Options options, OnForgotten on_forgotten = {})
      : options_(options), on_forgotten_(std::move(on_forgotten)) {}

  // Waits for the visitor's room until `deadline`. `key` is `accountId/visitorId`.
  std::expected<Lease, Refusal> Enter(const std::string& key, std::chrono::steady_clock::time_point deadline);

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  std::uint64_t max_bytes() const { return options_.max_bytes; }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  Slot& FindOrMake(Shard& shard, const std::string& key);
  void Leave(Shard& shard, Slot& slot);
  void Weigh(Shard& shard, Slot& slot);
  void ForgetCold(Shard& shard);
  void Tell(const Slot& forgotten) const noexcept;

  const Options options_;
  const OnForgotten on_forgotten_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<int> waiting_ = 0;
};

}  // namespace monitor
