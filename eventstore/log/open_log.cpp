#include "eventstore/log/open_log.h"

#include <limits>
#include <optional>
#include <utility>

#include "domain/values/bytes.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/record.h"
#include "eventstore/random.h"

namespace monitor {
namespace {

// So much of the tables is checked before anybody is served: a second or two of reading. Older ones only by Verify.
constexpr std::uint64_t kCheckedAtOpen = 1ull << 30;
constexpr std::uint64_t kNobodyWaits = std::numeric_limits<std::uint64_t>::max();

// nullopt: there is none. The error is RocksDB's.
std::expected<std::optional<std::string>, std::string> Get(const Database& database, Family family,
                                                           const rocksdb::Slice& key) {
  std::string value;
  rocksdb::Status status = database.db().Get(rocksdb::ReadOptions(), database.family(family), key, &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(status.ToString());
  return value;
}

std::string DamagedAt(LogPosition position, const std::string& what) {
  return "the log is damaged at " + position.ToString() + ": " + what;
}

}  // namespace

std::expected<std::unique_ptr<OpenLog>, std::string> OpenLog::Open(OpenDatabaseOptions options) {
  std::unique_ptr<OpenLog> log(new OpenLog(std::move(options)));
  log->lowest_awaited_ = kNobodyWaits;
  if (auto loaded = log->Load(); !loaded) return std::unexpected(loaded.error());
  return log;
}

OpenLog::~OpenLog() { StopWaiting(); }

std::expected<void, std::string> OpenLog::Load() {
  auto database = OpenDatabase(options_);
  if (!database) return std::unexpected(database.error());
  database_ = std::move(*database);
  auto loaded = LoadIdentity();
  const bool is_a_log = loaded.has_value();
  if (loaded) loaded = LoadStart();
  if (loaded) loaded = LoadHeads();
  // Who only looks can have everything checked: Verify, which says more.
  if (loaded && !options_.read_only) loaded = CheckTables(*database_, kCheckedAtOpen);
  if (!loaded) {
    database_.reset();
    std::string complaint = "cannot open the data folder " + options_.path + ": " + loaded.error();
    if (is_a_log) complaint += "; restore a backup";
    return std::unexpected(std::move(complaint));
  }
  last_time_.store(ToUnixMs(heads_.time), std::memory_order_release);
  last_seq_.store(heads_.seq, std::memory_order_release);
  return {};
}

std::expected<void, std::string> OpenLog::LoadIdentity() {
  auto format = Get(*database_, Family::kMeta, ToSlice(kFormatKey));
  if (!format) return std::unexpected(format.error());
  if (!*format) {
    if (options_.read_only) return std::unexpected("there is no log in it");
    if (auto made = MakeIdentity(); !made) return made;
  } else if (**format == kOlderFormat) {
    if (auto raised = RaiseFormat(); !raised) return raised;
  } else if (**format != kFormat) {
    return std::unexpected("its format " + **format + " is unknown: a newer program wrote it");
  }
  auto node = Get(*database_, Family::kMeta, ToSlice(kNodeKey));
  auto epoch = Get(*database_, Family::kMeta, ToSlice(kEpochKey));
  if (!node || !epoch || !*node || !*epoch || (*node)->size() != 4 || (*epoch)->size() != 4) {
    return std::unexpected("its node or epoch is missing");
  }
  origins_.clear();
  auto newest = LoadBig<std::uint32_t>((*epoch)->data());
  for (std::uint32_t number = 1; number <= newest; ++number) {
    origins_.push_back({LoadBig<std::uint32_t>((*node)->data()), number});
  }
  if (origins_.empty()) return std::unexpected("its epoch is 0");
  return {};
}

std::expected<void, std::string> OpenLog::MakeIdentity() {
  std::string node, epoch;
  AppendBig<std::uint32_t>(RandomNumber(), node);
  AppendBig<std::uint32_t>(1, epoch);
  rocksdb::WriteBatch batch;
  auto* meta = database_->family(Family::kMeta);
  batch.Put(meta, ToSlice(kFormatKey), ToSlice(kFormat));
  batch.Put(meta, ToSlice(kNodeKey), node);
  batch.Put(meta, ToSlice(kEpochKey), epoch);
  return CommitBatch(*database_, batch, options_.on_sync_failure);
}

// Older programs can not read the records that are written from now on.
std::expected<void, std::string> OpenLog::RaiseFormat() {
  if (options_.read_only) return {};
  rocksdb::WriteBatch batch;
  batch.Put(database_->family(Family::kMeta), ToSlice(kFormatKey), ToSlice(kFormat));
  return CommitBatch(*database_, batch, options_.on_sync_failure);
}

std::expected<void, std::string> OpenLog::LoadStart() {
  for (const Origin origin : origins_) {
    const auto first = Get(*database_, Family::kMeta, FirstKey(origin));
    if (!first) return std::unexpected(first.error());
    if (!*first) continue;
    if ((*first)->size() != 8) return std::unexpected("where its log begins is damaged");
    database_->start().Set(origin, LoadBig<std::uint64_t>((*first)->data()));
  }
  return {};
}

std::expected<void, std::string> OpenLog::LoadHeads() {
  heads_ = {};
  auto bytes = Get(*database_, Family::kMeta, HeadsKey(origin()));
  if (!bytes) return std::unexpected(bytes.error());
  if (*bytes) {
    auto heads = BucketHeads::Decode(**bytes);
    if (!heads) return std::unexpected("the checkpoint of the buckets' heads is damaged");
    heads_ = *heads;
  }
  return ReadOnFromCheckpoint();
}

std::expected<void, std::string> OpenLog::BeginEpoch() {
  rocksdb::WriteBatch batch;
  std::string epoch;
  AppendBig<std::uint32_t>(origin().epoch + 1, epoch);
  batch.Put(database_->family(Family::kMeta), ToSlice(kEpochKey), epoch);
  return CommitBatch(*database_, batch, options_.on_sync_failure);
}

std::expected<void, std::string> OpenLog::ReadOnFromCheckpoint() {
  auto start = LogKey({origin(), heads_.seq + 1});
  auto iterator = database_->NewIterator(Family::kLog, rocksdb::ReadOptions());
  for (iterator->Seek(ToSlice(start)); iterator->Valid(); iterator->Next()) {
    auto position = ParseLogKey(ToView(iterator->key()));
    if (!position) return std::unexpected("a key of the log is malformed");
    LogPosition expected{origin(), heads_.seq + 1};
    if (*position != expected) return std::unexpected(DamagedAt(expected, "it is missing, a later one is there"));
    auto event = DecodeRecord(*position, ToView(iterator->value()));
    if (!event) return std::unexpected(DamagedAt(*position, event.error()));
    if (heads_.Advance(event->bucket, event->position.seq, event->time) != event->prevseq) {
      return std::unexpected(DamagedAt(*position, "its prevseq is not the bucket's previous event"));
    }
  }
  if (!iterator->status().ok()) {
    return std::unexpected(DamagedAt({origin(), heads_.seq + 1}, iterator->status().ToString()));
  }
  return {};
}

std::expected<void, std::string> OpenLog::Reopen() {
  reopening_.store(true);
  std::unique_lock lock(database_mutex_);
  database_.reset();
  auto loaded = Load();
  if (loaded) reopening_.store(false);
  return loaded;
}

OpenLog::Reading OpenLog::Read() const {
  if (reopening_.load(std::memory_order_acquire)) return {{}, nullptr};
  std::shared_lock lock(database_mutex_);
  const Database* database = database_.get();
  return {std::move(lock), database};
}

void OpenLog::Publish(std::uint64_t seq, TimeMs time) {
  last_time_.store(ToUnixMs(time), std::memory_order_release);
  // Sequentially consistent with WaitForSeq: either it sees this seq, or this sees that it waits.
  last_seq_.store(seq);
  if (seq < lowest_awaited_.load()) return;
  std::lock_guard lock(waiting_mutex_);
  grown_.notify_all();
}

bool OpenLog::WaitForSeq(std::uint64_t seq, std::chrono::milliseconds max_wait) const {
  if (last_seq() >= seq) return true;
  std::unique_lock lock(waiting_mutex_);
  auto mine = awaited_.insert(seq);
  lowest_awaited_.store(*awaited_.begin());
  grown_.wait_for(lock, max_wait, [&] { return stopped_ || last_seq_.load() >= seq; });
  awaited_.erase(mine);
  lowest_awaited_.store(awaited_.empty() ? kNobodyWaits : *awaited_.begin());
  if (awaited_.empty()) left_.notify_all();
  return last_seq_.load() >= seq;
}

void OpenLog::StopWaiting() {
  std::unique_lock lock(waiting_mutex_);
  stopped_ = true;
  grown_.notify_all();
  left_.wait(lock, [&] { return awaited_.empty(); });
}

}  // namespace monitor
