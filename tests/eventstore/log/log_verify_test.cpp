// Events that no writer of ours would write, each sound by itself: Verify says what they break, and so does opening
// where it reads them again.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "eventstore/log/database.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/log_reader.h"
#include "eventstore/log/record.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

// Three events of one stream, each from an append of its own.
class ChangedLog : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenStore(OptionsFor(folder_.path()));
    for (std::uint64_t version = 0; version < 3; ++version) ASSERT_TRUE(store->Append(RequestOf("a", version)));
    origin_ = store->Origins().back().origin;
  }

  void Write(const std::function<void(Database&, rocksdb::WriteBatch&)>& fill) {
    auto database = Open();
    rocksdb::WriteBatch batch;
    fill(*database, batch);
    const auto committed = CommitBatch(*database, batch, [](const std::string&) {});
    ASSERT_TRUE(committed) << committed.error();
  }
  // The event is written again, changed, with a checksum that holds.
  void Change(std::uint64_t seq, const std::function<void(StoredEvent&)>& change) {
    Write([&](Database& database, rocksdb::WriteBatch& batch) {
      auto events = ReadLogFrom(database, {origin_, seq}, {.max_events = 1});
      ASSERT_TRUE(events && events->size() == 1);
      change(events->front());
      batch.Put(database.family(Family::kLog), ToSlice(LogKey({origin_, seq})), EncodeRecord(events->front()));
    });
  }
  std::string ComplaintOfVerify() const {
    const auto verified = VerifyLog(*Open(), {origin_}, nullptr);
    return verified ? "" : verified.error();
  }
  std::unique_ptr<Database> Open() const {
    auto database = OpenDatabase({.path = folder_.path(), .on_sync_failure = [](const std::string&) {}});
    EXPECT_TRUE(database) << database.error();
    return std::move(*database);
  }

  TemporaryFolder folder_;
  Origin origin_;
};

TEST_F(ChangedLog, IsSoundAsWritten) {
  EXPECT_EQ(ComplaintOfVerify(), "");
  Change(2, [](StoredEvent&) {});
  EXPECT_EQ(ComplaintOfVerify(), "");
}

TEST_F(ChangedLog, WithATimeThatGoesBackIsRefused) {
  Change(2, [](StoredEvent& event) { event.time = FromUnixMs(0); });
  EXPECT_TRUE(ComplaintOfVerify().contains("its time is before the previous event's")) << ComplaintOfVerify();
}

TEST_F(ChangedLog, WithAPrevseqThatSkipsAnEventIsNeitherVerifiedNorOpened) {
  Change(3, [](StoredEvent& event) { event.prevseq = 1; });
  EXPECT_TRUE(ComplaintOfVerify().contains("prevseq is 1, not 2")) << ComplaintOfVerify();
  const auto opened = RocksDbStore::Open(OptionsFor(folder_.path()));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().contains("its prevseq is not the bucket's previous event")) << opened.error();
}

TEST_F(ChangedLog, WithAnEventThatNoStreamNamesIsRefused) {
  std::string key;
  AppendStreamKey("session/demo/a/s", origin_, 3, key);
  Write([&](Database& database, rocksdb::WriteBatch& batch) { batch.Delete(database.family(Family::kStream), key); });
  EXPECT_TRUE(ComplaintOfVerify().contains("entries name 2 events, the log holds 3")) << ComplaintOfVerify();
}

TEST_F(ChangedLog, WithAStreamThatMissesAVersionIsRefused) {
  std::string key;
  AppendStreamKey("session/demo/a/s", origin_, 2, key);
  Write([&](Database& database, rocksdb::WriteBatch& batch) { batch.Delete(database.family(Family::kStream), key); });
  EXPECT_TRUE(ComplaintOfVerify().contains("versions are missing")) << ComplaintOfVerify();
}

}  // namespace
}  // namespace monitor
