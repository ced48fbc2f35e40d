#include "eventstore/log/log_writer.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "domain/values/bytes.h"
#include "domain/values/free_space.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/record.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxBatchRequests = 1'024;
constexpr std::size_t kMaxBatchBytes = 4 << 20;
constexpr std::size_t kMaxStreamHeads = 65'536;  // some 20 MB
// How many events are at most read again at open (plus one batch).
constexpr std::uint64_t kCheckpointEvents = 4'096;
constexpr std::chrono::milliseconds kDiskWatchInterval{500};
constexpr unsigned kMaxCompletionThreads = 8;

void Count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

void Encode(PendingAppend& pending) {
  const AppendRequest& request = pending.request;
  pending.bucket = BucketOf(request.key);
  std::size_t size = 0, events = 0;
  for (const auto& stream : request.streams) {
    for (const auto& event : stream.events) {
      size += kRecordHeadSize + 5 * 5 + event.type.size() + stream.stream.str().size() + request.key.size() +
              request.traceparent.size() + event.data.size();
      ++events;
    }
  }
  pending.records.reserve(size);
  pending.record_ends.reserve(events);
  for (const auto& stream : request.streams) {
    for (const auto& event : stream.events) {
      AppendUnnumberedRecord(
          {event.schema_version, event.type, stream.stream.str(), request.key, request.traceparent, event.data},
          pending.records);
      pending.record_ends.push_back(pending.records.size());
    }
  }
}

int CompletionThreads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMaxCompletionThreads));
}

}  // namespace

LogWriter::LogWriter(OpenLog& log, const RocksDbStoreOptions& options)
    : log_(log),
      options_(options),
      queue_(options.max_queued_requests),
      heads_(log.recovered_heads()),
      checkpointed_seq_(heads_.seq),
      streams_(kMaxStreamHeads),
      completions_(CompletionThreads()) {
  MeasureDisk();
  MeasureClock();
  disk_watch_ = std::jthread([this](std::stop_token stop) { WatchDisk(std::move(stop)); });
  thread_ = std::thread([this] { Run(); });
}

LogWriter::~LogWriter() {
  queue_.Close();
  thread_.join();
}

void LogWriter::AppendThen(AppendRequest request, EventStore::Done done) {
  auto pending = std::make_unique<PendingAppend>(std::move(request), std::move(done));
  if (Writable()) {
    Encode(*pending);
    if (queue_.Submit(pending)) return;
  }
  Count(counters_.refused);
  pending->done(std::move(pending->result));
}

bool LogWriter::SaveRows(std::vector<WriterRow> rows) {
  if (!Writable()) return false;
  std::promise<bool> saved;
  auto pending = std::make_unique<PendingAppend>();
  pending->done = [&saved](const auto& result) { saved.set_value(result.has_value()); };
  pending->rows = std::move(rows);
  return queue_.Submit(pending) && saved.get_future().get();
}

bool LogWriter::Writable() const {
  return !broken_.load(std::memory_order_relaxed) && !disk_low_.load(std::memory_order_relaxed);
}

std::string LogWriter::WhyNotWritable() const {
  if (disk_low_) return TooLittleFree(free_bytes_, options_.min_free_bytes);
  if (broken_) return "a write failed; the log is opened anew as soon as it can be written";
  return {};
}

void LogWriter::Run() {
  for (;;) {
    auto taken = queue_.Take();
    if (broken_) RecoverIfPossible();
    const bool last = taken.closed && taken.requests.empty();
    CommitAll(std::move(taken.requests));
    if (last) return;
  }
}

void LogWriter::CommitAll(Requests requests) {
  for (std::size_t first = 0; first < requests.size();) {
    first = FillBatch(requests, first);
    const bool committed = Commit();
    if (committed) log_.Publish(heads_.seq, heads_.time);
    for (auto& pending : answered_) {
      // Conflicts, too, were judged by what is now not written.
      if (!committed) pending->result = std::unexpected(StoreError::kUnavailable);
      if (pending->result == std::unexpected(StoreError::kUnavailable)) Count(counters_.refused);
    }
    queue_.Answered(answered_.size());
    completions_.Add(answered_);
    streams_.Trim();
  }
}

