#include "eventstore/backup/restored_log.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "domain/values/bytes.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/log_reader.h"
#include "eventstore/log/open_log.h"
#include "eventstore/log/record.h"
#include "eventstore/log/restored_rows.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxBatchBytes = 4 << 20;

// The draft is thrown away: a sync that failed is an error like any other.
void SyncFailed(const std::string&) {}

std::string Big(auto number) {
  std::string bytes;
  AppendBig(number, bytes);
  return bytes;
}

std::uint64_t RelayedIn(const Database& database, Origin origin) {
  const auto key = OriginKey(origin);
  const auto value = ReadValue(database, Family::kRelay, {key.data(), key.size()});
  return value && *value && (*value)->size() == 8 ? LoadBig<std::uint64_t>((*value)->data()) : 0;
}

// Entries of one stream after the other, each of events that follow one another in the log.
class StreamEntries {
 public:
  explicit StreamEntries(std::function<void(std::string_view key, std::string_view value)> put)
      : put_(std::move(put)) {}

  void Add(const StoredEvent& event) {
    const bool goes_on = count_ > 0 && event.stream.str() == stream_ && event.stream_version == version_ + count_ &&
                         event.position.seq == first_.seq + count_;
    if (goes_on) {
      ++count_;
      return;
    }
    Write();
    stream_ = event.stream.str();
    first_ = event.position;
    version_ = event.stream_version;
    count_ = 1;
  }
  void Write() {
    if (count_ == 0) return;
    std::string key, value;
    AppendStreamKey(stream_, first_.origin, version_, key);
    AppendStreamValue(first_.seq, count_, value);
    put_(key, value);
    count_ = 0;
  }

 private:
  const std::function<void(std::string_view key, std::string_view value)> put_;
  std::string stream_;
  LogPosition first_;
  std::uint64_t version_ = 0, count_ = 0;
};

}  // namespace

RestoredLog::Result<std::unique_ptr<RestoredLog>> RestoredLog::Open(const std::string& path, const KeyCopyHead& keys) {
  std::unique_ptr<RestoredLog> log(new RestoredLog);
  log->keys_ = keys;
  if (auto loaded = log->Load(path); !loaded) return std::unexpected(loaded.error());
  auto database = OpenDatabase({.path = path, .on_sync_failure = SyncFailed});
  if (!database) return std::unexpected(database.error());
  log->database_ = std::move(*database);
  return log;
}

RestoredLog::Result<void> RestoredLog::Load(const std::string& path) {
  const auto log = OpenLog::Open({path, true, SyncFailed});
  if (!log) return std::unexpected(log.error());
  const auto reading = (*log)->Read();
  node_ = (*log)->origin().node;
  backup_end_ = {(*log)->origin(), (*log)->last_seq()};
  for (const Origin origin : (*log)->origins()) {
    Own& own = own_[origin.epoch];
    const bool current = origin == (*log)->origin();
    own.last = own.end = current ? (*log)->last_seq() : RangeOf(*reading.database, origin).last;
    own.relayed = std::min(RelayedIn(*reading.database, origin), own.last);
    own.seen.resize(own.last - own.relayed);
    if (current) own.heads = (*log)->recovered_heads();
  }
  const auto check = ReadValue(*reading.database, Family::kMeta, kMasterKeyCheckKey);
  if (!check) return std::unexpected("the backup's master key can not be told");
  if (keys_.position.origin.node != node_) return std::unexpected("the keys are of another node than the backup");
  const auto as_pair = [](const LogPosition& at) { return std::pair(at.origin.epoch, at.seq); };
  if (as_pair(keys_.position) < as_pair(backup_end_)) {
    return std::unexpected("the keys are older than the backup: they were copied at " + keys_.position.ToString());
  }
  if (*check && !keys_.master_key_check.empty() && **check != keys_.master_key_check) {
    return std::unexpected("the keys are wrapped by another master key than the backup knows");
  }
  return {};
}

void RestoredLog::Put(Family family, std::string_view key, std::string_view value) {
  batch_.Put(database_->family(family), ToSlice(key), ToSlice(value));
}

RestoredLog::Result<void> RestoredLog::Flush() {
  if (batch_.Count() == 0) return {};
  auto written = CommitBatch(*database_, batch_, SyncFailed);
  batch_.Clear();
  return written;
}

RestoredLog::Result<void> RestoredLog::FlushIfLarge() {
  return batch_.GetDataSize() < kMaxBatchBytes ? Result<void>() : Flush();
}

// What the copy of the keys does not know of yet.
void RestoredLog::TakeErasure(const StoredEvent& event) {
  const bool of_account = event.type == "account-removed";
  if (!of_account && event.type != "visitor-erased") return;
  const LogPosition& at = event.position;
  const bool own = at.origin.node == node_;
  const bool later =
      own ? std::pair(at.origin.epoch, at.seq) > std::pair(keys_.position.origin.epoch, keys_.position.seq)
          : event.time > keys_.at;
  if (!own && event.time > keys_.at && !of_account) erased_elsewhere_.insert(event.key);
  if (later) (of_account ? erased_accounts_ : erased_).insert(event.key);
}

