// Against a real broker, as relay_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "eventstore/random.h"
#include "eventstore/relay/relay.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

// A closed origin's events are not read again when the log is opened: the relay may be the first to meet their damage.
TEST(KafkaRelayOfADamagedLog, StopsAtTheDamageAndNamesItsPlace) {
  const char* address = std::getenv("MONITOR_TEST_KAFKA");
  if (!address) GTEST_SKIP() << "MONITOR_TEST_KAFKA names no broker; ./test kafka starts one";
  const TemporaryFolder folder;
  Origin closed;
  {
    const auto store = OpenStore(OptionsFor(folder.path()));
    ASSERT_TRUE(store->Append(RequestOf("a", 0, 9)));
    closed = store->Origins().back().origin;
  }
  BeginEpoch(folder.path(), closed.epoch + 1);
  {
    const auto database = OpenDatabase({.path = folder.path(), .on_sync_failure = [](const std::string&) {}});
    ASSERT_TRUE(database) << database.error();
    rocksdb::WriteBatch batch;
    batch.Put((*database)->family(Family::kLog), ToSlice(LogKey({closed, 6})), "no record");
    ASSERT_TRUE(CommitBatch(**database, batch, [](const std::string&) {}));
  }
  const auto store = OpenStore(OptionsFor(folder.path()));
  const std::string unique = RandomHex(6);
  std::promise<std::string> refused;
  RelayOptions options;
  options.client.bootstrap_servers = address;
  options.topics = {.events = "events-" + unique,
                    .positions = "positions-" + unique,
                    .accounts = "accounts-" + unique,
                    .dead_letters = "dead-" + unique};
  options.report = [&](const std::string& event, const std::string& why) {
    if (event == "relay_refused") refused.set_value(why);
  };
  Relay relay(options, *store);
  auto why = refused.get_future();
  ASSERT_EQ(why.wait_for(std::chrono::minutes(1)), std::future_status::ready);
  EXPECT_THAT(why.get(), ::testing::HasSubstr("the log is damaged at " + LogPosition{closed, 6}.ToString() + ";"));
}

}  // namespace
}  // namespace monitor
