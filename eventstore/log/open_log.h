// The log while it is open: its database, who numbers it, where it ends, and those who wait for it to grow.
//
// Recovery: the newest checkpoint of the bucket heads, brought up to date by the events behind it, which are checked on
// the way (checksum, no gap, prevseq); then the checksums of the newest tables of all families. What does not hold
// refuses to open, with the position. Threads: Read, last_seq, last_time, WaitForSeq from any thread; the rest from the
// writer.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "eventstore/log/bucket_heads.h"
#include "eventstore/log/database.h"

namespace monitor {

class OpenLog {
 public:
  static std::expected<std::unique_ptr<OpenLog>, std::string> Open(OpenDatabaseOptions options);
  ~OpenLog();  // lets everybody go who waits

  // The database for one read. `database` is nullptr while it can not be read (being opened anew).
  struct Reading {
    std::shared_lock<std::shared_mutex> lock;
    const Database* database;
  };
  Reading Read() const;

  Origin origin() const { return origins_.back(); }
  const std::vector<Origin>& origins() const { return origins_; }  // oldest first
  std::uint64_t last_seq() const { return last_seq_.load(std::memory_order_acquire); }
  TimeMs last_time() const { return FromUnixMs(last_time_.load(std::memory_order_acquire)); }

  // True once the current origin has `seq`; false after `max_wait` or when StopWaiting was called.
  bool WaitForSeq(std::uint64_t seq, std::chrono::milliseconds max_wait) const;
  void StopWaiting();

  Database& database() { return *database_; }
  const BucketHeads& recovered_heads() const { return heads_; }
  // What was committed: from now on others may see it.
  void Publish(std::uint64_t seq, TimeMs time);
  // Closes and opens the database, as a restart would: what a failed write left behind is dropped. On an error the
  // database is closed; call again.
  std::expected<void, std::string> Reopen();
  bool is_open() const { return database_ != nullptr; }
  // Closes the current origin for good; counts once the log is opened anew.
  std::expected<void, std::string> BeginEpoch();

 private:
  explicit OpenLog(OpenDatabaseOptions options) : options_(std::move(options)) {}
  std::expected<void, std::string> Load();
  std::expected<void, std::string> LoadIdentity();
  std::expected<void, std::string> MakeIdentity();
  std::expected<void, std::string> RaiseFormat();
  std::expected<void, std::string> LoadStart();
  std::expected<void, std::string> LoadHeads();
  std::expected<void, std::string> ReadOnFromCheckpoint();

  const OpenDatabaseOptions options_;
  mutable std::shared_mutex database_mutex_;  // exclusive only while opened anew
  std::atomic<bool> reopening_{false};        // keeps new readers away, so that Reopen is not starved
  std::unique_ptr<Database> database_;
  std::vector<Origin> origins_;
  BucketHeads heads_;

  std::atomic<std::uint64_t> last_seq_{0};
  std::atomic<std::int64_t> last_time_{0};

  mutable std::mutex waiting_mutex_;
  mutable std::condition_variable grown_, left_;
  mutable std::multiset<std::uint64_t> awaited_;
  // The smallest of awaited_: the writer looks here, and takes the lock only when somebody's seq is reached.
  mutable std::atomic<std::uint64_t> lowest_awaited_;
  bool stopped_ = false;
};

}  // namespace monitor
