// The EventStore on RocksDB: one writer thread, group commit, one sync a batch. rocksdb/ is named in database.h,
// beneath.
//
//   rocksdb_store   the port's functions
//   log_writer      the thread that appends; commit_queue, completions, stream_heads, bucket_heads are its parts
//   open_log        recovery, and who waits for the log to grow
//   log_reader      reading and verifying
//   database        RocksDB: families, options, sync; sync_guard and wal_check beside it
//   record, keys    every byte that is stored
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/event_store.h"

namespace monitor {

struct RocksDbStoreOptions {
  std::string path;
  std::function<TimeMs()> clock;                // empty: the system's
  std::uint64_t min_free_bytes = 256ull << 20;  // below it appends are refused before a write fails half-way
  std::size_t max_queued_requests = 4'096;      // over it: kUnavailable
  // Called when a sync failed, on whichever thread it was; must not return. Empty: say it on stderr and abort.
  std::function<void(const std::string&)> on_sync_failure;
  // Of each batch that was committed: its appends, and how long its one write and sync took. On the writer's thread.
  std::function<void(std::size_t appends, std::chrono::nanoseconds taken)> on_commit;
  // What the operator should know, on any of the store's threads: event name (write_failed, write_recovered,
  // reopen_failed, disk_low, disk_recovered, log_ahead_of_clock, clock_recovered) and one sentence.
  std::function<void(const std::string& event, const std::string& detail)> report;
};

struct StoreStatistics {
  std::uint64_t batches = 0, requests = 0, events = 0, bytes = 0, conflicts = 0, refused = 0;
  std::uint64_t queued = 0;  // now waiting
  std::uint64_t last_seq = 0;
  double sync_seconds_total = 0;
  std::uint64_t free_bytes = 0, min_free_bytes = 0;  // of the disk; below the latter appends are refused
};

class RocksDbStore : public EventStore {
 public:
  // Opens or makes it. Refuses a damaged log (anything but a torn tail) with the position; only one process at a time.
  static std::expected<std::unique_ptr<RocksDbStore>, std::string> Open(RocksDbStoreOptions options);
  // A stopped node's data for looking at: nothing is written, appends are kUnavailable. Refuses while another
  // process uses the folder.
  static std::expected<std::unique_ptr<RocksDbStore>, std::string> OpenReadOnly(const std::string& path);
  // Closes a stopped node's current origin for good; the next one, which is returned, begins at the clock's time and at
  // seq 1. Refuses where there is no log, a damaged one, or another process uses it.
  static std::expected<Origin, std::string> BeginEpoch(const std::string& path);
  // Cuts a stopped node's damaged write-ahead log (wal_repair.h) and begins an epoch, which is returned; nullopt: it is
  // not damaged, nothing was done. `drop` gets each event that goes and can be read, oldest first; false: nothing goes.
  static std::expected<std::optional<Origin>, std::string> DropDamaged(const std::string& path,
                                                                       const std::function<bool(StoredEvent&&)>& drop);
  ~RocksDbStore() override;  // answers what is queued first

  void AppendThen(AppendRequest request, Done done) override;
  TimeMs Now() const override;
  // How far the newest event's time lies ahead of the clock; 0: it does not. Until then every event gets that time.
  std::chrono::milliseconds AheadOfClock() const;
  std::expected<std::vector<StoredEvent>, StoreError> ReadStream(
      const StreamName& stream, std::uint64_t from_version,
      std::size_t max_events = std::numeric_limits<std::size_t>::max()) const override;
  std::expected<std::uint64_t, StoreError> StreamVersion(const StreamName& stream) const override;
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
  // In words for an operator; empty while it is writable.
  std::string WhyNotWritable() const;
  bool IsReadOnly() const;

  // From now on nothing is appended (kUnavailable), for a reason that only an operator can remove; the first one stays.
  void Refuse(std::string why);
  // That reason, one sentence; nullptr: there is none. Lives as long as the store.
  const std::string* Refusal() const;

  StoreStatistics Statistics() const;

  // The relay's contiguous acknowledged position of one origin (column family `relay`); 0 if none, nullopt if it can
  // not be read now. It is saved with the next batch; where appends are refused it is not: events are sent again.
  std::optional<std::uint64_t> RelayedSeq(Origin origin) const;
  void SaveRelayedSeq(Origin origin, std::uint64_t seq);
  // The same of how many partitions a topic had when the relay first wrote to it; 0 if it has not yet.
  std::optional<std::uint64_t> TopicPartitions(const std::string& topic) const;
  void SaveTopicPartitions(const std::string& topic, std::uint64_t partitions);

  // Drops what is older than `before`: the events of each origin that stand below `end(origin)`, and the snapshots of
  // sessions (session_row.h). Accounts' events stay readable by their streams. How many events went; what is on disk of
  // them goes in the background. With an error some may have gone.
  std::expected<std::uint64_t, StoreError> DropBefore(TimeMs before, const std::function<std::uint64_t(Origin)>& end);
  // What a family takes on the disk, by its name.
  std::vector<std::pair<std::string, std::uint64_t>> DiskBytes() const;

  // Makes the folder a copy of all that is committed by now, to be opened by itself; its tables are linked, not copied.
  // It must not exist, and lie on the store's file system. The error is one sentence.
  std::expected<void, std::string> CopyByLinks(const std::string& folder) const;
  const std::string& path() const;

  // Makes WaitForSeq return, now and from now on; for a server that shuts down.
  void StopWaiting();

  // Reads everything and checks checksums (of states and keys, too), sequence, prevseq, streams and versions. The first
  // fault's place and nature, or the number of events that were checked. `progress` gets the number so far, now and
  // then.
  std::expected<std::uint64_t, std::string> Verify(const std::function<void(std::uint64_t)>& progress) const;

 private:
  std::optional<std::uint64_t> RelayRow(std::string_view key) const;
  void SaveRelayRow(std::string key, std::uint64_t number);
  class State;
  explicit RocksDbStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What the operator should know of a log that is so far ahead of the clock; empty: nothing, a minute is tolerated.
std::string SayAheadOfClock(std::chrono::milliseconds ahead);

}  // namespace monitor
