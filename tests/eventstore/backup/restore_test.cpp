#include "eventstore/backup/restore.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "domain/values/hash.h"
#include "eventstore/backup/key_copy.h"
#include "eventstore/backup/node_backup.h"
#include "eventstore/backup/restored_log.h"
#include "eventstore/backup/topic_events.h"
#include "eventstore/cloud_event_writer.h"
#include "eventstore/log/restored_rows.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::vector<std::pair<LogPosition, std::string>> Outline(const std::vector<StoredEvent>& events) {
  std::vector<std::pair<LogPosition, std::string>> outline;
  for (const StoredEvent& event : events) {
    outline.emplace_back(event.position, event.stream.str() + " " + std::to_string(event.stream_version) + " " +
                                             std::to_string(event.prevseq) + " " + FormatRfc3339(event.time) + " " +
                                             event.traceparent + event.type + event.data);
  }
  return outline;
}

class RestoreTest : public testing::Test {
 protected:
  void Append(const std::string& visitor, std::uint64_t version, int count = 2) {
    AppendRequest request = RequestOf(visitor, version, count);
    request.states.push_back({StateTable::kVisitorKey, "demo/" + visitor, "key of " + visitor});
    ASSERT_TRUE(store_->Append(std::move(request)));
  }
  void Erase(const std::string& visitor) {
    AppendRequest request{.key = "demo/" + visitor, .now = FromUnixMs(1'700'000'000'000)};
    request.streams.push_back(
        {StreamName("visitor/demo/" + visitor), 0, {{"visitor-erased", R"({"accountId":"demo"})"}}});
    request.states.push_back({StateTable::kVisitorKey, "demo/" + visitor, std::nullopt});
    ASSERT_TRUE(store_->Append(std::move(request)));
  }
  void MakeBackup() { ASSERT_TRUE(NodeBackup(*store_).Make({.folder = backups_, .keys = keys_})); }
  std::expected<Restored, std::string> Run(RestoreWanted wanted = {}) {
    wanted.backups = backups_;
    wanted.keys = keys_;
    wanted.data = data_;
    return Restore(wanted);
  }
  std::unique_ptr<RestoredLog> OpenDraft() {
    EXPECT_TRUE(CopyBackup(backups_, ListBackups(backups_)->whole.back().id, draft_));
    auto log = RestoredLog::Open(draft_, *ReadKeyCopy(keys_, {}));
    EXPECT_TRUE(log) << log.error();
    return log ? *std::move(log) : nullptr;
  }
  // The topic's order: each partition's own, and any between them.
  static std::vector<StoredEvent> AsOnTopic(std::vector<StoredEvent> events) {
    std::ranges::stable_sort(events, std::greater(), [](const StoredEvent& event) { return event.bucket % 4; });
    return events;
  }

  TemporaryFolder folder_;
  const std::string store_path_ = folder_.path() + "/store", backups_ = folder_.path() + "/backups",
                    keys_ = folder_.path() + "/keys", data_ = folder_.path() + "/data",
                    draft_ = folder_.path() + "/draft";
  std::unique_ptr<RocksDbStore> store_ = OpenStore(OptionsFor(store_path_));
};

TEST_F(RestoreTest, WithoutABrokerThereIsWhatTheBackupHasAndANewEpochBegins) {
  Append("v1", 0);
  MakeBackup();
  const auto backed_up = Outline(ReadAll(*store_));
  Append("v1", 2);
  const Origin before = store_->Origins().back().origin;
  const auto restored = Run();
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_EQ(restored->origin, (Origin{before.node, before.epoch + 1}));
  EXPECT_EQ(restored->reaches, (LogPosition{before, 2}));
  EXPECT_EQ(restored->newest, FromUnixMs(1'700'000'000'000));
  EXPECT_EQ(restored->events, 2u);
  EXPECT_EQ(restored->keys, 1u);

  const auto store = OpenStore(OptionsFor(data_ + "/store"));
  EXPECT_EQ(Outline(ReadAll(*store)), backed_up);
  EXPECT_EQ(store->ReadState(StateTable::kVisitorKey, "demo/v1"), "key of v1");
  EXPECT_EQ(store->ReadState(StateTable::kMeta, kRestoredKey), std::nullopt);
  const auto next = store->Append(RequestOf("v1", 2, 1));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->first, (LogPosition{restored->origin, 1}));
  EXPECT_EQ(fs::exists(data_ + "/store.restoring"), false);
}

