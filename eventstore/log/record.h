// The bytes of one event in the log. This comment is the format's definition; record.cpp follows it.
//
//   bytes   field
//   1       record version, 2
//   4       CRC-32C, little-endian, over: the record's key in the log (16 bytes, keys.h), the version byte, and every
//           byte after this field. A record that sits under another key is therefore damaged, too.
//   8       prevseq, little-endian
//   8       time, ms since the Unix epoch, little-endian
//   8       version in the stream, little-endian
//   1       bucket
//   1       version of the data's schema (event_codec.h); absent in records of version 1, whose data is of version 1
//   then five texts, each a length (base-128 varint, low groups first, as in Protocol Buffers) and so many bytes:
//           type (without "monitor."), stream, key, traceparent (empty if none), data (JSON)
//
// The record ends with the last text. Numbers that only the writer knows stand first with a fixed size, so that a
// record is encoded by the thread that brings it and the writer merely fills them in.
//
// A field never changes its meaning. A new meaning is a new record version, which DecodeRecord reads beside the old
// one; tests/golden/record_v1.hex is one record of version 1, and so on. Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "eventstore/event_store.h"

namespace monitor {

constexpr std::uint8_t kRecordVersion = 2;
constexpr std::size_t kRecordHeadSize = 1 + 4 + 8 + 8 + 8 + 1 + 1;

// What the writer fills in.
struct RecordNumbers {
  LogPosition position;
  std::uint64_t prevseq = 0;
  TimeMs time;
  std::uint64_t stream_version = 0;
  Bucket bucket = 0;
};

// An event but for its numbers. The texts are views into what the caller holds.
struct RecordContent {
  std::uint8_t schema_version = 1;
  std::string_view type, stream, key, traceparent, data;
};

// Appends a record whose numbers are still missing.
void AppendUnnumberedRecord(const RecordContent& content, std::string& out);
// Fills the numbers and the checksum into `record`, which AppendUnnumberedRecord made.
void NumberRecord(const RecordNumbers& numbers, char* record, std::size_t size);

std::string EncodeRecord(const StoredEvent& event);

// Refuses whatever is not exactly a record of this position: another checksum, an unknown version, a length that does
// not fit, a bucket that is not its key's. The error says what is wrong.
std::expected<StoredEvent, std::string> DecodeRecord(LogPosition position, std::string_view record);

}  // namespace monitor
