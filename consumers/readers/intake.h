// The readers' rules (events.md section 3): every event is folded exactly once and in its bucket's order, whatever the
// source gives twice, late or with a hole.
//
// A hole holds its bucket: what follows is kept aside (bounded) until the missing events come, and the offset from
// which the source must be read again stays below. So does an event of a type that this program does not know: noted
// as seen, it would never be counted; the program after an upgrade reads it again, and all that followed. Only an
// operator may skip either (`skip_missing`). Log and topic share this code and the state, so they may be exchanged.
// Threads: the reader's only; counters may be read from any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "consumers/view/cloud_event_reader.h"
#include "consumers/view/view_store.h"

namespace monitor {

// An event and where it came from: `channel` is a partition of the topic or an origin of the log, `offset` counts in
// it.
struct Arrival {
  SourceEvent event;
  std::string channel;
  std::int64_t offset = 0;
  bool from_start = true;  // the channel still begins with its first event ever
  std::string key, value;  // of a message whose event is unreadable: for the dead letters
};

struct IntakeOptions {
  std::size_t max_held_bytes = 128 << 20;  // events kept aside; beyond that the source has to be read again
  bool skip_missing = false;
  // An event that can not be read, with the reason: for the dead letters.
  std::function<void(const Arrival&, const std::string& reason)> unreadable = [](const Arrival&, const std::string&) {};
  // A bucket began to be held at this event, which follows one that is missing or is of an unknown type, or such an
  // event was skipped: for the alarm.
  std::function<void(const Arrival&)> gap = [](const Arrival&) {};
  // The bucket (of this origin) is held no more, or is another reader's now.
  std::function<void(const std::string& origin, Bucket)> closed = [](const std::string&, Bucket) {};
};

enum class Taken : std::uint8_t { kCounted, kDuplicate, kHeld };

struct IntakeCounters {
  std::atomic<std::uint64_t> counted{0}, duplicates{0}, unreadable{0}, gaps{0}, skipped{0};
  std::atomic<std::uint64_t> held_buckets{0}, held_events{0}, held_bytes{0};  // events: those that are kept
};

class Intake {
 public:
  Intake(ViewStore& store, IntakeOptions options);  // store must outlive it

  // The error is the store's: Forget, discard the store's batch and read again from the committed offsets.
  std::expected<Taken, std::string> Take(Arrival arrival);

  // From where a channel that was read up to `next` (exclusive) must be read after a restart. Asked for each event: its
  // cost does not grow with what is held.
  std::int64_t SafeOffset(const std::string& channel, std::int64_t next) const;
  // True once after a hole was closed whose followers were too many to keep: the channel has to be read again from
  // its safe offset, which this tells.
  std::optional<std::int64_t> TakeRewind(const std::string& channel);
  // Drops what is kept aside: of one channel (it was taken away), or of all.
  void Forget(const std::string& channel);
  void Forget();

  // A message that was not even an event.
  void CountUnreadable() { ++counters_.unreadable; }
  const IntakeCounters& counters() const { return counters_; }

 private:
  using Line = std::pair<std::string, Bucket>;  // origin and bucket: what is numbered by prevseq
  struct Kept {
    Arrival arrival;
    std::size_t bytes;
  };
  struct Dropped {  // the least of each
    std::int64_t offset;
    std::uint64_t seq;
  };
  struct Held {
    std::string channel;
    std::map<std::uint64_t, Kept> by_seq;
    // Set by the first that was not kept. What comes after it is not kept either: it has to be read again anyway.
    std::optional<Dropped> dropped;
  };
  using Offsets = std::multiset<std::int64_t>;

  bool IsNext(const Arrival& arrival, std::optional<std::uint64_t> highest) const;
  std::expected<void, std::string> Count(const Arrival& arrival);
  std::expected<void, std::string> CountFollowers(const Line& line);
  void Hold(Arrival arrival);
  void Drop(Held& held, const Arrival& arrival);
  void Release(Held& held, std::map<std::uint64_t, Kept>::iterator kept);
  void Close(std::map<Line, Held>::iterator entry);
  void ForgetOffset(const std::string& channel, std::int64_t offset);
  void RewindTo(const std::string& channel, std::int64_t offset);
  void UpdateGauges();

  ViewStore& store_;
  const IntakeOptions options_;
  std::map<Line, Held> held_;
  // Of each channel that has any: the offsets of what is kept, and of each line's first that was dropped.
  std::map<std::string, Offsets> held_offsets_;
  std::size_t held_events_ = 0, held_bytes_ = 0;
  std::map<std::string, std::int64_t> rewinds_;
  IntakeCounters counters_;
};

}  // namespace monitor
