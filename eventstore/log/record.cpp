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
constexpr std::size_t kSchemaAt = 30;
static_assert(kSchemaAt + 1 == kRecordHeadSize);

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

void AppendUnnumberedRecord(const RecordContent& content, std::string& out) {
  out.append(kRecordHeadSize - 1, '\0');
  out.push_back(static_cast<char>(content.schema_version));
  for (std::string_view text : {content.type, content.stream, content.key, content.traceparent, content.data}) {
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
  AppendUnnumberedRecord(
      {event.schema_version, event.type, event.stream.str(), event.key, event.traceparent, event.data}, record);
  NumberRecord({event.position, event.prevseq, event.time, event.stream_version, event.bucket}, record.data(),
               record.size());
  return record;
}

std::expected<StoredEvent, std::string> DecodeRecord(LogPosition position, std::string_view record) {
  const std::size_t head = !record.empty() && record[0] == '\1' ? kSchemaAt : kRecordHeadSize;
  if (record.size() < head) return std::unexpected("record is shorter than its head");
  const auto version = static_cast<std::uint8_t>(record[0]);
  if (version < 1 || version > kRecordVersion) {
    return std::unexpected("record version " + std::to_string(version) + " is unknown");
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
  if (version > 1) event.schema_version = static_cast<std::uint8_t>(record[kSchemaAt]);

  std::string_view rest = record.substr(head);
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
