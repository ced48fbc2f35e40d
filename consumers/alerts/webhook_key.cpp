#include "consumers/alerts/webhook_key.h"

#include <sodium.h>

#include <array>
#include <utility>

namespace monitor {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kLeastBytes = 24, kMostBytes = 64;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::optional<WebhookKey> WebhookKey::Parse(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::nullopt;
  secret.remove_prefix(kPrefix.size());
  std::string bytes(kMostBytes, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), secret.data(),
                                       secret.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0 || end != secret.data() + secret.size() || size < kLeastBytes) return std::nullopt;
  bytes.resize(size);
  return WebhookKey(std::move(bytes));
}

std::string WebhookKey::Sign(std::string_view id, std::int64_t timestamp_s, std::string_view body) const {
  const std::string head = std::string(id) + '.' + std::to_string(timestamp_s) + '.';
  crypto_auth_hmacsha256_state state;
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> hash;
  crypto_auth_hmacsha256_init(&state, Bytes(bytes_), bytes_.size());
  crypto_auth_hmacsha256_update(&state, Bytes(head), head.size());
  crypto_auth_hmacsha256_update(&state, Bytes(body), body.size());
  crypto_auth_hmacsha256_final(&state, hash.data());
  std::array<char, sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL)> text;
  sodium_bin2base64(text.data(), text.size(), hash.data(), hash.size(), sodium_base64_VARIANT_ORIGINAL);
  return std::string("v1,") + text.data();
}

}  // namespace monitor
