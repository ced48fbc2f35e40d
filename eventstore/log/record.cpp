#include "eventstore/log/record.h"

#include <array>

#include "domain/values/bytes.h"
#include "eventstore/log/crc32c.h"
#include "eventstore/log/keys.h"

namespace monitor {
namespace {

constexpr std::size_t kCrcAt = 1;
constexpr std::size_t kPrevseqAt = 5;
constexpr std::size_t kTimeAt = 13;
constexpr std::size_t kStreamVersionAt = 21;
constexpr std::size_t kBucketAt = 29;
static_assert(kBucketAt + 1 == kRecordHeadSize);

void AppendText(std::string_view text, std::string& out) {
  AppendVarint(text.size(), out);
  out.append(text);
}

bool TakeText(std::string_view& in, std::string& text) {
  auto size = TakeVarint(in);
  if (!size || *size > in.size()) return false;
  text.assign(in.substr(0, *size));
  in.remove_prefix(*size);
  return true;
}

std::uint32_t Checksum(LogPosition position, std::string_view record) {
  auto key = LogKey(position);
  std::uint32_t crc = Crc32c(std::string_view(key.data(), key.size()));
  crc = Crc32c(record.substr(0, kCrcAt), crc);
  return Crc32c(record.substr(kPrevseqAt), crc);
}

}  // namespace

void AppendUnnumberedRecord(const RecordTexts& texts, std::string& out) {
  out.append(kRecordHeadSize, '\0');
  for (std::string_view text : {texts.type, texts.stream, texts.key, texts.traceparent, texts.data}) {
    AppendText(text, out);
  }
}

void NumberRecord(const RecordNumbers& numbers, char* record, std::size_t size) {
  record[0] = static_cast<char>(kRecordVersion);
  StoreLittle<std::uint64_t>(numbers.prevseq, record + kPrevseqAt);
  StoreLittle<std::uint64_t>(static_cast<std::uint64_t>(ToUnixMs(numbers.time)), record + kTimeAt);
  StoreLittle<std::uint64_t>(numbers.stream_version, record + kStreamVersionAt);
  record[kBucketAt] = static_cast<char>(numbers.bucket);
  StoreLittle<std::uint32_t>(Checksum(numbers.position, {record, size}), record + kCrcAt);
}

std::string EncodeRecord(const StoredEvent& event) {
  std::string record;
  AppendUnnumberedRecord({event.type, event.stream.str(), event.key, event.traceparent, event.data}, record);
  NumberRecord({event.position, event.prevseq, event.time, event.stream_version, event.bucket}, record.data(),
               record.size());
  return record;
}

std::expected<StoredEvent, std::string> DecodeRecord(LogPosition position, std::string_view record) {
  if (record.size() < kRecordHeadSize) return std::unexpected("record is shorter than its head");
  if (static_cast<std::uint8_t>(record[0]) != kRecordVersion) {
    return std::unexpected("record version " + std::to_string(static_cast<std::uint8_t>(record[0])) + " is unknown");
  }
  if (LoadLittle<std::uint32_t>(record.data() + kCrcAt) != Checksum(position, record)) {
    return std::unexpected("checksum does not match");
  }
  StoredEvent event;
  event.position = position;
  event.prevseq = LoadLittle<std::uint64_t>(record.data() + kPrevseqAt);
  event.time = FromUnixMs(static_cast<std::int64_t>(LoadLittle<std::uint64_t>(record.data() + kTimeAt)));
  event.stream_version = LoadLittle<std::uint64_t>(record.data() + kStreamVersionAt);
  event.bucket = static_cast<Bucket>(record[kBucketAt]);

  std::string_view rest = record.substr(kRecordHeadSize);
  std::string stream;
  for (std::string* text : {&event.type, &stream, &event.key, &event.traceparent, &event.data}) {
    if (!TakeText(rest, *text)) return std::unexpected("a length does not fit");
  }
  if (!rest.empty()) return std::unexpected("bytes after the last field");
  event.stream = StreamName(std::move(stream));
  if (event.bucket != BucketOf(event.key)) return std::unexpected("bucket is not its key's");
  return event;
}

}  // namespace monitor
