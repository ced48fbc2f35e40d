// The copy of the visitors' keys: one file, DIR2/visitor.keys, beside no backup. It is replaced by each newer one, so
// that what was erased is nowhere (events.md section 4). The keys in it are wrapped by the master key, which is in a
// file of the operator's own and never copied.
//
// Bytes: "MonitorKeys1"; three texts: the log's position and the clock (ms, in digits) before the first key was read,
// and what tells master keys apart (visitor_keys.h; empty: not known); then for each visitor 0x01, its name
// (accountId/visitorId) and its wrapped key; then 0x00, the number of keys as a varint, and the CRC-32C of all that,
// BE4. A text is its length as a varint and its bytes. Threads: pure functions over files.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "eventstore/event_store.h"

namespace monitor {

struct KeyCopyHead {
  LogPosition position;  // of the log when the first key was read: what was erased up to there is not in the file
  TimeMs at;             // the clock then
  std::string master_key_check;
};

// Replaces `folder`'s file, synced. The error is one sentence.
std::expected<std::uint64_t, std::string> CopyKeys(const EventStore& store, const std::string& folder);

// Checks the whole file, then calls `use` for each key. The error is one sentence.
using UseKey = std::function<std::expected<void, std::string>(std::string_view visitor, std::string_view wrapped)>;
std::expected<KeyCopyHead, std::string> ReadKeyCopy(const std::string& folder, const UseKey& use);

}  // namespace monitor
