// The secret that webhooks are signed with, as Standard Webhooks say (standardwebhooks.com); libsodium's HMAC is named
// in webhook_key.cpp only. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

class WebhookKey {
 public:
  // "whsec_" and 24 to 64 bytes in base64. nullopt: it is none.
  static std::optional<WebhookKey> Parse(std::string_view secret);

  // The value of `webhook-signature`: "v1,<base64>" of "id.timestamp.body".
  std::string Sign(std::string_view id, std::int64_t timestamp_s, std::string_view body) const;

 private:
  explicit WebhookKey(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

}  // namespace monitor
