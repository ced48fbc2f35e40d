// The EventStore on RocksDB: one writer thread, group commit, one sync a batch. rocksdb/ is named in this file's .cpp.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/event_store.h"

namespace monitor {

struct RocksDbStoreOptions {
  std::string path;
  std::function<TimeMs()> clock;                     // empty: the system's
  std::uint64_t min_free_bytes = 256ull << 20;       // below it appends are refused (architecture.md decision 8)
  std::size_t max_queued_requests = 4'096;           // over it: kUnavailable
  // Called on the writer's thread when a sync failed; must not return. Empty: log and abort.
  std::function<void(const std::string&)> on_sync_failure;
};

struct StoreStatistics {
  std::uint64_t batches = 0, requests = 0, events = 0, bytes = 0, conflicts = 0, refused = 0;
  std::uint64_t queued = 0;         // now waiting
  std::uint64_t last_seq = 0;
  double sync_seconds_total = 0;
};

class RocksDbStore : public EventStore {
 public:
  // Opens or makes it. Refuses a damaged log (anything but a torn tail) with the position; only one process at a time.
  static std::expected<std::unique_ptr<RocksDbStore>, std::string> Open(RocksDbStoreOptions options);
  // A stopped node's data for looking at: nothing is written, Append answers kUnavailable.
  static std::expected<std::unique_ptr<RocksDbStore>, std::string> OpenReadOnly(const std::string& path);
  ~RocksDbStore() override;  // answers what is queued first

  std::expected<Appended, StoreError> Append(AppendRequest request) override;
  TimeMs Now() const override;
  std::expected<std::vector<StoredEvent>, StoreError> ReadStream(const StreamName& stream,
                                                                 std::uint64_t from_version) const override;
  std::expected<std::vector<StreamName>, StoreError> StreamsWithPrefix(std::string_view prefix,
                                                                       std::size_t limit) const override;
  std::expected<std::vector<StoredEvent>, StoreError> ReadLog(LogPosition from, ReadOptions options) const override;
  bool WaitForSeq(std::uint64_t seq, std::chrono::milliseconds max_wait) const override;
  std::vector<OriginRange> Origins() const override;
  std::expected<std::optional<std::string>, StoreError> ReadState(StateTable table,
                                                                  std::string_view key) const override;
  std::expected<std::vector<std::pair<std::string, std::string>>, StoreError> ReadStates(
      StateTable table, std::string_view prefix, std::size_t limit, std::string_view after) const override;
  bool Writable() const override;

  StoreStatistics Statistics() const;

  // The relay's contiguous acknowledged position of one origin (column family `relay`); not synced: losing it only
  // sends events again.
  std::uint64_t RelayedSeq(Origin origin) const;
  void SaveRelayedSeq(Origin origin, std::uint64_t seq);

  // Reads everything and checks checksums, sequence, prevseq, streams and versions. The first fault's place and nature,
  // or the number of events that were checked.
  std::expected<std::uint64_t, std::string> Verify(const std::function<void(std::uint64_t)>& progress) const;

 private:
  class State;
  explicit RocksDbStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace monitor
