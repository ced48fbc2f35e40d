// An event store that hands everything on to another; what stands before a store changes one of its functions.
#pragma once

#include "eventstore/event_store.h"

namespace monitor {

class ForwardingStore : public EventStore {
 public:
  explicit ForwardingStore(EventStore& store) : store_(store) {}  // must outlive it

  void AppendThen(AppendRequest request, Done done) override { store_.AppendThen(std::move(request), std::move(done)); }
  TimeMs Now() const override { return store_.Now(); }
  std::expected<std::vector<StoredEvent>, StoreError> ReadStream(const StreamName& stream, std::uint64_t from_version,
                                                                 std::size_t max_events) const override {
    return store_.ReadStream(stream, from_version, max_events);
  }
  std::expected<std::uint64_t, StoreError> StreamVersion(const StreamName& stream) const override {
    return store_.StreamVersion(stream);
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
};

}  // namespace monitor
