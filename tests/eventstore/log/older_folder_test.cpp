// Folders that an older program left behind.
#include <gtest/gtest.h>

#include "eventstore/log/rocksdb_store.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

TEST(OlderFolder, WithFewerFamiliesIsReadAndCompleted) {
  TemporaryFolder folder;
  auto store = OpenStore(OptionsFor(folder.path()));
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 2)));
  store.reset();
  {
    const auto database = OpenDatabase({.path = folder.path(), .on_sync_failure = [](const std::string&) {}});
    ASSERT_TRUE(database) << database.error();
    ASSERT_TRUE((*database)->db().DropColumnFamily((*database)->family(Family::kSession)).ok());
  }
  auto reads = RocksDbStore::OpenReadOnly(folder.path());
  ASSERT_TRUE(reads) << reads.error();
  store = *std::move(reads);
  EXPECT_EQ(*store->ReadState(StateTable::kSession, "demo/a/s"), std::nullopt);
  EXPECT_EQ(store->ReadStream(StreamName("session/demo/a/s"), 1)->size(), 2u);
  EXPECT_EQ(store->Verify(nullptr), 2u);
  store.reset();
  store = OpenStore(OptionsFor(folder.path()));
  AppendRequest request = RequestOf("a", 2);
  request.states = {{StateTable::kSession, "demo/a/s", "state"}};
  ASSERT_TRUE(store->Append(request));
  EXPECT_EQ(*store->ReadState(StateTable::kSession, "demo/a/s"), "state");
}

}  // namespace
}  // namespace monitor