TEST_F(RestoreTest, AnotherThanTheNewestBackupIsTakenByItsId) {
  Append("v1", 0);
  MakeBackup();
  Append("v1", 2);
  MakeBackup();
  EXPECT_THAT(Run({.id = 3}).error(), HasSubstr("the backup 3 is not in"));
  EXPECT_EQ(Run({.id = 1})->reaches.seq, 2u);
}

TEST_F(RestoreTest, AFolderThatIsNotEmptyIsLeftAsItIs) {
  Append("v1", 0);
  MakeBackup();
  fs::create_directory(data_);
  std::ofstream(data_ + "/something") << "x";
  EXPECT_THAT(Run().error(), HasSubstr("it is not empty"));
  EXPECT_EQ(std::distance(fs::directory_iterator(data_), fs::directory_iterator()), 1);
  fs::remove(data_ + "/something");
  EXPECT_TRUE(Run()) << "an empty one is fine";
}

TEST_F(RestoreTest, AnInterruptedOneSaysWhatToDo) {
  Append("v1", 0);
  MakeBackup();
  EXPECT_EQ(WhyHalfRestored(data_), std::nullopt);
  fs::create_directories(data_ + "/store.restoring");
  ASSERT_TRUE(WhyHalfRestored(data_));
  EXPECT_THAT(*WhyHalfRestored(data_), HasSubstr("remove " + data_ + "/store.restoring and run monitorctl restore"));
  EXPECT_EQ(Run().error(), *WhyHalfRestored(data_));
}

TEST_F(RestoreTest, OneThatIsStoppedOrFailsLeavesNothing) {
  Append("v1", 0);
  MakeBackup();
  const auto stopped = Run({.go_on = [] { return false; }});
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error(), HasSubstr("stopped"));
  EXPECT_FALSE(fs::exists(data_));
  fs::resize_file(keys_ + "/visitor.keys", 20);
  EXPECT_FALSE(Run());
  EXPECT_FALSE(fs::exists(data_));
  fs::remove(keys_ + "/visitor.keys");
  EXPECT_THAT(Run().error(), HasSubstr("visitor.keys is missing"));
}

TEST_F(RestoreTest, KeysOfAnotherTimeOrNodeAreRefused) {
  Append("v1", 0);
  MakeBackup();
  fs::copy(keys_, folder_.path() + "/older");
  Append("v1", 2);
  MakeBackup();
  fs::remove_all(keys_);
  fs::rename(folder_.path() + "/older", keys_);
  EXPECT_THAT(Run().error(), HasSubstr("the keys are older than the backup"));
  const auto other = OpenStore(OptionsFor(folder_.path() + "/other"));
  ASSERT_TRUE(CopyKeys(*other, keys_));
  EXPECT_THAT(Run().error(), HasSubstr("the keys are of another node"));
}

