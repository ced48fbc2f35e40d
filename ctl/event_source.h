// Where monitorctl reads a node's events: in the folder of a stopped one, or of a running one by its admin API. Both
// give the same lines. For the main thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.h"
#include "domain/values/log_position.h"
#include "domain/values/timestamp.h"
#include "eventstore/event_store.h"
#include "eventstore/log/rocksdb_store.h"

namespace monitor::ctl {

struct EventLine {
  LogPosition position;
  TimeMs time;
  std::string type;  // without "monitor."
  std::string stream;
  std::string text;  // the CloudEvent as JSON, without line end
};

// A stream's account; empty: of the node itself.
std::string_view AccountOf(std::string_view stream);

struct SourceError {
  std::string message;  // one sentence
  // The node did not answer, or not now: ask again.
  bool may_pass = false;
};

class EventSource {
 public:
  virtual ~EventSource() = default;
  // What there is now, oldest origin first; the last one is the current one. Never empty.
  virtual std::expected<std::vector<OriginRange>, SourceError> Origins() = 0;
  // The events from there on, at most so many, over the ends of closed origins; fewer are not yet the end, none is. A
  // running node waits so long for the first.
  virtual std::expected<std::vector<EventLine>, SourceError> Read(LogPosition from, std::uint64_t max_events,
                                                                  int wait_ms) = 0;
};

// Where the log is: monitord's data folder, or the log's own folder in it.
std::string LogFolder(const std::string& data);
// The log of a stopped node, for looking at only.
std::expected<std::unique_ptr<RocksDbStore>, std::string> OpenStoppedNode(const std::string& data);

// What an event's line holds instead of the data that is stored.
using DataReader = std::function<std::string(const StoredEvent&)>;

std::unique_ptr<EventSource> RunningNode(const CommonOptions& options);
// `store` must outlive it. `data`, named in messages, is the folder; an empty `read_data` gives what is stored.
std::unique_ptr<EventSource> StoppedNode(const RocksDbStore& store, std::string data, DataReader read_data = {});

// Who reads it all tells of the progress once for so many events.
constexpr std::uint64_t kProgressEvents = 1'000;

// Gives `take` every event from `from` to `end`, oldest first, until it says false or Ctrl-C comes.
std::expected<void, SourceError> ForEachEvent(EventSource& source, LogPosition from, LogPosition end,
                                              const std::function<bool(EventLine&&)>& take);

// The log's end, seen from a source's origins: what has this position or a smaller one was there.
LogPosition EndOf(const std::vector<OriginRange>& origins);

}  // namespace monitor::ctl
