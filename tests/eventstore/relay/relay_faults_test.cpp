// The relay and a broker that fails in ways of its choosing (mock_kafka.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "eventstore/relay/relay.h"
#include "tests/eventstore/store_fixture.h"
#include "tests/kafka/mock_kafka.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class RelayFaults : public testing::Test {
 protected:
  RelayFaults() : store(OpenStore(OptionsFor(folder.path()))) {
    options.client.bootstrap_servers = kafka.address();
    options.partitions = 1;
    for (const auto* topic :
         {&options.topics.events, &options.topics.positions, &options.topics.accounts, &options.topics.dead_letters}) {
      kafka.MakeTopic(*topic);
    }
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

TEST_F(RelayFaults, WaitsLongerAfterEachFailureAndBrieflyAgainAfterProgress) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<milliseconds> pauses;
  options.pause = [&](milliseconds pause) {
    std::lock_guard lock(mutex);
    pauses.push_back(pause);
    changed.notify_all();
  };
  const auto has_paused = [&](std::size_t times) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, minutes(1), [&] { return pauses.size() >= times; });
  };
  kafka.Refuse(3);
  ASSERT_TRUE(store->Append(RequestOf("a", 0)));
  Relay relay(options, *store);
  ASSERT_TRUE(has_paused(3));
  ASSERT_TRUE(relay.Drain(minutes(1)));
  kafka.Refuse(1);
  ASSERT_TRUE(store->Append(RequestOf("a", 1)));
  ASSERT_TRUE(has_paused(4));
  ASSERT_TRUE(relay.Drain(minutes(1)));
  std::lock_guard lock(mutex);
  EXPECT_THAT(pauses, testing::ElementsAre(milliseconds(200), milliseconds(400), milliseconds(800), milliseconds(200)));
}

}  // namespace
}  // namespace monitor
