#include "eventstore/replay/replay_log.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "eventstore/account_events.h"
#include "eventstore/keys/key_ring.h"
#include "eventstore/log/keys.h"

namespace monitor {
namespace {

constexpr std::size_t kEventsAtOnce = 16;  // of an account, whose documents are large
constexpr std::size_t kMaxStreams = std::numeric_limits<std::size_t>::max();

class LogReplay {
 public:
  LogReplay(const EventStore& store, const MasterKey& master_key, const ReplayLogOptions& options, Replayer& replayer)
      : store_(store), options_(options), replayer_(replayer), keys_(store, master_key) {
    if (options.account) wanted_prefix_ = PartitionKey(*options.account, VisitorId());
  }

  // What accounts' streams tell of before the log's beginning: documents and skills that its first requests met.
  std::expected<void, ReplayLogError> ReadAccountsBefore(const std::vector<OriginRange>& origins) {
    const auto streams = store_.StreamsWithPrefix(kAccountStreams, kMaxStreams);
    if (!streams) return Failed(streams.error(), "the accounts' streams cannot be read");
    for (const StreamName& stream : *streams) {
      for (std::uint64_t version = 1;; version += kEventsAtOnce) {
        const auto events = store_.ReadStream(stream, version, kEventsAtOnce);
        if (!events) return Failed(events.error(), stream.str() + ": cannot be read");
        for (const StoredEvent& stored : *events) {
          if (IsKept(origins, stored.position)) continue;
          if (auto taken = Take(stored); !taken) return taken;
        }
        if (events->size() < kEventsAtOnce) break;
      }
    }
    return {};
  }

  std::expected<void, ReplayLogError> Read(const OriginRange& range) {
    LogPosition next{range.origin, range.first};
    while (next.seq <= range.last) {
      if (!options_.go_on(read_)) return Failed(StoreError::kUnavailable, "interrupted at " + next.ToString());
      auto events = store_.ReadLog(next, {});
      if (!events) return Failed(events.error(), next.ToString() + ": the log cannot be read from here");
      if (events->empty()) break;
      for (const StoredEvent& stored : *events) {
        if (stored.position.seq > range.last) break;  // came while reading
        if (auto taken = Take(stored); !taken) return taken;
        ++read_;
      }
      next.seq = events->back().position.seq + 1;
    }
    return {};
  }

 private:
  static bool IsKept(const std::vector<OriginRange>& origins, LogPosition position) {
    return std::ranges::any_of(origins, [&](const OriginRange& range) {
      return range.origin == position.origin && position.seq >= range.first;
    });
  }

  static std::unexpected<ReplayLogError> Failed(StoreError code, std::string message) {
    return std::unexpected(ReplayLogError{code, std::move(message)});
  }

  std::expected<void, ReplayLogError> Take(const StoredEvent& stored) {
    if (!stored.key.starts_with(wanted_prefix_)) return {};
    if (IsOfAccount(stored)) return TakeOfAccount(stored);
    const WatchedCipher cipher(keys_.Of(stored.key));
    auto event = DecodeEventData({stored.type, stored.schema_version}, stored.data, cipher);
    if (!event) {
      return Failed(StoreError::kCorrupt,
                    stored.position.ToString() + ": " + stored.type + ": " + event.error().message);
    }
    replayer_.Take({stored.position.ToString(), stored.time, *std::move(event), !cipher.failed(), 0});
    return {};
  }

  std::expected<void, ReplayLogError> TakeOfAccount(const StoredEvent& stored) {
    auto event = ReadAccountEvent(stored);
    if (!event) return Failed(StoreError::kCorrupt, event.error());
    replayer_.Take({stored.position.ToString(), stored.time, *std::move(event), true, AccountVersion(stored)});
    return {};
  }

  // The log counts a stream's versions anew for each origin.
  std::uint64_t AccountVersion(const StoredEvent& stored) {
    AccountStreamEnd& end = account_streams_[stored.stream.str()];
    if (end.origin != stored.position.origin) end = {stored.position.origin, end.length, 0};
    end.length += stored.stream_version - end.version;
    end.version = stored.stream_version;
    return end.length;
  }

  struct AccountStreamEnd {
    Origin origin;
    std::uint64_t length = 0;   // over all origins
    std::uint64_t version = 0;  // in this one
  };

  const EventStore& store_;
  const ReplayLogOptions& options_;
  Replayer& replayer_;
  std::string wanted_prefix_;  // of partition keys; empty: all
  std::uint64_t read_ = 0;
  KeyRing keys_;
  std::unordered_map<std::string, AccountStreamEnd> account_streams_;
};

}  // namespace

std::expected<LogPosition, ReplayLogError> ReplayLog(const EventStore& store, const MasterKey& master_key,
                                                     const ReplayLogOptions& options, Replayer& replayer) {
  LogReplay replay(store, master_key, options, replayer);
  const auto origins = store.Origins();
  if (auto read = replay.ReadAccountsBefore(origins); !read) return std::unexpected(read.error());
  for (const OriginRange& range : origins) {
    if (auto read = replay.Read(range); !read) return std::unexpected(read.error());
  }
  replayer.Finish();
  return origins.empty() ? LogPosition{} : LogPosition{origins.front().origin, origins.front().first};
}

}  // namespace monitor
