#include "api/kafka_ack_store.h"

#include <gtest/gtest.h>

#include "tests/api/node_fixture.h"

namespace monitor {
namespace {

AppendRequest OneEvent() {
  AppendRequest request;
  request.key = "demo/";
  request.streams.push_back({StreamName("account/demo"), 0, {{"account-configured", "{}"}}});
  return request;
}

TEST(KafkaAckStore, WritesNothingOnceItWasStopped) {
  StoreFolder folder;
  RelayOptions options;
  options.bootstrap_servers = "127.0.0.1:1";  // nobody there
  const Relay relay(std::move(options), folder.store());
  KafkaAckStore store(folder.store(), relay);
  store.Stop();
  EXPECT_EQ(store.Append(OneEvent()).error(), StoreError::kUnavailable);
  EXPECT_EQ(store.waiting(), 0);
  EXPECT_EQ(folder.store().Origins().back().last, 0u);
}

}  // namespace
}  // namespace monitor
