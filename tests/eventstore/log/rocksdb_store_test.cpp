#include "eventstore/log/rocksdb_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

class Store : public ::testing::Test {
 protected:
  void Open() { store = OpenStore(OptionsFor(folder.path())); }
  void Reopen() {
    store.reset();
    Open();
  }
  void SetUp() override { Open(); }

  TemporaryFolder folder;
  std::unique_ptr<RocksDbStore> store;
};

TEST_F(Store, NumbersEventsFromOneWithoutGaps) {
  auto first = store->Append(RequestOf("a", 0, 3));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->first.seq, 1u);
  EXPECT_EQ(first->last.seq, 3u);
  auto second = store->Append(RequestOf("b", 0, 1));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->first.seq, 4u);
  EXPECT_EQ(second->first.origin.epoch, 1u);
}

TEST_F(Store, RefusesAnotherVersionThanTheStreamsAndWritesNothing) {
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 2)));
  for (std::uint64_t wrong : {0u, 1u, 3u}) {
    auto refused = store->Append(RequestOf("a", wrong));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), StoreError::kConflict);
  }
  EXPECT_EQ(ReadAll(*store).size(), 2u);
  EXPECT_TRUE(store->Append(RequestOf("a", 2)));
}

TEST_F(Store, ChecksVersionsAfterAReopenToo) {
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 2)));
  Reopen();
  EXPECT_FALSE(store->Append(RequestOf("a", 0)));
  EXPECT_TRUE(store->Append(RequestOf("a", 2)));
}

TEST_F(Store, WritesAllOfARequestOrNothing) {
  ASSERT_TRUE(store->Append(RequestOf("b", 0)));
  AppendRequest request = RequestOf("a", 0);
  request.streams.push_back({StreamName("session/demo/b/s"), 7, {{"activity-reported", "{}"}}});
  request.states.push_back({StateTable::kVisitor, "demo/a", "x"});
  EXPECT_FALSE(store->Append(request));
  EXPECT_TRUE(store->ReadStream(StreamName("session/demo/a/s"), 1)->empty());
  EXPECT_FALSE(store->ReadState(StateTable::kVisitor, "demo/a")->has_value());
}

TEST_F(Store, TakesOneStreamTwiceInARequest) {
  AppendRequest request = RequestOf("a", 0, 2);
  request.streams.push_back(RequestOf("a", 2, 1).streams[0]);
  ASSERT_TRUE(store->Append(request));
  EXPECT_EQ(store->ReadStream(StreamName("session/demo/a/s"), 1)->size(), 3u);
}

TEST_F(Store, ReadsAStreamFromAVersionOn) {
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 3)));
  ASSERT_TRUE(store->Append(RequestOf("b", 0, 1)));
  ASSERT_TRUE(store->Append(RequestOf("a", 3, 2)));
  for (std::uint64_t from = 1; from <= 6; ++from) {
    auto events = store->ReadStream(StreamName("session/demo/a/s"), from);
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 6 - from);
    for (std::size_t i = 0; i < events->size(); ++i) EXPECT_EQ((*events)[i].stream_version, from + i);
  }
}

TEST_F(Store, ListsStreamsByPrefixOnceEach) {
  for (const char* visitor : {"v1", "v2", "v10"}) {
    ASSERT_TRUE(store->Append(RequestOf(visitor, 0, 2)));
    ASSERT_TRUE(store->Append(RequestOf(visitor, 2, 1)));
  }
  auto names = store->StreamsWithPrefix("session/demo/v1", 10);
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (std::vector{StreamName("session/demo/v1/s"), StreamName("session/demo/v10/s")}));
  EXPECT_EQ(store->StreamsWithPrefix("session/", 2)->size(), 2u);
  EXPECT_TRUE(store->StreamsWithPrefix("account/", 2)->empty());
}

