// The relay and a broker that fails in ways of its choosing (mock_kafka.h).
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "eventstore/relay.h"
#include "tests/eventstore/mock_kafka.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class RelayFaults : public testing::Test {
 protected:
  RelayFaults() : store(OpenStore(OptionsFor(folder.path()))) {
    options.bootstrap_servers = kafka.address();
    options.partitions = 1;
  }

  static bool Becomes(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + minutes(1);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(5));  // polls with a deadline
    }
    return condition();
  }

  TemporaryFolder folder;
  MockKafka kafka;
  RelayOptions options;
  std::unique_ptr<RocksDbStore> store;
};

TEST_F(RelayFaults, ABrokerIsAwayWhileThereIsNoConnectionAndBackThoughNothingIsSent) {
  kafka.MakeTopicsOf(options);
  Relay relay(options, *store);
  ASSERT_TRUE(store->Append(RequestOf("a", 0)));
  ASSERT_TRUE(relay.Drain(minutes(1)));
  EXPECT_FALSE(relay.BrokerIsAway());
  kafka.GoDown();
  EXPECT_TRUE(Becomes([&] { return relay.BrokerIsAway(); }));
  kafka.ComeUp();
  EXPECT_TRUE(Becomes([&] { return !relay.BrokerIsAway(); }));
  EXPECT_TRUE(relay.Status().connected);
}

}  // namespace
}  // namespace monitor
