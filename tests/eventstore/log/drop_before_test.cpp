// What is dropped from the log's beginning, and what stays readable.
#include <map>
#include <random>

#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};

TimeMs At(std::int64_t seconds) { return FromUnixMs(1'700'000'000'000 + seconds * 1'000); }

std::uint64_t All(Origin) { return kNoEnd; }

class DropBeforeTest : public testing::Test {
 protected:
  void Append(const std::string& stream, std::uint64_t version, std::int64_t at_s, int count = 1) {
    AppendRequest request = RequestOf(stream, version, count, R"({"accountId":"demo"})");
    request.streams[0].stream = StreamName(stream);
    request.now = At(at_s);
    const auto appended = store_->Append(std::move(request));
    ASSERT_TRUE(appended);
  }
  void AppendDocument(std::uint64_t version, std::int64_t at_s) {
    AppendRequest request{.key = "demo/", .now = At(at_s)};
    request.streams.push_back(
        {AccountStream(AccountId("demo")),
         version,
         {{"skill-availability-changed", R"({"accountId":"demo","skillId":1,"state":"online"})"}}});
    ASSERT_TRUE(store_->Append(std::move(request)));
  }
  std::uint64_t Drop(std::int64_t before_s, const std::function<std::uint64_t(Origin)>& end = All) {
    const auto dropped = store_->DropBefore(At(before_s), end);
    EXPECT_TRUE(dropped);
    return dropped.value_or(0);
  }
  std::size_t Length(const std::string& stream, std::uint64_t from_version = 1) {
    const auto events = store_->ReadStream(StreamName(stream), from_version);
    EXPECT_TRUE(events);
    return events ? events->size() : 0;
  }
  void Reopen() {
    store_.reset();
    store_ = OpenStore(OptionsFor(folder_.path()));
  }
  void ExpectSound() {
    const auto verified = store_->Verify({});
    EXPECT_TRUE(verified) << verified.error();
  }

  TemporaryFolder folder_;
  std::unique_ptr<RocksDbStore> store_ = OpenStore(OptionsFor(folder_.path()));
};

TEST_F(DropBeforeTest, WhatIsOlderGoesAndTheRestStays) {
  Append("session/demo/v1/a", 0, 0, 2);
  Append("session/demo/v2/b", 0, 10, 3);
  Append("session/demo/v1/a", 2, 20, 1);
  EXPECT_EQ(Drop(10), 2u);
  for (int i = 0; i < 2; ++i) {
    const OriginRange range = store_->Origins().back();
    EXPECT_EQ(range.first, 3u);
    EXPECT_EQ(range.last, 6u);
    EXPECT_EQ(ReadAll(*store_).size(), 4u);
    EXPECT_EQ(ReadAll(*store_).front().position.seq, 3u);
    EXPECT_EQ(Length("session/demo/v1/a"), 1u);  // its third event
    EXPECT_EQ(Length("session/demo/v1/a", 3), 1u);
    EXPECT_EQ(Length("session/demo/v2/b"), 3u);
    ExpectSound();
    Reopen();
  }
}

TEST_F(DropBeforeTest, AllCanGoAndTheLogGoesOn) {
  Append("session/demo/v1/a", 0, 0, 2);
  EXPECT_EQ(Drop(1), 2u);
  EXPECT_EQ(Drop(1), 0u);
  Reopen();
  OriginRange range = store_->Origins().back();
  EXPECT_EQ(range.first, 3u);
  EXPECT_EQ(range.last, 2u);
  EXPECT_TRUE(ReadAll(*store_).empty());
  const auto streams = store_->StreamsWithPrefix("session/", 10);
  ASSERT_TRUE(streams);
  EXPECT_TRUE(streams->empty());
  Append("session/demo/v1/c", 0, 5);
  const auto events = ReadAll(*store_);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].position.seq, 3u);
  EXPECT_EQ(events[0].prevseq, 0u);  // another key, and so another bucket
  ExpectSound();
}

TEST_F(DropBeforeTest, PrevseqGoesOnOverWhatWasDropped) {
  Append("session/demo/v1/a", 0, 0, 2);
  Append("session/demo/v1/a", 2, 10, 1);
  EXPECT_EQ(Drop(20), 3u);
  Reopen();
  Append("session/demo/v1/a", 3, 30, 1);
  EXPECT_EQ(ReadAll(*store_).at(0).prevseq, 3u);
  ExpectSound();
}