TEST_F(Store, WritesStatesWithTheEvents) {
  AppendRequest request = RequestOf("a", 0);
  request.states = {{StateTable::kVisitor, "demo/a", "1"},
                    {StateTable::kVisitor, "demo/b", "2"},
                    {StateTable::kVisitor, "other/a", "3"},
                    {StateTable::kVisitorKey, "demo/a", "key"}};
  ASSERT_TRUE(store->Append(request));
  AppendRequest deletion;
  deletion.states = {{StateTable::kVisitorKey, "demo/a", std::nullopt}};
  auto without_events = store->Append(deletion);
  ASSERT_TRUE(without_events);
  EXPECT_EQ(without_events->last.seq, 1u);
  Reopen();
  EXPECT_EQ(store->ReadState(StateTable::kVisitor, "demo/a")->value(), "1");
  EXPECT_FALSE(store->ReadState(StateTable::kVisitorKey, "demo/a")->has_value());
  auto all = store->ReadStates(StateTable::kVisitor, "demo/", 10, "");
  EXPECT_EQ(all->size(), 2u);
  EXPECT_EQ(store->ReadStates(StateTable::kVisitor, "", 2, "")->size(), 2u);
  auto after = store->ReadStates(StateTable::kVisitor, "demo/", 10, "demo/a");
  ASSERT_EQ(after->size(), 1u);
  EXPECT_EQ(after->front().first, "demo/b");
}

class StoreWithAClock : public Store {
 protected:
  void SetUp() override { OpenAt(kNow); }
  // As a process that starts at that time.
  void OpenAt(TimeMs time) {
    store.reset();
    told.clear();
    now = time;
    auto options = OptionsFor(folder.path());
    options.clock = [this] { return now.load(); };
    options.report = [this](const std::string& event, const std::string& detail) {
      if (event == "log_ahead_of_clock") told.push_back(detail);
    };
    store = OpenStore(options);
  }
  TimeMs AppendNow(const std::string& visitor) {
    AppendRequest request = RequestOf(visitor, 0);
    request.now = store->Now();
    auto appended = store->Append(request);
    EXPECT_TRUE(appended);
    return appended ? appended->time : TimeMs();
  }

  static constexpr TimeMs kNow = FromUnixMs(1'764'000'000'000);
  static constexpr auto kJump = std::chrono::days(400);
  std::atomic<TimeMs> now;
  std::vector<std::string> told;
};

TEST_F(StoreWithAClock, TimeNeverGoesBackNotEvenAfterAReopenButDecisionsAreMadeByTheClock) {
  OpenAt(kNow + kJump);
  EXPECT_EQ(AppendNow("a"), kNow + kJump);
  EXPECT_EQ(store->AheadOfClock(), std::chrono::milliseconds(0));
  OpenAt(kNow);
  EXPECT_EQ(store->Now(), kNow);
  EXPECT_EQ(AppendNow("b"), kNow + kJump);
  EXPECT_EQ(store->AheadOfClock(), kJump);
}

TEST_F(StoreWithAClock, SaysOnceHowFarTheLogIsAhead) {
  OpenAt(kNow + std::chrono::minutes(1));
  AppendNow("a");
  OpenAt(kNow);
  EXPECT_TRUE(told.empty()) << "a minute is tolerated";
  OpenAt(kNow - std::chrono::milliseconds(1));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with("the log is 60 seconds ahead of the clock and gives")) << told[0];
  OpenAt(kNow - kJump);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with("the log is 400 days ahead of the clock and gives")) << told[0];
  EXPECT_EQ(told[0], SayAheadOfClock(store->AheadOfClock()));
}

TEST_F(StoreWithAClock, ANewEpochBeginsAtTheClocksTime) {
  OpenAt(kNow + kJump);
  AppendNow("a");
  const Origin before = store->Origins().back().origin;
  store.reset();
  const auto begun = RocksDbStore::BeginEpoch(folder.path());
  ASSERT_TRUE(begun) << begun.error();
  EXPECT_EQ(*begun, (Origin{before.node, before.epoch + 1}));
  OpenAt(kNow);
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(store->AheadOfClock(), std::chrono::milliseconds(0));
  EXPECT_EQ(AppendNow("b"), kNow);
  const auto all = ReadAll(*store);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].position, (LogPosition{before, 1}));
  EXPECT_EQ(all[1].position, (LogPosition{*begun, 1}));
  EXPECT_EQ(all[1].prevseq, 0u);
  EXPECT_EQ(store->Verify(nullptr), 2u);
  AppendRequest on = RequestOf("a", 1);  // streams go on
  EXPECT_TRUE(store->Append(on));
}