TEST_F(RestoreTest, WhatTheTopicHasBeyondTheBackupComesBackInItsPlace) {
  for (const char* visitor : {"v1", "v2", "v3"}) Append(visitor, 0);
  MakeBackup();
  for (const char* visitor : {"v2", "v1", "v4", "v5", "v2"}) {
    Append(visitor, *store_->StreamVersion(StreamName("session/demo/" + std::string(visitor) + "/s")), 3);
  }
  auto log = OpenDraft();
  ASSERT_TRUE(log);
  for (int twice = 0; twice < 2; ++twice) {  // a relay that sent again
    for (const StoredEvent& event : AsOnTopic(ReadAll(*store_))) ASSERT_TRUE(log->Take(event));
  }
  ASSERT_TRUE(log->FinishEvents());
  EXPECT_EQ(log->added(), 15u);
  EXPECT_EQ(log->not_relayed(), 0u);
  const Origin origin = store_->Origins().back().origin;
  EXPECT_THAT(log->RelayedPositions(), testing::ElementsAre(LogPosition{origin, 21}));
  ASSERT_TRUE(log->BeginEpoch(true));
  log.reset();

  const auto restored = OpenStore(OptionsFor(draft_));
  EXPECT_EQ(Outline(ReadAll(*restored)), Outline(ReadAll(*store_)));
  EXPECT_EQ(restored->Verify({}), 21u);
  for (const char* visitor : {"v1", "v2", "v5"}) {
    const StreamName stream("session/demo/" + std::string(visitor) + "/s");
    EXPECT_EQ(Outline(*restored->ReadStream(stream, 1)), Outline(*store_->ReadStream(stream, 1)));
  }
  EXPECT_EQ(restored->RelayedSeq(origin), 21u);
  const auto rows = ParseRestoredRows(restored->ReadState(StateTable::kMeta, kRestoredKey)->value_or(""));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->from, (LogPosition{origin, 7}));
}

TEST_F(RestoreTest, WhatTheTopicDoesNotHaveYetIsLeftToTheRelay) {
  for (const char* visitor : {"v1", "v2", "v3"}) Append(visitor, 0);
  const Origin origin = store_->Origins().back().origin;
  store_->SaveRelayedSeq(origin, 2);
  MakeBackup();
  auto log = OpenDraft();
  ASSERT_TRUE(log);
  for (const StoredEvent& event : ReadAll(*store_)) {
    if (event.position.seq == 4 || event.position.seq == 5) continue;
    ASSERT_TRUE(log->Take(event));
  }
  ASSERT_TRUE(log->FinishEvents());
  EXPECT_EQ(log->not_relayed(), 2u);
  EXPECT_THAT(log->RelayedPositions(), testing::ElementsAre(LogPosition{origin, 3}));
}

TEST_F(RestoreTest, ATopicThatLostSomethingBetweenIsRefused) {
  Append("v1", 0);
  MakeBackup();
  Append("v1", 2, 3);
  auto log = OpenDraft();
  ASSERT_TRUE(log);
  for (const StoredEvent& event : ReadAll(*store_)) {
    if (event.position.seq == 4) continue;
    ASSERT_TRUE(log->Take(event));
  }
  const auto finished = log->FinishEvents();
  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error(), HasSubstr("the topic has lost what stood before"));
}

TEST_F(RestoreTest, AClosedOriginMayHaveHolesOfOtherBuckets) {
  Append("v1", 0);
  MakeBackup();
  Append("v2", 0, 1);  // was on its way when the node was lost
  Append("v1", 2, 1);
  auto log = OpenDraft();
  ASSERT_TRUE(log);
  for (const StoredEvent& event : ReadAll(*store_)) {
    if (event.position.seq == 3) continue;
    ASSERT_TRUE(log->Take(event));
  }
  ASSERT_TRUE(log->FinishEvents());
  ASSERT_TRUE(log->BeginEpoch(true));
  log.reset();
  EXPECT_EQ(OpenStore(OptionsFor(draft_))->Verify({}), 3u);
}

