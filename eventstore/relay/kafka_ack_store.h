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

#include "eventstore/event_store.h"
#include "eventstore/relay/relay.h"

namespace monitor {

struct KafkaAckOptions {
  std::chrono::milliseconds max_wait{30'000};
  int max_waiting = 192;  // each holds a thread; others are to be left for those that only read
};

class KafkaAckStore : public EventStore {
 public:
  // Both must outlive it.
  KafkaAckStore(EventStore& store, const Relay& relay, KafkaAckOptions options = {})
      : store_(store), relay_(relay), options_(options) {}

  std::expected<Appended, StoreError> Append(AppendRequest request) override;

  // From now on nothing is taken; what is inside goes on waiting while an acknowledgement can be expected.
  void Stop() { stopped_.store(true); }
  // Nothing waits any longer.
  void GiveUp() { given_up_.store(true); }
  // Appends inside. After Stop and at 0 there will be no more.
  int waiting() const { return waiting_.load(); }
  // Appends that were written and not acknowledged in time.
  std::uint64_t unacknowledged_total() const { return unacknowledged_.load(std::memory_order_relaxed); }

  TimeMs Now() const override { return store_.Now(); }
  std::expected<std::vector<StoredEvent>, StoreError> ReadStream(const StreamName& stream,
                                                                 std::uint64_t from_version) const override {
    return store_.ReadStream(stream, from_version);
  }
  std::expected<std::vector<StreamName>, StoreError> StreamsWithPrefix(std::string_view prefix,
                                                                       std::size_t limit) const override {
    return store_.StreamsWithPrefix(prefix, limit);
  }
  std::expected<std::vector<StoredEvent>, StoreError> ReadLog(LogPosition from, ReadOptions options) const override {
    return store_.ReadLog(from, options);
  }
  bool WaitForSeq(std::uint64_t seq, std::chrono::milliseconds max_wait) const override {
    return store_.WaitForSeq(seq, max_wait);
  }
  std::vector<OriginRange> Origins() const override { return store_.Origins(); }
  std::expected<std::optional<std::string>, StoreError> ReadState(StateTable table,
                                                                  std::string_view key) const override {
    return store_.ReadState(table, key);
  }
  std::expected<std::vector<std::pair<std::string, std::string>>, StoreError> ReadStates(
      StateTable table, std::string_view prefix, std::size_t limit, std::string_view after) const override {
    return store_.ReadStates(table, prefix, limit, after);
  }
  bool Writable() const override { return store_.Writable() && !stopped_.load() && !relay_.BrokerIsAway(); }

 private:
  bool IsAcknowledged(std::uint64_t seq) const;

  EventStore& store_;
  const Relay& relay_;
  const KafkaAckOptions options_;
  std::atomic<bool> stopped_ = false, given_up_ = false;
  std::atomic<int> waiting_ = 0;
  std::atomic<std::uint64_t> unacknowledged_ = 0;
};

}  // namespace monitor
