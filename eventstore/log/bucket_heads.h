// The newest sequence number of every bucket: what the next event of a bucket names as its prevseq (events.md section
// 3).
//
// Kept by the writer in memory, checkpointed among the events every few thousand of them, and brought up to date at
// open by reading the events since. A value type; not thread-safe.
//
// Checkpoint bytes: seq BE8, time in ms BE8, 256 × BE8 the buckets' newest seq (0 = none), CRC-32C of all that BE4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/event_store.h"

namespace monitor {

struct BucketHeads {
  std::uint64_t seq = 0;  // everything up to here is counted in
  TimeMs time{};          // of that event
  std::array<std::uint64_t, 256> newest{};

  // Counts the next event in and returns its prevseq.
  std::uint64_t Advance(Bucket bucket, std::uint64_t event_seq, TimeMs event_time);

  std::string Encode() const;
  static std::optional<BucketHeads> Decode(std::string_view bytes);  // nullopt: damaged
};

}  // namespace monitor
