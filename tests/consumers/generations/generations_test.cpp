// The view counted anew while the old one answers. The source is still: the test writes the next view and says how far
// it is.
#include "consumers/generations/generations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/consumers/still_generations.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using testing::HasSubstr;

constexpr const char* kOrigin = "7f3a9c01.1";
const SourceStatus kAtEnd{.connected = true, .caught_up = true, .at_end = true};
const SourceStatus kOnTheWay{.connected = true, .lag_events = 7};

class GenerationsTest : public testing::Test {
 protected:
  GenerationsTest() { Start(); }

  // As after a crash or a stop: what is on the disk is all that is left.
  void Start(std::uint64_t min_free_bytes = 0) {
    still_.reset();
    still_ = std::make_unique<StillGenerations>(folder_.path(), min_free_bytes, alarms_);
  }
  Generations& generations() { return *still_->generations; }

  // As the reader of whichever view is written.
  void CountUpTo(std::uint64_t seq) {
    still_->store->SetOffset(0, static_cast<std::int64_t>(seq));
    still_->store->SetPosition(kOrigin, seq);
    ASSERT_TRUE(still_->store->Commit());
  }
  std::uint64_t Answered() { return generations().View()->CommittedPositions()[kOrigin]; }
  bool Exists(const std::string& name) const { return std::filesystem::exists(folder_.path() + "/" + name); }
  std::string Held() { return generations().Now().rebuild.value().held; }

  void Until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!holds() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_TRUE(holds());
  }
  void UntilTakenOver() {
    Until([&] { return !generations().Now().rebuild; });
  }

  TemporaryFolder folder_;
  std::shared_ptr<AlarmBook> alarms_ = std::make_shared<AlarmBook>(folder_.path() + "/alarms");
  std::unique_ptr<StillGenerations> still_;
};

TEST_F(GenerationsTest, TheOldViewAnswersUntilTheNextHasAllThatItHad) {
  CountUpTo(3);
  const auto old = generations().View();
  still_->Tell(kOnTheWay);
  const auto began = generations().Rebuild(false);
  ASSERT_TRUE(began);
  EXPECT_NE(still_->store, old.get());
  EXPECT_EQ(still_->store->Offset(0), std::nullopt);
  CountUpTo(2);
  const Answering now = generations().Now();
  EXPECT_EQ(now.view, old);
  EXPECT_EQ(now.rebuild->began, *began);
  EXPECT_EQ(now.rebuild->left_events, 7u);
  EXPECT_EQ(now.rebuild->held, "");
  still_->Tell(kAtEnd);
  EXPECT_THAT(Held(), HasSubstr("not up to 7f3a9c01.1:3"));
  still_->Tell(kOnTheWay);
  CountUpTo(4);
  EXPECT_EQ(Answered(), 3u);  // it is not at the end
  still_->Tell(kAtEnd);
  UntilTakenOver();
  EXPECT_EQ(Answered(), 4u);
  EXPECT_EQ(generations().Now().began, *began);
}

TEST_F(GenerationsTest, OnlyOneGoesOnAtATime) {
  EXPECT_EQ(generations().GiveUp().error().kind, RebuildRefusal::kConflict);
  ASSERT_TRUE(generations().Rebuild(false));
  EXPECT_EQ(generations().Rebuild(false).error().kind, RebuildRefusal::kConflict);
}

TEST_F(GenerationsTest, WhoAsksTheOldViewIsAnsweredToTheEnd) {
  CountUpTo(1);
  auto asked = generations().View();
  ASSERT_TRUE(generations().Rebuild(false));
  CountUpTo(2);
  still_->Tell(kAtEnd);
  UntilTakenOver();
  EXPECT_EQ(asked->CommittedPositions()[kOrigin], 1u);
  EXPECT_TRUE(asked->Accounts());
  EXPECT_TRUE(Exists("view"));
  asked.reset();
  Until([&] { return !Exists("view"); });
}

