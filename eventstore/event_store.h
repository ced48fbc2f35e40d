// The port to the facts that are kept: an append-only log of events with streams, and small states beside it.
//
// Durability: an append is told of after the batch that holds it was written and synced; everything of a request is
// there or nothing. A failed sync ends the process and answers nobody. (docs/decisions/group-commit.md; events.md 1.)
// Threads: every function may be called from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/hash.h"
#include "domain/values/log_position.h"
#include "domain/values/names.h"
#include "domain/values/timestamp.h"

namespace monitor {

// An event as it is kept and published. `data` is the JSON that the topic carries, byte for byte.
struct StoredEvent {
  LogPosition position;
  std::uint64_t prevseq = 0;  // the same origin's previous seq in this bucket; 0 for the first
  Bucket bucket = 0;
  TimeMs time;
  std::string type;  // without "monitor."
  std::uint8_t schema_version = 1;
  StreamName stream;
  std::uint64_t stream_version = 0;
  std::string key;  // the topic's key
  std::string traceparent;
  std::string data;
};

// Small states that are written in the same batch as the events they are folded from (keys.h).
enum class StateTable : std::uint8_t { kVisitor, kAccount, kVisitorKey, kMeta, kSession };

struct StateWrite {
  StateTable table;
  std::string key;
  std::optional<std::string> value;  // nullopt deletes
  // What is written instead if the events get another time than AppendRequest::now; empty: `value` knows no time.
  std::function<std::string(TimeMs time)> value_at = {};
};

struct NewEvent {
  std::string type;  // without "monitor."
  std::string data;
  std::uint8_t schema_version = 1;  // of the data (event_codec.h)
};

// Events of one stream, in order. `expected_version` is the stream's version before them; 0 for a new stream.
struct StreamAppend {
  StreamName stream;
  std::uint64_t expected_version = 0;
  std::vector<NewEvent> events;
};

// What one request appends: all of it or nothing. Events get consecutive sequence numbers in the order given.
struct AppendRequest {
  std::string key;  // the topic's key of all its events
  TimeMs now;       // the events' time is max(now, the log's last time)
  std::string traceparent;
  std::vector<StreamAppend> streams;
  std::vector<StateWrite> states;
};

struct Appended {
  LogPosition first;  // of the first event; with no events the log's last position
  LogPosition last;
  TimeMs time;
};

enum class StoreError : std::uint8_t {
  kConflict,     // a stream is not at the version that was expected; nothing was written
  kUnavailable,  // disk full or below the watermark, queue full, broker away, or shutting down; nothing was written
  kCorrupt,      // what is stored does not pass its checksum
  // It is written and synced here, but who must have it as well did not say so in time (kafka_ack_store.h), or memory
  // ended before it could be told of: neither "done" nor "not done" may be answered.
  kUnacknowledged,
};

struct OriginRange {
  Origin origin;
  std::uint64_t first = 1;  // the oldest seq still kept
  std::uint64_t last = 0;   // 0 if none yet
};

struct ReadOptions {
  std::size_t max_events = 1'000;
  std::size_t max_bytes = 4 << 20;  // stops after the event that reaches it
};

class EventStore {
 public:
  virtual ~EventStore() = default;

  // `done` is called once, when the request is on disk or refused: here, or on one of the store's threads, which it
  // must not keep waiting. Where memory ends it goes without a call; then the request may be on disk.
  using Done = std::move_only_function<void(std::expected<Appended, StoreError>)>;
  virtual void AppendThen(AppendRequest request, Done done) = 0;
  // The same; blocks until then.
  std::expected<Appended, StoreError> Append(AppendRequest request);

  // The clock: what a decision takes as now. Where the log is ahead of it the events' times are later.
  virtual TimeMs Now() const = 0;

  // The stream's events from `from_version` on (1 = all), of every origin, in order; no more appends than bring
  // `max_events`.
  virtual std::expected<std::vector<StoredEvent>, StoreError> ReadStream(
      const StreamName& stream, std::uint64_t from_version = 1,
      std::size_t max_events = std::numeric_limits<std::size_t>::max()) const = 0;
  // The stream's version: how many events were ever appended to it, over all origins, whether they are kept or not (of
  // a session that is over that is forgotten).
  virtual std::expected<std::uint64_t, StoreError> StreamVersion(const StreamName& stream) const = 0;
  // Names of the streams that begin with `prefix`, sorted, at most `limit`.
  virtual std::expected<std::vector<StreamName>, StoreError> StreamsWithPrefix(std::string_view prefix,
                                                                               std::size_t limit) const = 0;

  // The log from `from` on (inclusive), in order, within one origin; empty at its end. Of a seq that is no longer kept
  // the next kept one is given.
  virtual std::expected<std::vector<StoredEvent>, StoreError> ReadLog(LogPosition from, ReadOptions options) const = 0;
  // Waits until the current origin has a seq ≥ `seq`, or `max_wait` is over, or the store is shutting down; true for
  // the first.
  virtual bool WaitForSeq(std::uint64_t seq, std::chrono::milliseconds max_wait) const = 0;

  // Oldest first; the last one is the current origin.
  virtual std::vector<OriginRange> Origins() const = 0;

  virtual std::expected<std::optional<std::string>, StoreError> ReadState(StateTable table,
                                                                          std::string_view key) const = 0;
  // Key and value of every state whose key begins with `prefix`, by key, from `after` (exclusive, "" = start) on.
  virtual std::expected<std::vector<std::pair<std::string, std::string>>, StoreError> ReadStates(
      StateTable table, std::string_view prefix, std::size_t limit, std::string_view after = {}) const = 0;

  // True while appends are expected to succeed (disk above the watermark, no write error outstanding).
  virtual bool Writable() const = 0;
};

}  // namespace monitor
