// The one thread that appends to the log: group commit (docs/decisions/group-commit.md).
//
// It takes all requests that wait, checks their expected versions, numbers their events, writes them as one batch with
// one sync, and has them told of (completions.h). After a write that failed (disk full) it refuses everything until
// there is room, then opens the database anew. A second thread watches the free disk space and the clock. Threads:
// AppendThen, SaveRows, Writable, WhyNotWritable, Statistics from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/log/commit_queue.h"
#include "eventstore/log/completions.h"
#include "eventstore/log/open_log.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/log/stream_heads.h"

namespace monitor {

class LogWriter {
 public:
  // Both must outlive it.
  LogWriter(OpenLog& log, const RocksDbStoreOptions& options);
  ~LogWriter();  // answers what waits first

  void AppendThen(AppendRequest request, EventStore::Done done);
  // All of them in one batch. False: they were not written.
  bool SaveRows(std::vector<WriterRow> rows);
  bool Writable() const;
  std::string WhyNotWritable() const;
  StoreStatistics Statistics() const;

 private:
  using Requests = std::vector<std::unique_ptr<PendingAppend>>;

  void Run();
  void CommitAll(Requests requests);
  std::size_t FillBatch(Requests& requests, std::size_t first);
  std::expected<Appended, StoreError> AddRequest(PendingAppend& pending);
  std::expected<bool, StoreError> VersionsHold(const AppendRequest& request);
  std::expected<StreamHead*, StoreError> HeadOf(std::string_view stream);
  std::expected<StreamHead, StoreError> ReadHead(std::string_view stream) const;
  void AddEvents(PendingAppend& pending, TimeMs time);
  void AddStates(const AppendRequest& request, TimeMs time);
  void AddRows(const std::vector<WriterRow>& rows);
  void AddCheckpointIfDue();
  bool Commit();
  void RecoverIfPossible();
  void WatchDisk(std::stop_token stop);
  void MeasureDisk();
  void MeasureClock();
  void Report(const std::string& event, const std::string& detail) const;

  OpenLog& log_;
  const RocksDbStoreOptions& options_;
  CommitQueue queue_;

  // The writer thread's own.
  BucketHeads heads_;
  std::uint64_t checkpointed_seq_;
  bool checkpoint_due_ = false;
  StreamHeads streams_;
  rocksdb::WriteBatch batch_;
  Requests answered_;  // those of the batch
  std::string scratch_key_, scratch_value_;
  std::string reopen_failure_;  // the last one, so that it is told once

  std::atomic<bool> broken_{false};    // a write failed; nothing is accepted until the database was opened anew
  std::atomic<bool> disk_low_{false};  // below the watermark
  std::atomic<std::uint64_t> free_bytes_{0};
  bool clock_behind_ = false;  // told so; the constructor's and the watching thread's own
  struct Counters {
    std::atomic<std::uint64_t> batches{0}, requests{0}, events{0}, bytes{0}, conflicts{0}, refused{0}, sync_ns{0};
  } counters_;

  Completions completions_;
  std::jthread disk_watch_;
  std::thread thread_;
};

}  // namespace monitor
