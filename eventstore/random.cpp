#include "eventstore/random.h"

#include <sodium.h>

#include <cstdlib>

#include "domain/values/hash.h"

namespace monitor {
namespace {

// Without its generator nothing here is safe; libsodium fails only where the system has none.
void StartLibrary() {
  if (sodium_init() < 0) std::abort();
}

}  // namespace

std::string RandomHex(std::size_t bytes) {
  StartLibrary();
  std::string random(bytes, '\0');
  randombytes_buf(random.data(), random.size());
  return Hex(random);
}

std::uint32_t RandomNumber() {
  StartLibrary();
  return randombytes_random();
}

VisitorId GenerateVisitorId(const AccountId& account) {
  StartLibrary();
  constexpr std::size_t kIdDigits = 32;
  std::string key = PartitionKey(account, VisitorId());
  const std::size_t id_at = key.size();
  key.append(RandomHex(kIdDigits / 2));
  // Only the last eight digits vary from try to try: 32 fresh bits each time, counted on from a random start. One in
  // 256 fits, so the rest of the id keeps 96 random bits and these some 24.
  std::uint32_t varying = randombytes_random();
  for (;; ++varying) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (std::size_t i = 0; i < 8; ++i) {
      key[id_at + kIdDigits - 8 + i] = kDigits[(varying >> (28 - 4 * i)) & 0xF];
    }
    Bucket bucket = BucketOf(key);
    if (key[id_at] == kDigits[bucket >> 4] && key[id_at + 1] == kDigits[bucket & 0xF]) break;
  }
  return VisitorId(key.substr(id_at));
}

SessionId GenerateSessionId() { return SessionId(RandomHex(16)); }

PageId GeneratePageId() {
  StartLibrary();
  std::string digits;
  digits.push_back(static_cast<char>('1' + randombytes_uniform(9)));
  std::uint32_t rest = randombytes_uniform(1'000'000'000);
  std::string nine = std::to_string(rest);
  digits.append(9 - nine.size(), '0');
  return PageId(digits + nine);
}

}  // namespace monitor
