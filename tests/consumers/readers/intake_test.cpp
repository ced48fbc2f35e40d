#include "consumers/readers/intake.h"

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
                       Bucket bucket = BucketOf("demo/v"), std::string_view type = "monitor.session-closed") {
    auto event = ParseCloudEvent({.origin = "7f3a9c01.1",
                                  .seq = std::to_string(seq),
                                  .prevseq = std::to_string(prevseq),
                                  .bucket = std::to_string(bucket),
                                  .type = type,
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

constexpr std::size_t kRoomForOne = 1'500;  // a small event takes some 700 bytes, its text some 70

TEST_F(IntakeTest, AfterTooManyFollowersOfAHoleTheChannelIsReadAgain) {
  Intake intake(*store_, {.max_held_bytes = kRoomForOne});
  ASSERT_TRUE(intake.Take(Event(1, 0)));
  ASSERT_TRUE(intake.Take(Event(3, 2)));
  ASSERT_TRUE(intake.Take(Event(4, 3)));
  ASSERT_TRUE(intake.Take(Event(5, 4)));
  EXPECT_FALSE(intake.TakeRewind("0"));
  const std::uint64_t kept = intake.counters().held_events;
  EXPECT_GE(kept, 1u);
  EXPECT_LT(kept, 3u);
  ASSERT_TRUE(intake.Take(Event(2, 1)));
  const std::uint64_t next = Highest() + 1;
  EXPECT_EQ(next, 3 + kept);
  EXPECT_EQ(intake.SafeOffset("0", 6), static_cast<std::int64_t>(next));
  EXPECT_EQ(intake.TakeRewind("0"), static_cast<std::int64_t>(next));
  EXPECT_EQ(intake.counters().held_bytes, 0u);
  for (std::uint64_t seq = next; seq <= 5; ++seq) EXPECT_EQ(intake.Take(Event(seq, seq - 1)), Taken::kCounted);
  EXPECT_EQ(intake.SafeOffset("0", 6), 6);
}

TEST_F(IntakeTest, WhatIsKeptAsideIsBoundedInItsBytes) {
  const std::string text(60'000, 'x');
  const std::string data = R"({"accountId":"demo","visitorId":"v","sessionId":"s","reason":")" + text + "\"}";
  Intake intake(*store_, {.max_held_bytes = 1 << 20});
  for (std::uint64_t seq = 3; seq < 103; ++seq) ASSERT_EQ(intake.Take(Event(seq, seq - 1, data)), Taken::kHeld);
  EXPECT_EQ(intake.counters().held_events, 17u);  // of 60 KB each
  EXPECT_GE(intake.counters().held_bytes, 17 * text.size());
  EXPECT_LE(intake.counters().held_bytes, 1u << 20);
  EXPECT_EQ(intake.SafeOffset("0", 103), 3);
}

// Linear: with work for each event that grew with what is held this would take minutes.
TEST_F(IntakeTest, AHoleBeforeAHundredThousandEventsIsClosedInOnePass) {
  constexpr std::uint64_t kEvents = 100'000;
  Intake intake(*store_, {});
  Arrival arrival = Event(1, 0, "{");  // unreadable, so that the fold's own work does not count
  for (std::uint64_t seq = 2; seq <= kEvents; ++seq) {
    arrival.event.seq = seq;
    arrival.event.prevseq = seq - 1;
    arrival.offset = static_cast<std::int64_t>(seq);
    ASSERT_EQ(intake.Take(arrival), Taken::kHeld);
    ASSERT_EQ(intake.SafeOffset("0", arrival.offset + 1), 2);
  }
  EXPECT_EQ(intake.counters().held_events, kEvents - 1);
  EXPECT_EQ(intake.Take(Event(1, 0)), Taken::kCounted);
  EXPECT_EQ(Highest(), kEvents);
  EXPECT_EQ(intake.counters().held_events, 0u);
  EXPECT_EQ(intake.SafeOffset("0", kEvents + 1), static_cast<std::int64_t>(kEvents + 1));
}

TEST_F(IntakeTest, BehindASecondHoleItStaysHeldAndOnlyWhatIsLeftHoldsTheOffset) {
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.Take(Event(1, 0)));
  for (const auto& [seq, prevseq] : {std::pair{3, 2}, {4, 3}, {7, 6}, {8, 7}}) {
    ASSERT_EQ(intake.Take(Event(static_cast<std::uint64_t>(seq), static_cast<std::uint64_t>(prevseq))), Taken::kHeld);
  }
  EXPECT_EQ(intake.Take(Event(7, 6)), Taken::kHeld);  // again
  EXPECT_EQ(intake.SafeOffset("0", 9), 3);
  EXPECT_EQ(intake.Take(Event(2, 1)), Taken::kCounted);
  EXPECT_EQ(Highest(), 4u);
  EXPECT_EQ(intake.SafeOffset("0", 9), 7);
  EXPECT_EQ(intake.counters().held_buckets, 1u);
  EXPECT_EQ(intake.Take(Event(5, 4)), Taken::kCounted);
  EXPECT_EQ(intake.Take(Event(6, 5)), Taken::kCounted);
  EXPECT_EQ(Highest(), 8u);
  EXPECT_EQ(intake.counters().held_buckets, 0u);
}

// The missing ones come late and in disorder, when there was no room any more.
TEST_F(IntakeTest, ALateOneThatWasNotKeptIsReadAgainOnceItIsNext) {
  Intake intake(*store_, {.max_held_bytes = kRoomForOne});
  ASSERT_TRUE(intake.Take(Event(5, 4)));
  ASSERT_TRUE(intake.Take(Event(6, 5)));
  ASSERT_TRUE(intake.Take(Event(7, 6)));
  Arrival late = Event(2, 1);
  late.offset = 20;
  ASSERT_EQ(intake.Take(late), Taken::kHeld);
  Arrival first = Event(1, 0);
  first.offset = 21;
  EXPECT_EQ(intake.Take(first), Taken::kCounted);
  const auto rewind = intake.TakeRewind("0");
  ASSERT_TRUE(rewind);
  EXPECT_LE(*rewind, 20);
  EXPECT_EQ(intake.SafeOffset("0", 22), 5);  // 5 is still held
  EXPECT_EQ(intake.Take(late), Taken::kCounted);
  EXPECT_EQ(Highest(), 2u);
}

TEST_F(IntakeTest, AChannelThatWasTakenAwayHoldsNothing) {
  std::vector<Bucket> closed;
  Intake intake(*store_, {.closed = [&](const std::string&, Bucket bucket) { closed.push_back(bucket); }});
  ASSERT_TRUE(intake.Take(Event(3, 2)));
  Arrival other = Event(3, 2, kData, 7);
  other.channel = "1";
  ASSERT_TRUE(intake.Take(other));
  intake.Forget("1");
  EXPECT_EQ(closed, std::vector<Bucket>{7});
  EXPECT_EQ(intake.counters().held_events, 1u);
  EXPECT_EQ(intake.SafeOffset("1", 9), 9);
  EXPECT_EQ(intake.SafeOffset("0", 9), 3);
}

// What a newer program wrote is counted by the funneld that knows it, and so is all that followed.
TEST_F(IntakeTest, AnEventOfAnUnknownTypeIsNotPassedOver) {
  std::string reason;
  Intake intake(*store_, {.gap = [&](const Arrival& arrival) { reason = arrival.event.content.error(); }});
  ASSERT_TRUE(intake.Take(Event(1, 0)));
  const Bucket bucket = BucketOf("demo/v");
  EXPECT_EQ(intake.Take(Event(2, 1, "not even JSON", bucket, "monitor.visitor-praised")), Taken::kHeld);
  EXPECT_EQ(reason, "the type monitor.visitor-praised is not known");
  EXPECT_EQ(intake.Take(Event(3, 2)), Taken::kHeld);
  EXPECT_EQ(Highest(), 1u);
  EXPECT_EQ(intake.SafeOffset("0", 4), 2);
  EXPECT_EQ(intake.counters().held_events, 0u);  // it would keep them for nothing
  EXPECT_EQ(intake.counters().unreadable, 0u);
  ASSERT_TRUE(store_->Commit());

  Open();
  Intake upgraded(*store_, {});
  EXPECT_EQ(upgraded.Take(Event(2, 1)), Taken::kCounted);
  EXPECT_EQ(upgraded.Take(Event(3, 2)), Taken::kCounted);
}

TEST_F(IntakeTest, AnUnknownTypeBehindAHoleHoldsItsBucketFromThereOn) {
  std::vector<std::uint64_t> alarms;
  Intake intake(*store_, {.gap = [&](const Arrival& arrival) { alarms.push_back(arrival.event.seq); }});
  const Bucket bucket = BucketOf("demo/v");
  const Arrival unknown = Event(3, 2, kData, bucket, "monitor.visitor-praised");
  ASSERT_EQ(intake.Take(Event(2, 1)), Taken::kHeld);
  ASSERT_EQ(intake.Take(unknown), Taken::kHeld);
  ASSERT_EQ(intake.Take(Event(1, 0)), Taken::kCounted);
  EXPECT_EQ(Highest(), 2u);
  EXPECT_EQ(intake.TakeRewind("0"), 3);
  EXPECT_EQ(intake.Take(unknown), Taken::kHeld);
  EXPECT_FALSE(intake.TakeRewind("0"));
  EXPECT_EQ(intake.SafeOffset("0", 4), 3);
  EXPECT_EQ(alarms, (std::vector<std::uint64_t>{2, 3}));
}

TEST_F(IntakeTest, OnlyAnOperatorsWordPassesAnUnknownType) {
  Intake intake(*store_, {.skip_missing = true});
  EXPECT_EQ(intake.Take(Event(1, 0, kData, BucketOf("demo/v"), "monitor.visitor-praised")), Taken::kCounted);
  EXPECT_EQ(intake.Take(Event(2, 1)), Taken::kCounted);
  EXPECT_EQ(intake.counters().skipped, 1u);
  EXPECT_EQ(intake.counters().unreadable, 1u);
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
