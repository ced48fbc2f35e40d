#include "domain/values/hash.h"

#include <sodium/crypto_hash_sha256.h>
#include <sodium/crypto_shorthash_siphash24.h>

#include "domain/values/bytes.h"

namespace monitor {
namespace {

std::uint32_t LittleEndian(std::string_view bytes) {
  auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  return at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24;
}

// org.apache.kafka.common.utils.Utils.murmur2, in Java's wrapping arithmetic.
std::uint32_t Murmur2(std::string_view data) {
  constexpr std::uint32_t kMultiplier = 0x5bd1e995;
  std::uint32_t h = 0x9747b28cu ^ static_cast<std::uint32_t>(data.size());
  for (; data.size() >= 4; data.remove_prefix(4)) {
    std::uint32_t k = LittleEndian(data) * kMultiplier;
    k = (k ^ k >> 24) * kMultiplier;
    h = h * kMultiplier ^ k;
  }
  if (!data.empty()) {
    for (std::size_t i = 0; i < data.size(); ++i) {
      h ^= static_cast<std::uint32_t>(static_cast<unsigned char>(data[i])) << (8 * i);
    }
    h *= kMultiplier;
  }
  h = (h ^ h >> 13) * kMultiplier;
  return h ^ h >> 15;
}

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::uint32_t KafkaHash(std::string_view key) { return Murmur2(key) & 0x7fffffffu; }

Bucket BucketOf(std::string_view partition_key) { return static_cast<Bucket>(KafkaHash(partition_key)); }

std::array<std::uint8_t, 32> Sha256(std::string_view bytes) {
  std::array<std::uint8_t, 32> digest;
  crypto_hash_sha256(digest.data(), Bytes(bytes), bytes.size());
  return digest;
}

std::uint64_t ShortHash(std::string_view bytes) {
  constexpr std::array<unsigned char, crypto_shorthash_siphash24_KEYBYTES> kNoKey{};
  std::array<char, crypto_shorthash_siphash24_BYTES> digest;
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(digest.data()), Bytes(bytes), bytes.size(),
                             kNoKey.data());
  return LoadLittle<std::uint64_t>(digest.data());
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

Revision RevisionOf(std::string_view document) {
  auto digest = Sha256(document);
  return Revision(Hex({reinterpret_cast<const char*>(digest.data()), 8}));
}

std::uint64_t FieldHash(std::initializer_list<std::string_view> fields) {
  constexpr unsigned char kNul = 0;
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (std::string_view field : fields) {
    crypto_hash_sha256_update(&state, Bytes(field), field.size());
    crypto_hash_sha256_update(&state, &kNul, 1);
  }
  std::array<std::uint8_t, 32> digest;
  crypto_hash_sha256_final(&state, digest.data());
  std::uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = hash << 8 | digest[i];
  return hash;
}

std::uint64_t SplitMix64::Next() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

double SplitMix64::NextShare() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

}  // namespace monitor
