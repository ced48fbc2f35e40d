// ack=kafka: an append returns when the log is synced and the broker has acknowledged the events as well, for clusters
// that must survive the loss of a disk (docs/decisions/log-is-truth.md).
//
// Nothing is written (kUnavailable) while the broker is known to be away, while too many wait for it, or once stopped.
// What was written waits `max_wait` for its acknowledgement and no longer: kUnacknowledged, so that nobody is answered
// either way (http-api.md, honest answers). Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "eventstore/forwarding_store.h"
#include "eventstore/relay/relay.h"

namespace monitor {

struct KafkaAckOptions {
  std::chrono::milliseconds max_wait{30'000};
  int max_waiting = 192;  // each holds a thread; others are to be left for those that only read
};

class KafkaAckStore : public ForwardingStore {
 public:
  // Both must outlive it.
  KafkaAckStore(EventStore& store, const Relay& relay, KafkaAckOptions options = {})
      : ForwardingStore(store), relay_(relay), options_(options) {}

  std::expected<Appended, StoreError> Append(AppendRequest request) override;

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
  bool IsAcknowledged(std::uint64_t seq) const;

  const Relay& relay_;
  const KafkaAckOptions options_;
  std::atomic<bool> stopped_ = false, given_up_ = false;
  std::atomic<int> waiting_ = 0;
  std::atomic<std::uint64_t> unacknowledged_ = 0;
};

}  // namespace monitor
