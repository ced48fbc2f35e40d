// RocksDB's write-ahead log taken apart: its fragments, and the events in its records.
//
// Format: RocksDB wiki, "Write Ahead Log File Format" (blocks of 32 KiB; checksum, length, type, payload). A record is
// one fragment or several, and holds one batch of writes. Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "eventstore/event_store.h"

namespace monitor {

constexpr std::size_t kWalHeaderSize = 7;

enum class WalFragmentType : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

struct WalFragment {
  WalFragmentType type;
  std::string_view payload;
  std::size_t end;  // byte behind it
};

// Where the block ends in which byte `at` is.
std::size_t WalBlockEnd(std::size_t at);
// Whether the checksum at `at` is that of a fragment with so long a payload.
bool HasWalChecksum(std::string_view bytes, std::size_t at, std::size_t length);
// The fragment that begins at `at`, if it is whole and its checksum holds.
std::optional<WalFragment> ReadWalFragment(std::string_view bytes, std::size_t at);

// Every event of the whole records of a log that begin at byte `from` or behind it, in order, over damaged places.
void ForEachWalEvent(std::string_view bytes, std::size_t from, const std::function<void(StoredEvent&&)>& take);

}  // namespace monitor