// Adds requests to the batch, as many as fit; returns the first that did not.
std::size_t LogWriter::FillBatch(Requests& requests, std::size_t first) {
  batch_.Clear();
  while (first < requests.size() && answered_.size() < kMaxBatchRequests && batch_.GetDataSize() < kMaxBatchBytes) {
    answered_.push_back(std::move(requests[first++]));
    if (!broken_) answered_.back()->result = AddRequest(*answered_.back());
  }
  return first;
}

std::expected<Appended, StoreError> LogWriter::AddRequest(PendingAppend& pending) {
  const AppendRequest& request = pending.request;
  auto hold = VersionsHold(request);
  if (!hold) return std::unexpected(hold.error());
  if (!*hold) {
    Count(counters_.conflicts);
    return std::unexpected(StoreError::kConflict);
  }
  TimeMs time = std::max(request.now, heads_.time);
  std::uint64_t before = heads_.seq;
  AddEvents(pending, time);
  AddStates(request, time);
  AddRows(pending.rows);
  Count(counters_.requests);
  Count(counters_.events, heads_.seq - before);
  Origin origin = log_.origin();
  return Appended{{origin, heads_.seq > before ? before + 1 : before}, {origin, heads_.seq}, time};
}

std::expected<bool, StoreError> LogWriter::VersionsHold(const AppendRequest& request) {
  for (std::size_t i = 0; i < request.streams.size(); ++i) {
    const auto& append = request.streams[i];
    auto head = HeadOf(append.stream.str());
    if (!head) return std::unexpected(head.error());
    std::uint64_t length = (*head)->length;
    for (std::size_t j = 0; j < i; ++j) {
      if (request.streams[j].stream == append.stream) length += request.streams[j].events.size();
    }
    if (length != append.expected_version) return false;
  }
  return true;
}

std::expected<StreamHead*, StoreError> LogWriter::HeadOf(std::string_view stream) {
  if (StreamHead* known = streams_.Find(stream)) return known;
  auto head = ReadHead(stream);
  if (!head) return std::unexpected(head.error());
  return streams_.Insert(stream, *head);
}

std::expected<StreamHead, StoreError> LogWriter::ReadHead(std::string_view stream) const {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  auto iterator = log_.database().NewIterator(Family::kStream, options);
  StreamHead head;
  for (Origin origin : log_.origins()) {
    std::string last;
    AppendStreamKey(stream, origin, ~std::uint64_t{0}, last);
    iterator->SeekForPrev(last);
    if (!iterator->status().ok()) return std::unexpected(StoreError::kCorrupt);
    head.version = 0;
    if (!iterator->Valid()) continue;
    auto entry = ParseStreamEntry(ToView(iterator->key()), ToView(iterator->value()));
    if (!entry) return std::unexpected(StoreError::kCorrupt);
    if (entry->stream != stream || entry->origin != origin) continue;
    head.version = entry->last_version();
    head.length += head.version;
  }
  return head;
}

void LogWriter::AddEvents(PendingAppend& pending, TimeMs time) {
  auto* log_family = log_.database().family(Family::kLog);
  auto* stream_family = log_.database().family(Family::kStream);
  std::size_t record = 0, begin = 0;
  for (const auto& append : pending.request.streams) {
    if (append.events.empty()) continue;
    StreamHead& head = *streams_.Find(append.stream.str());
    scratch_key_.clear();
    scratch_value_.clear();
    AppendStreamKey(append.stream.str(), log_.origin(), head.version + 1, scratch_key_);
    AppendStreamValue(heads_.seq + 1, append.events.size(), scratch_value_);
    batch_.Put(stream_family, scratch_key_, scratch_value_);
    for (std::size_t i = 0; i < append.events.size(); ++i) {
      RecordNumbers numbers{{log_.origin(), heads_.seq + 1}, 0, time, ++head.version, pending.bucket};
      numbers.prevseq = heads_.Advance(pending.bucket, numbers.position.seq, time);
      std::size_t end = pending.record_ends[record++];
      NumberRecord(numbers, pending.records.data() + begin, end - begin);
      batch_.Put(log_family, ToSlice(LogKey(numbers.position)), {pending.records.data() + begin, end - begin});
      begin = end;
    }
    head.length += append.events.size();
  }
}

void LogWriter::AddStates(const AppendRequest& request, TimeMs time) {
  for (const auto& state : request.states) {
    auto* family = log_.database().family(FamilyOf(state.table));
    if (state.value_at && time != request.now) {
      batch_.Put(family, state.key, state.value_at(time));
    } else if (state.value) {
      batch_.Put(family, state.key, *state.value);
    } else {
      batch_.Delete(family, state.key);
    }
  }
}

