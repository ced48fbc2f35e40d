// ack=kafka: an append is told of when the log is synced and the broker has acknowledged the events as well, for
// clusters that must survive the loss of a disk (docs/decisions/log-is-truth.md).
//
// Nothing is written (kUnavailable) while the broker is known to be away, while too many wait for it, or once stopped.
// What was written waits `max_wait` for its acknowledgement and no longer: kUnacknowledged, so that nobody is answered
// either way (http-api.md, honest answers). Thread-safe; one thread of its own waits for the relay, for all.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "eventstore/forwarding_store.h"
#include "eventstore/relay/relay.h"

namespace monitor {

struct KafkaAckOptions {
  std::chrono::milliseconds max_wait{30'000};
  int max_waiting = 4'096;  // beyond: kUnavailable
};

class KafkaAckStore : public ForwardingStore {
 public:
  // Both must outlive it.
  KafkaAckStore(EventStore& store, const Relay& relay, KafkaAckOptions options = {});
  ~KafkaAckStore() override;  // nothing may be on its way to the store any more; what still waits is unacknowledged

  void AppendThen(AppendRequest request, Done done) override;

  // From now on nothing is taken; what is inside goes on waiting while an acknowledgement can be expected.
  void Stop() { stopped_.store(true); }
  // Nothing waits any longer.
  void GiveUp() { given_up_.store(true); }
  // Appends inside. After Stop and at 0 there will be no more.
  int waiting() const { return waiting_.load(); }
  // Appends that were written and not acknowledged in time.
  std::uint64_t unacknowledged_total() const { return unacknowledged_.load(std::memory_order_relaxed); }

  bool Writable() const override { return ForwardingStore::Writable() && !stopped_.load() && !relay_.BrokerIsAway(); }

 private:
  using Clock = std::chrono::steady_clock;
  // An append inside, for as long as it lives.
  class Place {
   public:
    explicit Place(std::atomic<int>& waiting) : waiting_(&waiting), others_(waiting.fetch_add(1)) {}
    Place(Place&& other) noexcept : waiting_(std::exchange(other.waiting_, nullptr)), others_(other.others_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (waiting_ != nullptr) waiting_->fetch_sub(1);
    }
    int others() const { return others_; }  // that were inside before

   private:
    std::atomic<int>* waiting_;
    int others_;
  };
  struct Waiting {
    Place place;  // first: `done` is gone before it
    Done done;
    Appended appended = {};
    Clock::time_point end = {};
  };
  using Waiters = std::multimap<std::uint64_t, Waiting>;  // by the seq that must be acknowledged

  void Written(std::expected<Appended, StoreError> appended, bool has_events, Waiters::node_type waiter);
  void Run();
  Waiters TakeAcknowledged(std::uint64_t first_waiting);
  Waiters TakeUnacknowledged();
  void Tell(Waiters waiters, bool acknowledged);

  const Relay& relay_;
  const KafkaAckOptions options_;
  std::atomic<bool> stopped_ = false, given_up_ = false;
  std::atomic<int> waiting_ = 0;
  std::atomic<std::uint64_t> unacknowledged_ = 0;

  std::mutex mutex_;
  std::condition_variable more_;
  Waiters written_;
  bool ending_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace monitor
