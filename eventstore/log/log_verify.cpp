// Every event of the log against every rule of events.md section 1 and 3, an account's also whether it can be read,
// every stream entry against the log, and every table against its checksums.
#include <array>
#include <limits>
#include <optional>

#include "eventstore/account_events.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/log_reader.h"
#include "eventstore/log/record.h"

namespace monitor {
namespace {

constexpr std::uint64_t kProgressEvents = 10'000;
constexpr std::uint64_t kAllBytes = std::numeric_limits<std::uint64_t>::max();

std::unexpected<std::string> Fault(const std::string& place, const std::string& what) {
  return std::unexpected(place + ": " + what);
}

std::string NameOf(const StreamEntry& entry) {
  return std::string(entry.stream) + " version " + std::to_string(entry.first_version) + " of " +
         entry.origin.ToString();
}

// One origin's events in order: what each may say given those before it.
class OriginCheck {
 public:
  // `closed`: an epoch that is over may have holes in seq, but never in prevseq (events.md section 3).
  OriginCheck(Origin origin, bool closed) : origin_(origin), closed_(closed) {}

  std::expected<void, std::string> Next(const StoredEvent& event) {
    std::string place = event.position.ToString();
    if (last_seq_ == 0) trimmed_ = event.position.seq > 1;
    if (!closed_ && last_seq_ != 0 && event.position.seq != last_seq_ + 1) {
      return Fault(place, "events are missing before it, the last is " + std::to_string(last_seq_));
    }
    std::uint64_t& newest = newest_[event.bucket];
    bool first_of_trimmed = newest == 0 && trimmed_;
    if (event.prevseq != newest && !first_of_trimmed) {
      return Fault(place, "prevseq is " + std::to_string(event.prevseq) + ", not " + std::to_string(newest));
    }
    if (event.time < last_time_) return Fault(place, "its time is before the previous event's");
    newest = event.position.seq;
    last_seq_ = event.position.seq;
    last_time_ = event.time;
    return {};
  }

 private:
  Origin origin_;
  bool closed_;
  bool trimmed_ = false;
  std::uint64_t last_seq_ = 0;
  TimeMs last_time_{};
  std::array<std::uint64_t, 256> newest_{};
};

std::expected<std::uint64_t, std::string> VerifyEvents(const Database& database, const std::vector<Origin>& origins,
                                                       const std::function<void(std::uint64_t)>& progress) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  auto iterator = database.NewIterator(Family::kLog, options);
  const LogStart& start = database.start();
  std::uint64_t count = 0;
  LogPosition last{origins.front(), 0};
  std::size_t current = 0;
  std::optional<OriginCheck> check;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    auto position = ParseLogKey(ToView(iterator->key()));
    if (!position) return Fault("log", "a key is malformed");
    while (current < origins.size() && origins[current] != position->origin) {
      ++current;
      check.reset();
    }
    if (current == origins.size()) return Fault(position->ToString(), "not an origin of this log");
    if (!start.Keeps(*position)) continue;  // dropped: its table is still to be rewritten
    if (!check) check.emplace(position->origin, current + 1 < origins.size());
    auto event = DecodeRecord(*position, ToView(iterator->value()));
    if (!event) return Fault(position->ToString(), event.error());
    if (auto next = check->Next(*event); !next) return std::unexpected(next.error());
    if (IsOfAccount(*event)) {
      if (auto read = ReadAccountEvent(*event); !read) return std::unexpected(read.error());
    }
    last = *position;
    if (++count % kProgressEvents == 0 && progress) progress(count);
  }
  if (!iterator->status().ok()) return Fault("log, after " + last.ToString(), iterator->status().ToString());
  return count;
}