RestoredLog::Result<void> RestoredLog::Take(const StoredEvent& event) {
  TakeErasure(event);
  const auto [origin, seq] = event.position;
  if (origin.node != node_) return {};
  Own& own = own_[origin.epoch];
  if (seq <= own.last) {
    if (seq > own.relayed) own.seen[seq - own.relayed - 1] = true;
    return {};
  }
  // Of an origin that the backup knows as closed there is nothing more but what an older copy of it left.
  if (origin.epoch < backup_end_.origin.epoch) return {};
  own.end = std::max(own.end, seq);
  const auto key = LogKey(event.position);
  Put(Family::kLog, {key.data(), key.size()}, EncodeRecord(event));
  return FlushIfLarge();
}

RestoredLog::Result<void> RestoredLog::FinishEvents() {
  if (auto flushed = Flush(); !flushed) return flushed;
  for (const auto& [epoch, own] : own_) {
    if (own.end == own.last) continue;
    if (auto finished = FinishOrigin({node_, epoch}, own); !finished) return finished;
  }
  return Flush();
}

RestoredLog::Result<void> RestoredLog::FinishOrigin(Origin origin, const Own& own) {
  BucketHeads heads = own.heads;
  StreamEntries entries([&](std::string_view key, std::string_view value) { Put(Family::kStream, key, value); });
  const auto iterator = database_->NewIterator(Family::kLog, rocksdb::ReadOptions());
  for (iterator->Seek(ToSlice(LogKey({origin, own.last + 1}))); iterator->Valid(); iterator->Next()) {
    const auto position = ParseLogKey(ToView(iterator->key()));
    if (!position || position->origin != origin) break;
    const auto event = DecodeRecord(*position, ToView(iterator->value()));
    if (!event)
      return std::unexpected("the topic's event " + position->ToString() + " can not be kept: " + event.error());
    if (const auto before = heads.Advance(event->bucket, position->seq, event->time); before != event->prevseq) {
      return std::unexpected("the topic has lost what stood before " + position->ToString() + ": it follows on " +
                             std::to_string(event->prevseq) + " of its bucket, and " + std::to_string(before) +
                             " is the last that is there; restore a newer backup, or without the broker");
    }
    entries.Add(*event);
    ++added_;
    if (auto flushed = FlushIfLarge(); !flushed) return flushed;
  }
  if (!iterator->status().ok()) return std::unexpected(iterator->status().ToString());
  entries.Write();
  return {};
}

RestoredLog::Result<bool> RestoredLog::PutKey(std::string_view visitor, std::string_view wrapped) {
  const std::string_view account = visitor.substr(0, visitor.find('/') + 1);
  if (erased_.contains(visitor) || erased_accounts_.contains(account)) return false;
  Put(Family::kKeys, visitor, wrapped);
  if (auto flushed = FlushIfLarge(); !flushed) return std::unexpected(flushed.error());
  return true;
}

std::uint64_t RestoredLog::not_relayed() const {
  std::uint64_t count = 0;
  for (const auto& [epoch, own] : own_) count += static_cast<std::uint64_t>(std::ranges::count(own.seen, false));
  return count;
}

std::vector<LogPosition> RestoredLog::RelayedPositions() const {
  std::vector<LogPosition> positions;
  for (const auto& [epoch, own] : own_) {
    const auto missing = std::ranges::find(own.seen, false);
    const bool all = missing == own.seen.end();
    const std::uint64_t seq = all ? own.end : own.relayed + static_cast<std::uint64_t>(missing - own.seen.begin());
    if (seq > 0) positions.push_back({{node_, epoch}, seq});
  }
  return positions;
}

RestoredLog::Result<Origin> RestoredLog::BeginEpoch(bool broker) {
  const Origin next{node_, own_.rbegin()->first + 1};
  Put(Family::kMeta, kEpochKey, Big(next.epoch));
  Put(Family::kMeta, kFormatKey, kFormat);  // of the records that were put in, whatever the backup's are
  if (broker) {
    for (const LogPosition& position : RelayedPositions()) {
      const auto key = OriginKey(position.origin);
      Put(Family::kRelay, {key.data(), key.size()}, Big(position.seq));
    }
    const RestoredRows rows{{backup_end_.origin, backup_end_.seq + 1},
                            {erased_elsewhere_.begin(), erased_elsewhere_.end()}};
    Put(Family::kMeta, kRestoredKey, EncodeRestoredRows(rows));
  }
  if (auto flushed = Flush(); !flushed) return std::unexpected(flushed.error());
  return next;
}

}  // namespace monitor
