// Every hash that the outside world can recompute: buckets, revisions, draws (events.md section 3, campaigns.md 4).
// Pure; any thread, but for a generator.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "domain/values/names.h"

namespace monitor {

// Kafka's murmur2 (seed 0x9747b28c) as its default partitioner uses it, sign bit cleared.
std::uint32_t KafkaHash(std::string_view key);

// A key's bucket: the low 8 bits of KafkaHash (events.md section 3).
using Bucket = std::uint8_t;
Bucket BucketOf(std::string_view partition_key);

std::array<std::uint8_t, 32> Sha256(std::string_view bytes);
std::string Hex(std::string_view bytes);

// The first 16 hex digits of the SHA-256 of the document's bytes (campaigns.md).
Revision RevisionOf(std::string_view document);

// hash(fields…) of campaigns.md section 4: first 8 bytes, big-endian, of SHA-256 over the fields, each followed by NUL.
std::uint64_t FieldHash(std::initializer_list<std::string_view> fields);

// SipHash-2-4 without a key: tells long texts apart, cheaply, and the same for ever.
std::uint64_t ShortHash(std::string_view bytes);

// SplitMix64 (Steele, Lea, Flood 2014), the generator of all draws.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next();
  // The upper 53 bits / 2^53: uniform in [0, 1).
  double NextShare();

 private:
  std::uint64_t state_;
};

}  // namespace monitor