TEST_F(Store, ANewEpochNeedsAStoppedNodesLog) {
  EXPECT_FALSE(RocksDbStore::BeginEpoch(folder.path()));
  EXPECT_FALSE(RocksDbStore::BeginEpoch(folder.path() + "/none"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/none"));
}

TEST_F(Store, InANewEpochVersionsBeginAnewAndStreamsGoOn) {
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 3)));
  const Origin closed = store->Origins().back().origin;
  store.reset();
  BeginEpoch(folder.path(), 2);
  Open();
  EXPECT_FALSE(store->Append(RequestOf("a", 0)));
  const auto appended = store->Append(RequestOf("a", 3, 2));
  ASSERT_TRUE(appended);
  EXPECT_EQ(appended->first, (LogPosition{{closed.node, 2}, 1}));
  std::vector<std::uint64_t> versions;
  const auto stream = store->ReadStream(StreamName("session/demo/a/s"), 1);
  for (const StoredEvent& event : *stream) {
    versions.push_back(event.stream_version);
  }
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{1, 2, 3, 1, 2}));
  for (std::uint64_t from = 1; from <= 7; ++from) {
    const auto tail = store->ReadStream(StreamName("session/demo/a/s"), from);
    ASSERT_TRUE(tail);
    ASSERT_EQ(tail->size(), from > 5 ? 0 : 6 - from) << from;
    for (std::size_t i = 0; i < tail->size(); ++i) EXPECT_EQ((*tail)[i].position, (*stream)[from - 1 + i].position);
  }
  EXPECT_EQ(store->ReadLog({closed, 1}, {})->size(), 3u) << "one origin at a time";
  EXPECT_EQ(store->Verify(nullptr), 5u);
  Reopen();
  EXPECT_TRUE(store->Append(RequestOf("a", 5)));
}

TEST_F(Store, ThatRefusesTakesNothingMoreAndKeepsTheFirstReason) {
  ASSERT_TRUE(store->Append(RequestOf("a", 0)));
  EXPECT_EQ(store->Refusal(), nullptr);
  store->Refuse("first");
  store->Refuse("second");
  ASSERT_NE(store->Refusal(), nullptr);
  EXPECT_EQ(*store->Refusal(), "first");
  auto refused = store->Append(RequestOf("a", 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), StoreError::kUnavailable);
  EXPECT_EQ(ReadAll(*store).size(), 1u);
}

TEST_F(Store, KeepsItsOriginForEver) {
  Origin origin = store->Origins().back().origin;
  Reopen();
  EXPECT_EQ(store->Origins().back().origin, origin);
  TemporaryFolder other;
  EXPECT_NE(OpenStore(OptionsFor(other.path()))->Origins().back().origin.node, origin.node);
}

TEST_F(Store, ReadsTheLogInBoundedPieces) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(store->Append(RequestOf("v" + std::to_string(i), 0)));
  Origin origin = store->Origins().back().origin;
  auto three = store->ReadLog({origin, 4}, {.max_events = 3});
  ASSERT_EQ(three->size(), 3u);
  EXPECT_EQ(three->front().position.seq, 4u);
  EXPECT_EQ(store->ReadLog({origin, 4}, {.max_bytes = 1})->size(), 1u);
  EXPECT_TRUE(store->ReadLog({origin, 11}, {})->empty());
  EXPECT_TRUE(store->ReadLog({{origin.node, origin.epoch + 1}, 1}, {})->empty());
}

TEST_F(Store, SavesWhatWasRelayed) {
  Origin origin = store->Origins().back().origin;
  EXPECT_EQ(store->RelayedSeq(origin), 0u);
  store->SaveRelayedSeq(origin, 17);
  Reopen();
  EXPECT_EQ(store->RelayedSeq(origin), 17u);
}

TEST_F(Store, WaitsForASeqUntilItComes) {
  EXPECT_FALSE(store->WaitForSeq(1, std::chrono::milliseconds(1)));
  std::thread appender([&] { ASSERT_TRUE(store->Append(RequestOf("a", 0, 5))); });
  EXPECT_TRUE(store->WaitForSeq(5, std::chrono::minutes(1)));
  appender.join();
}

TEST_F(Store, LetsWaitersGoWhenItShutsDown) {
  std::thread waiter([&] { EXPECT_FALSE(store->WaitForSeq(1, std::chrono::minutes(10))); });
  store->StopWaiting();
  waiter.join();
}