TEST_F(DropBeforeTest, NothingThatIsNotRelayedGoesNorHalfARequest) {
  Append("session/demo/v1/a", 0, 0, 2);
  Append("session/demo/v1/a", 2, 10, 4);  // 3 to 6
  EXPECT_EQ(Drop(100, [](Origin) { return 1; }), 0u);
  EXPECT_EQ(Drop(100, [](Origin) { return 5; }), 2u);
  EXPECT_EQ(store_->Origins().back().first, 3u);
  EXPECT_EQ(Drop(100, [](Origin) { return 7; }), 4u);
}

TEST_F(DropBeforeTest, AnAccountsEventsStayReadable) {
  AppendDocument(0, 0);
  AppendDocument(1, 10);
  AppendDocument(2, 20);
  EXPECT_EQ(Drop(15), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Length("account/demo"), 3u);
    EXPECT_EQ(Length("account/demo", 2), 2u);
    const auto events = store_->ReadStream(AccountStream(AccountId("demo")), 1);
    ASSERT_TRUE(events);
    EXPECT_EQ((*events)[0].position.seq, 1u);
    EXPECT_EQ((*events)[0].time, At(0));
    ExpectSound();
    Reopen();
  }
  EXPECT_EQ(Drop(25), 1u);
  AppendDocument(3, 30);
  EXPECT_EQ(Length("account/demo"), 4u);
  ExpectSound();
}

TEST_F(DropBeforeTest, AVisitorsOwnStreamCountsOn) {
  Append("visitor/demo/v1", 0, 0, 2);
  EXPECT_EQ(Drop(5), 2u);
  Reopen();
  EXPECT_EQ(Length("visitor/demo/v1"), 0u);
  Append("visitor/demo/v1", 2, 10);
  EXPECT_EQ(Length("visitor/demo/v1"), 1u);
  EXPECT_EQ(Length("visitor/demo/v1", 3), 1u);
  ExpectSound();
}

TEST_F(DropBeforeTest, ClosedOriginsGoToo) {
  Append("session/demo/v1/a", 0, 0, 2);
  store_.reset();
  BeginEpoch(folder_.path(), 2);
  store_ = OpenStore(OptionsFor(folder_.path()));
  Append("session/demo/v1/a", 2, 10, 3);
  EXPECT_EQ(Length("session/demo/v1/a"), 5u);
  EXPECT_EQ(Drop(5), 2u);
  const auto origins = store_->Origins();
  ASSERT_EQ(origins.size(), 2u);  // told all the same: who reads it learns that it has lost something
  EXPECT_EQ(origins[0].first, 3u);
  EXPECT_EQ(origins[0].last, 2u);
  EXPECT_EQ(origins[1].first, 1u);
  EXPECT_EQ(Length("session/demo/v1/a"), 3u);
  EXPECT_EQ(Length("session/demo/v1/a", 4), 2u);  // versions count over all origins
  ExpectSound();
}

TEST_F(DropBeforeTest, WhatWasDroppedLeavesTheDiskWhenTablesAreRewritten) {
  Append("session/demo/v1/a", 0, 0, 2);
  Append("session/demo/v2/b", 0, 10, 2);
  AppendDocument(0, 0);
  Drop(5);
  store_.reset();
  const auto database = OpenDatabase({.path = folder_.path(), .on_sync_failure = [](const std::string&) {}});
  ASSERT_TRUE(database) << database.error();
  const Origin origin = [&] {
    auto iterator = (*database)->NewIterator(Family::kLog, {});
    iterator->SeekToFirst();
    return ParseLogKey(ToView(iterator->key()))->origin;
  }();
  (*database)->start().Set(origin, 3);  // as OpenLog does
  for (const Family family : {Family::kLog, Family::kStream}) {
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE((*database)->db().Flush({}, (*database)->family(family)).ok());
    ASSERT_TRUE((*database)->db().CompactRange(all, (*database)->family(family), nullptr, nullptr).ok());
  }
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  const auto count = [&](Family family) {
    int rows = 0;
    auto iterator = (*database)->NewIterator(family, options);
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++rows;
    return rows;
  };
  EXPECT_EQ(count(Family::kLog), 3);     // of the five events
  EXPECT_EQ(count(Family::kStream), 2);  // the session that stays, and the account
}

