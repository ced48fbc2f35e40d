#include "consumers/intake.h"

#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace monitor {
namespace {

class IntakeTest : public testing::Test {
 protected:
  IntakeTest() { Open(); }

  void Open() {
    store_.reset();
    store_ = std::move(*ViewStore::Open(folder_.path() + "/view"));
  }

  static constexpr std::string_view kData =
      R"({"accountId":"demo","visitorId":"v","sessionId":"s","reason":"event-cap"})";

  static Arrival Event(std::uint64_t seq, std::uint64_t prevseq, std::string_view data = kData,
                       Bucket bucket = BucketOf("demo/v")) {
    auto event = ParseCloudEvent({.origin = "7f3a9c01.1",
                                  .seq = std::to_string(seq),
                                  .prevseq = std::to_string(prevseq),
                                  .bucket = std::to_string(bucket),
                                  .type = "monitor.session-closed",
                                  .time = "2026-11-24T10:00:00.000Z"},
                                 data);
    Arrival arrival{.event = *std::move(event), .channel = "0"};
    arrival.offset = static_cast<std::int64_t>(seq);
    return arrival;
  }

  std::uint64_t Highest() const { return store_->HighestSeq("7f3a9c01.1", BucketOf("demo/v")).value_or(0); }

  TemporaryFolder folder_;
  std::unique_ptr<ViewStore> store_;
};

TEST_F(IntakeTest, WhatComesAgainIsDropped) {
  Intake intake(*store_, {});
  EXPECT_EQ(intake.Take(Event(1, 0)), Taken::kCounted);
  EXPECT_EQ(intake.Take(Event(1, 0)), Taken::kDuplicate);
}

TEST_F(IntakeTest, AHoleHoldsItsBucketUntilItIsFilled) {
  int alarms = 0;
  Intake intake(*store_, {.gap = [&](const Arrival&) { ++alarms; }});
  EXPECT_EQ(intake.Take(Event(1, 0)), Taken::kCounted);
  EXPECT_EQ(intake.Take(Event(5, 3)), Taken::kHeld);
  EXPECT_EQ(intake.Take(Event(8, 5)), Taken::kHeld);
  EXPECT_EQ(intake.SafeOffset("0", 9), 5);
  EXPECT_EQ(intake.Take(Event(3, 1)), Taken::kCounted);
  EXPECT_EQ(Highest(), 8u);
  EXPECT_EQ(intake.SafeOffset("0", 9), 9);
  EXPECT_EQ(alarms, 1);
}

TEST_F(IntakeTest, AfterTooManyFollowersOfAHoleTheChannelIsReadAgain) {
  Intake intake(*store_, {.max_held = 1});
  ASSERT_TRUE(intake.Take(Event(1, 0)));
  ASSERT_TRUE(intake.Take(Event(3, 2)));
  ASSERT_TRUE(intake.Take(Event(4, 3)));
  EXPECT_FALSE(intake.TakeRewind("0"));
  ASSERT_TRUE(intake.Take(Event(2, 1)));
  EXPECT_EQ(Highest(), 3u);
  EXPECT_EQ(intake.SafeOffset("0", 5), 4);
  EXPECT_EQ(intake.TakeRewind("0"), 4);
}

TEST_F(IntakeTest, AChannelThatLostItsStartMayBeginAnywhere) {
  Intake intake(*store_, {});
  EXPECT_EQ(intake.Take(Event(7, 5)), Taken::kHeld);
  Arrival arrival = Event(7, 5);
  arrival.from_start = false;
  EXPECT_EQ(intake.Take(arrival), Taken::kCounted);
}

TEST_F(IntakeTest, OnlyAnOperatorsWordSkipsAHole) {
  Intake intake(*store_, {.skip_missing = true});
  ASSERT_TRUE(intake.Take(Event(1, 0)));
  EXPECT_EQ(intake.Take(Event(5, 3)), Taken::kCounted);
  EXPECT_EQ(intake.counters().skipped, 1u);
}

TEST_F(IntakeTest, AnUnreadableEventIsADeadLetterAndNoHole) {
  std::string reason;
  Intake intake(*store_, {.unreadable = [&](const Arrival&, const std::string& why) { reason = why; }});
  EXPECT_EQ(intake.Take(Event(1, 0, "{not json")), Taken::kCounted);
  EXPECT_FALSE(reason.empty());
  EXPECT_EQ(intake.Take(Event(2, 1)), Taken::kCounted);
  EXPECT_EQ(intake.counters().unreadable, 1u);
}

TEST_F(IntakeTest, AnEventInAWrongBucketIsUnreadable) {
  std::string reason;
  Intake intake(*store_, {.unreadable = [&](const Arrival&, const std::string& why) { reason = why; }});
  ASSERT_TRUE(intake.Take(Event(1, 0, kData, BucketOf("demo/v") ^ 1)));
  EXPECT_EQ(reason, "bucket: not that of the event's key");
}

TEST_F(IntakeTest, WhatIsDiscardedIsTakenAgain) {
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.Take(Event(1, 0)));
  ASSERT_TRUE(store_->Discard());
  EXPECT_EQ(intake.Take(Event(1, 0)), Taken::kCounted);
  store_->SetPosition("7f3a9c01.1", 1);
  ASSERT_TRUE(store_->Commit());
  Open();
  EXPECT_EQ(Highest(), 1u);
  EXPECT_TRUE(store_->WaitFor("7f3a9c01.1", 1, std::chrono::milliseconds(0)));
}

}  // namespace
}  // namespace monitor