// The events that an entry of the stream family names. False: they are no longer kept.
std::expected<bool, std::string> VerifyEntry(rocksdb::Iterator& log, const StreamEntry& entry) {
  log.Seek(ToSlice(LogKey({entry.origin, entry.first_seq})));
  for (std::uint64_t i = 0; i < entry.count; ++i, log.Next()) {
    LogPosition position{entry.origin, entry.first_seq + i};
    if (!log.Valid() || ParseLogKey(ToView(log.key())) != position) return false;
    auto event = DecodeRecord(position, ToView(log.value()));
    if (!event) return Fault(position.ToString(), event.error());
    if (event->stream.str() != entry.stream || event->stream_version != entry.first_version + i) {
      return Fault(position.ToString(), "it is not what its stream's entry says: " + NameOf(entry));
    }
  }
  return true;
}

// What is kept for itself of an account's events before the log's beginning.
std::expected<void, std::string> VerifyKeptEntry(const Database& database, const StreamEntry& entry) {
  if (!entry.stream.starts_with(kAccountStreams)) return {};
  for (std::uint64_t i = 0; i < entry.count; ++i) {
    const LogPosition position{entry.origin, entry.first_seq + i};
    const auto record = ReadValue(database, Family::kAccount, AccountEventKey(position));
    if (!record || !*record) return Fault(position.ToString(), "an account's event is missing: " + NameOf(entry));
    const auto event = DecodeRecord(position, **record);
    if (!event) return Fault(position.ToString(), event.error());
    if (event->stream.str() != entry.stream || event->stream_version != entry.first_version + i) {
      return Fault(position.ToString(), "it is not what its stream's entry says: " + NameOf(entry));
    }
    if (auto read = ReadAccountEvent(*event); !read) return std::unexpected(read.error());
  }
  return {};
}

// Every entry leads to its events, versions have no gaps, and together they name every event once.
std::expected<void, std::string> VerifyStreams(const Database& database, std::uint64_t events) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  auto entries = database.NewIterator(Family::kStream, options);
  auto log = database.NewIterator(Family::kLog, options);
  std::string stream;
  Origin origin;
  std::uint64_t last_version = 0, named = 0;
  for (entries->SeekToFirst(); entries->Valid(); entries->Next()) {
    auto entry = ParseStreamEntry(ToView(entries->key()), ToView(entries->value()));
    if (!entry) return Fault("stream", "an entry is malformed");
    const bool dropped = !database.start().Keeps(entry->last());
    // Of a session's dropped entries RocksDB has dropped some here and there already.
    if (dropped && entry->stream.starts_with(kSessionStreams)) continue;
    bool continues = entry->stream == stream && entry->origin == origin;
    if (continues && entry->first_version != last_version + 1) return Fault(NameOf(*entry), "versions are missing");
    const bool trimmed = database.start().FirstOf(entry->origin) > 1;
    if (!continues && entry->first_version != 1 && !trimmed) {
      return Fault(NameOf(*entry), "earlier versions are missing");
    }
    stream.assign(entry->stream);
    origin = entry->origin;
    last_version = entry->last_version();
    if (dropped) {
      if (auto kept = VerifyKeptEntry(database, *entry); !kept) return kept;
      continue;
    }
    auto kept = VerifyEntry(*log, *entry);
    if (!kept) return std::unexpected(kept.error());
    if (!*kept) return Fault(NameOf(*entry), "its events are missing");
    named += entry->count;
  }
  if (!entries->status().ok()) return Fault("stream", entries->status().ToString());
  if (named != events) {
    return Fault("stream",
                 "entries name " + std::to_string(named) + " events, the log holds " + std::to_string(events));
  }
  return {};
}

}  // namespace

std::expected<std::uint64_t, std::string> VerifyLog(const Database& database, const std::vector<Origin>& origins,
                                                    const std::function<void(std::uint64_t)>& progress) {
  auto events = VerifyEvents(database, origins, progress);
  if (!events) return events;
  if (auto streams = VerifyStreams(database, *events); !streams) return std::unexpected(streams.error());
  // What was not read on the way: snapshots, keys, positions.
  if (auto tables = CheckTables(database, kAllBytes); !tables) return std::unexpected(tables.error());
  return events;
}

}  // namespace monitor