// A table that was rewritten lost its entries, one that was not still has its own.
TEST_F(DropBeforeTest, SomeOfTheDroppedMayStillBeThere) {
  Append("session/demo/v1/a", 0, 0);
  Append("session/demo/v1/a", 1, 1);
  Append("session/demo/v1/a", 2, 20);
  const Origin origin = store_->Origins().back().origin;
  EXPECT_EQ(Drop(10), 2u);
  store_.reset();
  {
    const auto database = OpenDatabase({.path = folder_.path(), .on_sync_failure = [](const std::string&) {}});
    ASSERT_TRUE(database) << database.error();
    std::string second;
    AppendStreamKey("session/demo/v1/a", origin, 2, second);
    rocksdb::WriteBatch batch;
    batch.Delete((*database)->family(Family::kStream), second);
    ASSERT_TRUE(CommitBatch(**database, batch, [](const std::string&) {}));
  }
  store_ = OpenStore(OptionsFor(folder_.path()));
  EXPECT_EQ(Length("session/demo/v1/a"), 1u);
  EXPECT_EQ(store_->StreamVersion(StreamName("session/demo/v1/a")), 3u);
  Append("session/demo/v1/a", 3, 30);
  ExpectSound();
}

struct Written {
  std::string stream;
  std::int64_t at;
};

bool HasAnySince(const std::vector<Written>& log, std::uint64_t first, const std::string& stream) {
  for (std::uint64_t i = first; i < log.size(); ++i) {
    if (log[i].stream == stream) return true;
  }
  return false;
}

// Against a plain list of what was appended and when.
TEST_F(DropBeforeTest, RandomHistories) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 dice(seed);
    TemporaryFolder folder;
    auto store = OpenStore(OptionsFor(folder.path()));
    std::vector<Written> log;
    std::map<std::string, std::uint64_t> versions;
    std::int64_t now = 0;
    std::uint64_t first = 0;  // index into `log`
    for (int step = 0; step < 150; ++step) {
      const auto roll = dice() % 20;
      if (roll == 0) {
        store.reset();
        store = OpenStore(OptionsFor(folder.path()));
      } else if (roll < 4) {
        const std::int64_t before = now - static_cast<std::int64_t>(dice() % 20);
        std::uint64_t kept = first;
        while (kept < log.size() && log[kept].at < before) ++kept;
        const auto dropped = store->DropBefore(At(before), All);
        ASSERT_TRUE(dropped);
        EXPECT_EQ(*dropped, kept - first);
        first = kept;
      } else {
        now += static_cast<std::int64_t>(dice() % 3);
        const bool account = roll == 4;
        const std::string stream =
            account ? "account/demo" : (roll == 5 ? "visitor/demo/v" : "session/demo/v/s") + std::to_string(dice() % 4);
        const int count = static_cast<int>(1 + dice() % 3);
        AppendRequest request = RequestOf("v", versions[stream], count);
        request.streams[0].stream = StreamName(stream);
        if (account) request.key = "demo/";
        for (auto& event : request.streams[0].events) {
          if (account) event = {"skill-availability-changed", R"({"accountId":"demo","skillId":1,"state":"busy"})"};
        }
        request.now = At(now);
        // A session whose events were all dropped is over, and never appended to again.
        if (stream.starts_with("session/") && versions[stream] > 0 && !HasAnySince(log, first, stream)) continue;
        ASSERT_TRUE(store->Append(std::move(request)));
        versions[stream] += static_cast<std::uint64_t>(count);
        for (int i = 0; i < count; ++i) log.push_back({stream, now});
      }
      std::map<std::string, std::size_t> kept;
      for (std::uint64_t i = 0; i < log.size(); ++i) {
        if (i >= first || log[i].stream.starts_with("account/")) ++kept[log[i].stream];
      }
      for (const auto& [stream, length] : versions) {
        const auto events = store->ReadStream(StreamName(stream), 1);
        ASSERT_TRUE(events) << stream;
        EXPECT_EQ(events->size(), kept[stream]) << stream;
        if (!events->empty()) {
          EXPECT_EQ(events->back().stream_version, length);
        }
      }
      EXPECT_EQ(ReadAll(*store).size(), log.size() - first);
    }
    const auto verified = store->Verify({});
    EXPECT_TRUE(verified) << verified.error();
  }
}

}  // namespace
}  // namespace monitor
