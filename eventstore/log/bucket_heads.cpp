#include "eventstore/log/bucket_heads.h"

#include <utility>

#include "domain/values/bytes.h"
#include "eventstore/log/crc32c.h"

namespace monitor {
namespace {

constexpr std::size_t kBodySize = 8 + 8 + 256 * 8;

}  // namespace

std::uint64_t BucketHeads::Advance(Bucket bucket, std::uint64_t event_seq, TimeMs event_time) {
  seq = event_seq;
  time = event_time;
  return std::exchange(newest[bucket], event_seq);
}

std::string BucketHeads::Encode() const {
  std::string bytes;
  bytes.reserve(kBodySize + 4);
  AppendBig(seq, bytes);
  AppendBig(static_cast<std::uint64_t>(ToUnixMs(time)), bytes);
  for (std::uint64_t value : newest) AppendBig(value, bytes);
  AppendBig(Crc32c(bytes), bytes);
  return bytes;
}

std::optional<BucketHeads> BucketHeads::Decode(std::string_view bytes) {
  if (bytes.size() != kBodySize + 4) return std::nullopt;
  if (LoadBig<std::uint32_t>(bytes.data() + kBodySize) != Crc32c(bytes.substr(0, kBodySize))) return std::nullopt;
  BucketHeads heads;
  heads.seq = LoadBig<std::uint64_t>(bytes.data());
  heads.time = FromUnixMs(static_cast<std::int64_t>(LoadBig<std::uint64_t>(bytes.data() + 8)));
  for (std::size_t i = 0; i < heads.newest.size(); ++i) {
    heads.newest[i] = LoadBig<std::uint64_t>(bytes.data() + 16 + 8 * i);
  }
  return heads;
}

}  // namespace monitor