void LogWriter::AddRows(const std::vector<WriterRow>& rows) {
  for (const WriterRow& row : rows) {
    batch_.Put(log_.database().family(row.family), row.key, row.value);
    // Where the log begins: recovery must not look for heads in what lies before.
    checkpoint_due_ |= row.family == Family::kMeta;
  }
}

void LogWriter::AddCheckpointIfDue() {
  if (!std::exchange(checkpoint_due_, false) && heads_.seq - checkpointed_seq_ < kCheckpointEvents) return;
  batch_.Put(log_.database().family(Family::kMeta), HeadsKey(log_.origin()), heads_.Encode());
  checkpointed_seq_ = heads_.seq;
}

bool LogWriter::Commit() {
  if (broken_) return false;
  if (batch_.Count() == 0) return true;
  AddCheckpointIfDue();
  auto start = std::chrono::steady_clock::now();
  const auto committed = CommitBatch(log_.database(), batch_, options_.on_sync_failure);
  const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - start;
  Count(counters_.sync_ns, static_cast<std::uint64_t>(taken.count()));
  if (!committed) {
    broken_ = true;
    Report("write_failed", committed.error());
    return false;
  }
  Count(counters_.batches);
  Count(counters_.bytes, batch_.GetDataSize());
  if (options_.on_commit) options_.on_commit(answered_.size(), taken);
  return true;
}

void LogWriter::RecoverIfPossible() {
  if (disk_low_) return;
  std::uint64_t committed = log_.last_seq();
  if (auto reopened = log_.Reopen(); !reopened) {
    if (std::exchange(reopen_failure_, reopened.error()) != reopened.error()) Report("reopen_failed", reopen_failure_);
    return;
  }
  heads_ = log_.recovered_heads();
  if (heads_.seq != committed) {
    options_.on_sync_failure("the log ends at " + std::to_string(heads_.seq) + " after a failed write, not at " +
                             std::to_string(committed));
  }
  checkpointed_seq_ = heads_.seq;
  streams_.Clear();
  broken_ = false;
  reopen_failure_.clear();
  Report("write_recovered", "the log was opened anew and can be written");
}

void LogWriter::MeasureDisk() {
  struct statvfs disk;
  if (::statvfs(options_.path.c_str(), &disk) != 0) return;
  const std::uint64_t free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const bool low = free_bytes < options_.min_free_bytes;
  free_bytes_ = free_bytes;
  if (disk_low_.exchange(low) == low) return;
  Report(low ? "disk_low" : "disk_recovered",
         low ? TooLittleFree(free_bytes, options_.min_free_bytes) : "enough of the disk is free");
}

void LogWriter::MeasureClock() {
  const std::string behind = SayAheadOfClock(log_.last_time() - options_.clock());
  if (std::exchange(clock_behind_, !behind.empty()) == !behind.empty()) return;
  Report(behind.empty() ? "clock_recovered" : "log_ahead_of_clock",
         behind.empty() ? "the log is no longer ahead of the clock" : behind);
}

void LogWriter::Report(const std::string& event, const std::string& detail) const {
  if (options_.report) options_.report(event, detail);
}

void LogWriter::WatchDisk(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any stopping;
  std::unique_lock lock(mutex);
  while (!stopping.wait_for(lock, stop, kDiskWatchInterval, [] { return false; })) {
    if (stop.stop_requested()) return;
    MeasureDisk();
    MeasureClock();
    if (broken_ && !disk_low_) queue_.Poke();
  }
}

StoreStatistics LogWriter::Statistics() const {
  auto of = [](const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  StoreStatistics statistics;
  statistics.batches = of(counters_.batches);
  statistics.requests = of(counters_.requests);
  statistics.events = of(counters_.events);
  statistics.bytes = of(counters_.bytes);
  statistics.conflicts = of(counters_.conflicts);
  statistics.refused = of(counters_.refused);
  statistics.queued = queue_.size();
  statistics.last_seq = log_.last_seq();
  statistics.sync_seconds_total = static_cast<double>(of(counters_.sync_ns)) * 1e-9;
  statistics.free_bytes = free_bytes_;
  statistics.min_free_bytes = options_.min_free_bytes;
  return statistics;
}

}  // namespace monitor
