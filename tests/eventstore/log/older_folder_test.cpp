// Folders that an older program left behind.
#include <gtest/gtest.h>

#include "eventstore/log/database.h"
#include "eventstore/log/keys.h"
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

void SayFormat(const std::string& path, const char* format) {
  const auto database = OpenDatabase({.path = path, .on_sync_failure = [](const std::string&) {}});
  ASSERT_TRUE(database) << database.error();
  rocksdb::WriteBatch batch;
  batch.Put((*database)->family(Family::kMeta), ToSlice(kFormatKey), format);
  ASSERT_TRUE(CommitBatch(**database, batch, [](const std::string&) {}));
}

std::string FormatOf(const std::string& path) {
  const auto database = OpenDatabase({.path = path, .on_sync_failure = [](const std::string&) {}});
  std::string format;
  EXPECT_TRUE((*database)->db().Get({}, (*database)->family(Family::kMeta), ToSlice(kFormatKey), &format).ok());
  return format;
}

TEST(OlderFolder, IsReadAsItIsAndSaysOnceItIsWrittenThatOlderProgramsCanNotReadIt) {
  TemporaryFolder folder;
  auto store = OpenStore(OptionsFor(folder.path()));
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 2)));
  store.reset();
  SayFormat(folder.path(), "1");
  EXPECT_TRUE(RocksDbStore::OpenReadOnly(folder.path()));
  EXPECT_EQ(FormatOf(folder.path()), "1");
  OpenStore(OptionsFor(folder.path())).reset();
  EXPECT_EQ(FormatOf(folder.path()), "2");
}

TEST(OlderFolder, OneOfANewerProgramIsRefusedInOneSentence) {
  TemporaryFolder folder;
  OpenStore(OptionsFor(folder.path())).reset();
  SayFormat(folder.path(), "3");
  const auto refused = RocksDbStore::Open(OptionsFor(folder.path()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            "cannot open the data folder " + folder.path() + ": its format 3 is unknown: a newer program wrote it");
}

}  // namespace
}  // namespace monitor