TEST_F(GenerationsTest, ARestartGoesOnWithIt) {
  CountUpTo(3);
  const auto began = generations().Rebuild(false);
  CountUpTo(2);
  Start();
  EXPECT_EQ(Answered(), 3u);
  EXPECT_EQ(generations().Now().rebuild.value().began, *began);
  EXPECT_EQ(still_->store->Offset(0), 2);
  CountUpTo(3);
  still_->Tell(kAtEnd);
  UntilTakenOver();
  Start();
  EXPECT_EQ(Answered(), 3u);
  EXPECT_EQ(generations().Now().began, *began);
  EXPECT_FALSE(generations().Now().rebuild);
}

TEST_F(GenerationsTest, AfterEveryRestartTheOneThatAnswersHasTheFirstOnesName) {
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    ASSERT_TRUE(generations().Rebuild(false));
    CountUpTo(seq);
    still_->Tell(kAtEnd);
    UntilTakenOver();
    still_->Tell({});
    if (seq == 2) Start();
    EXPECT_EQ(Answered(), seq);
  }
  Start();
  EXPECT_EQ(Answered(), 3u);
  EXPECT_TRUE(Exists("view"));
  for (const char* other : {"view.2", "view.3", "view.4"}) EXPECT_FALSE(Exists(other)) << other;
}

TEST_F(GenerationsTest, ACrashWhileItTakesOverLeavesOneThatAnswers) {
  CountUpTo(1);
  still_.reset();
  const std::string view = folder_.path() + "/view", next = folder_.path() + "/view.2",
                    file = folder_.path() + "/generations";
  // Before the file was exchanged, and when the next one was not even made.
  std::ofstream(file) << "answers view\ncounts view.2 1795900000000\n";
  Start();
  EXPECT_EQ(Answered(), 1u);
  CountUpTo(2);
  still_.reset();
  // After it.
  std::ofstream(file) << "answers view.2 1795900000000\n";
  Start();
  EXPECT_EQ(Answered(), 2u);
  EXPECT_TRUE(Exists("view"));
  EXPECT_FALSE(Exists("view.2"));
  still_.reset();
  // While it got its name: the old one removed, or the renaming done and not written.
  std::filesystem::rename(view, next);
  std::ofstream(file) << "answers view.2 1795900000000\n";
  Start();
  EXPECT_EQ(Answered(), 2u);
  still_.reset();
  std::ofstream(file) << "answers view.2 1795900000000\n";
  Start();
  EXPECT_EQ(Answered(), 2u);
}

TEST_F(GenerationsTest, AFileThatIsNotUnderstoodIsNotGuessedAt) {
  for (const char* text : {"", "answers\n", "answers ../view\n", "answers view\ncounts view 1\n", "answers view x\n",
                           "answers view\ncounts view.2\n", "answers view\ncounts view.2 1 2\n", "counts view.2 1\n"}) {
    still_.reset();
    std::ofstream(folder_.path() + "/generations") << text;
    const auto opened = Generations::Open({.data_folder = folder_.path()});
    ASSERT_FALSE(opened) << text;
    EXPECT_THAT(opened.error(), HasSubstr("generations does not say which view answers"));
  }
}

TEST_F(GenerationsTest, GivenUpTheReaderGoesOnIntoTheOldView) {
  CountUpTo(3);
  alarms_->Raise("from long ago");
  ViewStore* const old = still_->store;
  Until([&] { return std::chrono::system_clock::now() >= alarms_->All()[0].since + std::chrono::milliseconds(1); });
  ASSERT_TRUE(generations().Rebuild(false));
  still_->begins_late("partition 3 begins at 17");
  EXPECT_EQ(alarms_->All().size(), 2u);
  ASSERT_TRUE(generations().GiveUp());
  EXPECT_EQ(still_->store, old);
  EXPECT_FALSE(Exists("view.2"));
  EXPECT_EQ(alarms_->Summary(), "from long ago");
  EXPECT_FALSE(generations().Now().rebuild);
  CountUpTo(4);
  Start();
  EXPECT_EQ(Answered(), 4u);
  EXPECT_FALSE(generations().Now().rebuild);
}

