// The owner table: every visitor has one owner at a time, who alone sees and changes its state
// (docs/decisions/visitor-lease.md). Others of the same visitor wait, bounded; different visitors do not notice
// one another.
//
// Thread-safe. What is in a room is a cache of what the store holds: it is forgotten, least recently used first, when
// there are more than `max_visitors` rooms, or they weigh more than `max_bytes`.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "api/visits/visitor_cipher.h"
#include "domain/deciding/session.h"

namespace monitor {

// A session's state, and the size of the events folded into it: a measure of its own.
struct LoadedSession {
  SessionState state;
  std::size_t event_bytes = 0;
};

// One visitor's state in memory. Empty until it is loaded.
struct VisitorRoom {
  static constexpr std::size_t kMaxSessions = 4;  // loaded at once; the least recently used is forgotten

  std::optional<VisitorState> visitor;
  std::list<LoadedSession> sessions;  // the most recently used first
  std::unique_ptr<VisitorCipher> cipher;

  void Forget() { *this = VisitorRoom{}; }
  std::size_t event_bytes() const {
    std::size_t sum = 0;
    for (const LoadedSession& session : sessions) sum += session.event_bytes;
    return sum;
  }
};

class VisitorRooms {
 public:
  static constexpr std::size_t kShards = 64;
  static constexpr std::size_t kEmptyRoomBytes = 1'024;  // what a room weighs besides its events

  struct Options {
    std::size_t max_visitors = 200'000;
    std::size_t max_bytes = 512ull << 20;
    int max_waiting = 16;                                      // for one visitor
    int max_waiting_in_all = std::numeric_limits<int>::max();  // each holds a thread
  };

  enum class Refusal : std::uint8_t { kTooManyWaiting, kDeadline };

 private:
  struct Slot {
    explicit Slot(std::string name) : key(std::move(name)) {}
    const std::string key;
    VisitorRoom room;
    std::condition_variable left;
    bool taken = false;
    int waiting = 0;
    std::size_t weight = kEmptyRoomBytes;  // as counted in the shard
  };
  struct Shard {
    std::mutex mutex;
    std::list<Slot> slots;  // the most recently used first
    std::unordered_map<std::string_view, std::list<Slot>::iterator> by_key;
    std::size_t weight = 0;
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
    VisitorRoom& room() const { return slot_->room; }

   private:
    friend class VisitorRooms;
    Lease(VisitorRooms& rooms, Shard& shard, Slot& slot) : rooms_(&rooms), shard_(&shard), slot_(&slot) {}
    VisitorRooms* rooms_;
    Shard* shard_;
    Slot* slot_;
  };

  explicit VisitorRooms(Options options) : options_(options) {}

  // Waits for the visitor's room until `deadline`. `key` is `accountId/visitorId`.
  std::expected<Lease, Refusal> Enter(const std::string& key, std::chrono::steady_clock::time_point deadline);

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  Slot& FindOrMake(Shard& shard, const std::string& key);
  void Leave(Shard& shard, Slot& slot);
  void Evict(Shard& shard);

  const Options options_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<int> waiting_ = 0;
};

}  // namespace monitor
