#include "consumers/alerts/webhook_key.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

// The example that the libraries of Standard Webhooks test themselves with.
TEST(WebhookKey, SignsAsStandardWebhooksSay) {
  const auto key = WebhookKey::Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookKey, IsWhsecAnd24To64Bytes) {
  const auto of = [](std::size_t groups) { return "whsec_" + std::string(4 * groups, 'A'); };  // of 3 bytes
  EXPECT_TRUE(WebhookKey::Parse(of(8)));
  EXPECT_TRUE(WebhookKey::Parse(of(21)));
  for (const std::string& none : {std::string(), std::string("whsec_"), of(7), of(22), of(8).substr(6), of(8) + " ",
                                  of(8) + "!", "whsec_" + std::string(32, '-')}) {
    EXPECT_FALSE(WebhookKey::Parse(none)) << none;
  }
}

}  // namespace
}  // namespace monitor