TEST_F(GenerationsTest, OneThatWouldHaveLessWaitsOverRestartsUntilItsAlarmIsCleared) {
  CountUpTo(3);
  ASSERT_TRUE(generations().Rebuild(false));
  still_->begins_late("partition 3 begins at 17");
  CountUpTo(3);
  alarms_ = std::make_shared<AlarmBook>(folder_.path() + "/alarms");
  Start();
  still_->Tell(kAtEnd);
  EXPECT_EQ(Held(), "partition 3 begins at 17: the funnel that is counted anew does not have what was before");
  alarms_->Clear(alarms_->All().at(0).id);
  UntilTakenOver();
  still_->begins_late("partition 5 begins at 9");  // as one that came from another instance
  EXPECT_TRUE(alarms_->All().empty());
}

TEST_F(GenerationsTest, AcceptedItTakesOverWithLess) {
  CountUpTo(3);
  ASSERT_TRUE(generations().Rebuild(false));
  alarms_->Raise("events are lost");
  CountUpTo(2);
  still_->Tell(kAtEnd);
  EXPECT_EQ(Held(), "events are lost");
  still_->Tell(kOnTheWay);
  ASSERT_TRUE(generations().Rebuild(true));
  EXPECT_FALSE(generations().Rebuild(true));
  EXPECT_EQ(Held(), "");
  Start();
  EXPECT_EQ(Answered(), 3u);
  still_->Tell(kAtEnd);
  UntilTakenOver();
  EXPECT_EQ(Answered(), 2u);
  EXPECT_EQ(alarms_->Summary(), "events are lost");
}

TEST_F(GenerationsTest, WithoutRoomNothingBegins) {
  CountUpTo(3);
  Start(~0ull);
  const auto refused = generations().Rebuild(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, RebuildRefusal::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr(" MiB are free, "));
  EXPECT_FALSE(Exists("view.2"));
  EXPECT_EQ(Answered(), 3u);
  EXPECT_FALSE(generations().Now().rebuild);
}

TEST_F(GenerationsTest, ANextViewThatCanNotBeReadIsGivenUpInWords) {
  CountUpTo(3);
  ASSERT_TRUE(generations().Rebuild(false));
  CountUpTo(2);
  still_.reset();
  std::ofstream(folder_.path() + "/view.2/CURRENT") << "nothing\n";
  Start();
  EXPECT_EQ(Answered(), 3u);
  EXPECT_FALSE(generations().Now().rebuild);
  EXPECT_THAT(alarms_->Summary(), HasSubstr("the funnel is no longer counted anew: the view in "));
  EXPECT_EQ(still_->store->Offset(0), 3);
  EXPECT_FALSE(Exists("view.2"));
}

TEST_F(GenerationsTest, TheOldViewAnswersForWhatItHadAndNobodyElseReads) {
  Coverage had{.partitions = 4, .buckets = {}};
  for (const std::size_t bucket : {0u, 1u, 4u, 5u}) had.buckets.set(bucket);  // of the partitions 0 and 1
  ASSERT_TRUE(still_->store->AnswerFor(had));
  still_->Tell({.connected = true, .missing = {1, 2, 3}, .behind = {1}});
  ASSERT_TRUE(generations().Rebuild(false));
  SourceStatus reads{.connected = true, .missing = {0, 1, 2, 3}, .behind = {1, 2}};
  reads.buckets = BucketSet().set(1).set(5).set(2).set(6);  // 1 and 2 by now
  still_->Tell(reads);
  const Answering now = generations().Now();
  EXPECT_EQ(now.source.buckets, BucketSet().set(1).set(5));
  EXPECT_EQ(now.source.missing, (std::vector{0, 1, 2, 3}));  // 1 as it was behind when its reader left
  EXPECT_EQ(now.source.behind, std::vector<int>());
}

}  // namespace
}  // namespace monitor
