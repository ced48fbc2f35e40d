// ack=kafka: an append returns when the log is synced and the broker has acknowledged the events as well, for clusters
// that must survive the loss of a disk (docs/decisions/log-is-truth.md).
//
// While the broker is away appends do not return: once the log has them no timer may answer for them (http-api.md,
// honest answers). Where no acknowledgement can come any more nothing is written: kUnavailable. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "eventstore/event_store.h"
#include "eventstore/relay.h"

namespace monitor {

class KafkaAckStore : public EventStore {
 public:
  KafkaAckStore(EventStore& store, const Relay& relay) : store_(store), relay_(relay) {}  // both must outlive it

  std::expected<Appended, StoreError> Append(AppendRequest request) override;

  // From now on nothing is taken; what is inside goes on waiting.
  void Stop() { stopped_.store(true); }
  // Appends inside. After Stop and at 0 there will be no more.
  int waiting() const { return waiting_.load(); }

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
  bool Writable() const override { return store_.Writable(); }

 private:
  EventStore& store_;
  const Relay& relay_;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> waiting_ = 0;
};

}  // namespace monitor
