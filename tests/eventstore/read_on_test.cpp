#include "eventstore/read_on.h"

#include <gtest/gtest.h>

#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

class ReadOnTest : public ::testing::Test {
 protected:
  // Two events, an epoch without any, two events.
  void SetUp() override {
    ASSERT_TRUE(OpenStore(OptionsFor(folder_.path()))->Append(RequestOf("a", 0, 2)));
    BeginEpoch(folder_.path(), 3);
    ASSERT_TRUE(OpenStore(OptionsFor(folder_.path()))->Append(RequestOf("a", 2, 2)));
  }

  TemporaryFolder folder_;
};

TEST_F(ReadOnTest, GoesOnOverTheEndsOfClosedOrigins) {
  const auto store = OpenStore(OptionsFor(folder_.path()));
  const Origin first = store->Origins().front().origin, last = store->Origins().back().origin;
  const auto all = ReadOn(*store, {first, 2}, {});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ(all->front().position, (LogPosition{first, 2}));
  EXPECT_EQ(all->back().position, (LogPosition{last, 2}));
  EXPECT_EQ(ReadOn(*store, {first, 2}, {.max_events = 2})->size(), 2u);
  EXPECT_EQ(ReadOn(*store, {first, 3}, {})->size(), 2u);
  EXPECT_TRUE(ReadOn(*store, {last, 3}, {})->empty());
  EXPECT_TRUE(ReadOn(*store, {{first.node + 1, 1}, 1}, {})->empty());
}

// A closed origin is not read again at open.
TEST_F(ReadOnTest, GivesWhatStandsBeforeDamage) {
  const Origin first = OpenStore(OptionsFor(folder_.path()))->Origins().front().origin;
  {
    const auto database = OpenDatabase({.path = folder_.path(), .on_sync_failure = [](const std::string&) {}});
    ASSERT_TRUE(database) << database.error();
    rocksdb::WriteBatch batch;
    batch.Put((*database)->family(Family::kLog), ToSlice(LogKey({first, 2})), "no record");
    ASSERT_TRUE(CommitBatch(**database, batch, [](const std::string&) {}));
  }
  const auto store = OpenStore(OptionsFor(folder_.path()));
  const auto before = ReadOn(*store, {first, 1}, {});
  ASSERT_TRUE(before);
  EXPECT_EQ(before->size(), 1u);
  const auto at = ReadOn(*store, {first, 2}, {});
  ASSERT_FALSE(at);
  EXPECT_EQ(at.error(), StoreError::kCorrupt);
}

}  // namespace
}  // namespace monitor