TEST_F(RestoreTest, KeysOfWhomTheTopicErasedSinceStayAway) {
  for (const char* visitor : {"v1", "v2", "v3"}) Append(visitor, 0);
  MakeBackup();
  Erase("v1");
  auto log = OpenDraft();
  ASSERT_TRUE(log);
  for (const StoredEvent& event : ReadAll(*store_)) ASSERT_TRUE(log->Take(event));
  StoredEvent elsewhere = ReadAll(*store_).back();
  elsewhere.position.origin.node ^= 1;
  elsewhere.key = "demo/v2";
  elsewhere.time = store_->Now() + std::chrono::minutes(1);
  ASSERT_TRUE(log->Take(elsewhere));
  elsewhere.key = "demo/v3";
  elsewhere.time = FromUnixMs(1'600'000'000'000);  // long ago: it came back since, with another key
  ASSERT_TRUE(log->Take(elsewhere));
  ASSERT_TRUE(log->FinishEvents());
  EXPECT_EQ(log->PutKey("demo/v1", "k"), false);
  EXPECT_EQ(log->PutKey("demo/v2", "k"), false);
  EXPECT_EQ(log->PutKey("demo/v3", "k"), true);
}

TEST_F(RestoreTest, AKeyThatWasCopiedAfterAnErasureIsTheNewOne) {
  Append("v1", 0);
  MakeBackup();
  const auto head = ReadKeyCopy(keys_, {});
  Erase("v1");
  ASSERT_TRUE(store_->Append({.states = {{StateTable::kVisitorKey, "demo/v1", "the new key"}}}));
  ASSERT_TRUE(CopyKeys(*store_, keys_));
  auto log = OpenDraft();
  ASSERT_TRUE(log);
  for (const StoredEvent& event : ReadAll(*store_)) ASSERT_TRUE(log->Take(event));
  ASSERT_TRUE(log->FinishEvents());
  EXPECT_EQ(log->PutKey("demo/v1", "the new key"), true);
}

TEST_F(RestoreTest, EpochsThatBeganAfterTheBackupAreReadBackAndNotGivenAgain) {
  Append("v1", 0);
  MakeBackup();
  store_.reset();
  ASSERT_TRUE(RocksDbStore::BeginEpoch(store_path_));
  store_ = OpenStore(OptionsFor(store_path_));
  Append("v1", 2);
  auto log = OpenDraft();
  ASSERT_TRUE(log);
  for (const StoredEvent& event : ReadAll(*store_)) ASSERT_TRUE(log->Take(event));
  ASSERT_TRUE(log->FinishEvents());
  EXPECT_EQ(log->BeginEpoch(true)->epoch, 3u);
  log.reset();
  const auto restored = OpenStore(OptionsFor(draft_));
  EXPECT_EQ(Outline(ReadAll(*restored)), Outline(ReadAll(*store_)));
  EXPECT_EQ(restored->Verify({}), 4u);
}

TEST(TopicEvents, AMessageIsTheEventThatTheRelaySent) {
  const TemporaryFolder folder;
  const auto store = OpenStore(OptionsFor(folder.path() + "/store"));
  ASSERT_TRUE(store->Append(RequestOf("v1", 0, 2)));
  const StoredEvent event = ReadAll(*store).back();
  const CloudEventAttributes attributes = AttributesOf(event);
  const std::map<std::string, std::string> right = {{"ce_origin", attributes.origin},
                                                    {"ce_seq", "2"},
                                                    {"ce_prevseq", "1"},
                                                    {"ce_streamversion", "2"},
                                                    {"ce_bucket", std::to_string(event.bucket)},
                                                    {"ce_time", attributes.time},
                                                    {"ce_type", attributes.type},
                                                    {"ce_subject", event.stream.str()}};
  const auto read = [&](const std::map<std::string, std::string>& headers) {
    return EventOfMessage(event.key, event.data, [&](const char* name) -> std::string_view {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string_view() : found->second;
    });
  };
  ASSERT_TRUE(read(right));
  EXPECT_EQ(Outline({*read(right)}), Outline({event}));
  for (const auto& [name, value] : right) {
    auto wrong = right;
    wrong[name] = "-";
    if (name == "ce_subject") wrong.erase(name);
    ASSERT_FALSE(read(wrong)) << name;
    EXPECT_THAT(read(wrong).error(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace monitor