TEST_F(Store, RefusesWhenTheQueueIsFull) {
  store.reset();
  auto options = OptionsFor(folder.path());
  options.max_queued_requests = 0;
  store = OpenStore(options);
  auto refused = store->Append(RequestOf("a", 0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), StoreError::kUnavailable);
  EXPECT_EQ(store->Statistics().refused, 1u);
}

TEST_F(Store, AnAnsweredRequestLeavesItsPlaceInTheQueue) {
  store.reset();
  auto options = OptionsFor(folder.path());
  options.max_queued_requests = 1;
  store = OpenStore(options);
  for (std::uint64_t version = 0; version < 3; ++version) EXPECT_TRUE(store->Append(RequestOf("a", version)));
  EXPECT_EQ(store->Statistics().queued, 0u);
}

TEST_F(Store, RefusesBelowTheWatermarkOfFreeDisk) {
  store.reset();
  auto options = OptionsFor(folder.path());
  options.min_free_bytes = ~0ull;
  std::vector<std::string> told;
  options.report = [&](const std::string& event, const std::string& detail) { told.push_back(event + ": " + detail); };
  store = OpenStore(options);
  EXPECT_FALSE(store->Writable());
  EXPECT_TRUE(store->WhyNotWritable().ends_with(" MiB are free, 17592186044415 are wanted")) << store->WhyNotWritable();
  EXPECT_EQ(told, std::vector<std::string>{"disk_low: " + store->WhyNotWritable()});
  auto refused = store->Append(RequestOf("a", 0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), StoreError::kUnavailable);
}

TEST_F(Store, IsOpenedByOneAtATimeAndSaysSo) {
  auto second = RocksDbStore::Open(OptionsFor(folder.path()));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("open already"), std::string::npos) << second.error();
}

TEST_F(Store, OpenedReadOnlyShowsEverythingAndTakesNothing) {
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 3)));
  store.reset();
  auto reader = RocksDbStore::OpenReadOnly(folder.path());
  ASSERT_TRUE(reader) << reader.error();
  EXPECT_EQ(ReadAll(**reader).size(), 3u);
  EXPECT_FALSE((*reader)->Writable());
  EXPECT_FALSE((*reader)->Append(RequestOf("b", 0)));
  EXPECT_EQ((*reader)->Verify(nullptr), 3u);
  EXPECT_FALSE(RocksDbStore::OpenReadOnly(folder.path() + "/none"));
}

TEST(Verify, NamesAnAccountsEventThatCanNotBeRead) {
  TemporaryFolder folder;
  auto store = OpenStore(OptionsFor(folder.path()));
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 2)));
  AppendRequest request;
  request.key = "demo/";
  request.streams = {{StreamName("account/demo"), 0, {{"account-configured", R"({"accountId":"demo"})"}}}};
  const auto appended = store->Append(std::move(request));
  ASSERT_TRUE(appended);
  const auto verified = store->Verify(nullptr);
  ASSERT_FALSE(verified);
  EXPECT_TRUE(verified.error().starts_with(appended->first.ToString() + ": account-configured of account/demo "))
      << verified.error();
}

// Random appends over many checkpoints, with reopens between: prevseq always names the bucket's previous event.
TEST(PrevSeq, IsExactAcrossReopens) {
  TemporaryFolder folder;
  std::mt19937_64 random(7);
  std::map<std::string, std::uint64_t> versions;
  std::uint64_t total = 0;
  for (int round = 0; round < 6; ++round) {
    auto store = OpenStore(OptionsFor(folder.path()));
    for (int i = 0; i < 40; ++i) {
      std::string visitor = "v" + std::to_string(random() % 300);
      int count = static_cast<int>(random() % 100) + 1;
      ASSERT_TRUE(store->Append(RequestOf(visitor, versions[visitor], count)));
      versions[visitor] += static_cast<std::uint64_t>(count);
      total += static_cast<std::uint64_t>(count);
    }
  }
  auto store = OpenStore(OptionsFor(folder.path()));
  std::map<int, std::uint64_t> newest;
  std::uint64_t seq = 0;
  for (const StoredEvent& event : ReadAll(*store)) {
    EXPECT_EQ(event.position.seq, ++seq);
    EXPECT_EQ(event.prevseq, newest[event.bucket]);
    newest[event.bucket] = event.position.seq;
  }
  EXPECT_EQ(seq, total);
  EXPECT_GT(total, 10'000u);
  EXPECT_EQ(store->Verify(nullptr), total);
}

}  // namespace
}  // namespace monitor
