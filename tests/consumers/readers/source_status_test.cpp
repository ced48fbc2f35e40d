#include "consumers/readers/source_status.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace monitor {
namespace {

Arrival After(std::uint64_t prevseq) {
  Arrival arrival;
  arrival.event.origin = "7f3a9c01.1";
  arrival.event.seq = prevseq + 1;
  arrival.event.prevseq = prevseq;
  return arrival;
}

TEST(StatusBoard, AHoleAlarmsUntilNothingIsHeld) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  int told = 0;
  const IntakeOptions options = board.WithAlarm({.gap = [&](const Arrival&) { ++told; }});
  options.gap(After(4));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(board.Get().alarm, "events of 7f3a9c01.1 in bucket 0 are missing: 5 follows 4, which did not come");
  board.NothingIsHeld();
  EXPECT_EQ(board.Get().alarm, "");
}

TEST(StatusBoard, EachHeldBucketAlarmsAsLongAsItIsHeld) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  const IntakeOptions options = board.WithAlarm({});
  Arrival other = After(4);
  other.event.bucket = 7;
  options.gap(After(4));
  options.gap(other);
  EXPECT_EQ(board.Get().alarm,
            "events of 7f3a9c01.1 in bucket 0 are missing: 5 follows 4, which did not come; and 1 more buckets");
  options.closed("7f3a9c01.1", 0);
  EXPECT_EQ(board.Get().alarm, "events of 7f3a9c01.1 in bucket 7 are missing: 5 follows 4, which did not come");
  options.closed("7f3a9c01.1", 7);
  EXPECT_EQ(board.Get().alarm, "");
}

TEST(StatusBoard, AnUnknownTypeIsNamed) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  Arrival arrival = After(4);
  arrival.event.unknown = true;
  arrival.event.content = std::unexpected("the type monitor.visitor-praised is not known");
  board.WithAlarm({}).gap(arrival);
  EXPECT_EQ(board.Get().alarm,
            "events of 7f3a9c01.1 in bucket 0 are not counted from 5 on: the type monitor.visitor-praised is not "
            "known; a newer funneld is needed");
}

TEST(StatusBoard, ASkippedHoleAlarmsForGood) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  board.WithAlarm({.skip_missing = true}).gap(After(4));
  board.NothingIsHeld();
  EXPECT_NE(board.Get().alarm, "");
}

TEST(StatusBoard, WhatIsLostStaysToBeSeen) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  board.Alarm("lost", AlarmLasts::kForGood);
  board.WithAlarm({}).gap(After(4));
  board.NothingIsHeld();
  EXPECT_EQ(board.Get().alarm, "lost");
}

TEST(StatusBoard, OnceCaughtUpItStaysSo) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  EXPECT_FALSE(board.Get().caught_up);
  board.Progress(0, true);
  board.Progress(7, false);
  EXPECT_TRUE(board.Get().caught_up);
  EXPECT_EQ(board.Get().lag_events, 7u);
}

TEST(StatusBoard, UntilToldOtherwiseTheWholeViewIsAnsweredFor) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  EXPECT_TRUE(board.Get().buckets.all());
  board.Reads({.partitions = 0, .buckets = BucketSet(1)}, {});
  EXPECT_EQ(board.Get().buckets.count(), 1u);
  EXPECT_TRUE(board.Get().missing.empty());
}

TEST(StatusBoard, WhatIsNotReadAndWhatIsBehindIsMissing) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  Coverage coverage{.partitions = 4, .buckets = {}};
  for (std::size_t bucket = 0; bucket < 256; ++bucket) coverage.buckets[bucket] = bucket % 4 != 1;
  board.Reads(coverage, {2});
  EXPECT_EQ(board.Get().missing, (std::vector<int>{1, 2}));
  EXPECT_EQ(board.Get().behind, std::vector<int>{2});
  board.Reads(coverage, {});
  EXPECT_EQ(board.Get().missing, std::vector<int>{1});
}

TEST(StatusBoard, ItSaysWhyItIsNotConnectedUntilItIs) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  EXPECT_EQ(board.Get().fault, "");
  board.Disconnected("test", "the broker is away");
  EXPECT_FALSE(board.Get().connected);
  EXPECT_EQ(board.Get().fault, "the broker is away");
  board.Connected();
  EXPECT_TRUE(board.Get().connected);
  EXPECT_EQ(board.Get().fault, "");
}

TEST(StatusBoard, WhatIsInTheWayIsNotTheSourcesFault) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  board.Hindered("test", "the view: 35 MiB are free, 256 are wanted");
  EXPECT_TRUE(board.Get().connected);
  EXPECT_EQ(board.Get().fault, "the view: 35 MiB are free, 256 are wanted");
}

TEST(StatusBoard, AFaultIsToldAnewButLoggedOnceWhateverItsNumbers) {
  AlarmBook alarms;
  StatusBoard board(alarms);
  testing::internal::CaptureStderr();
  for (int free = 35; free > 0; --free) {
    board.Hindered("test", "the view: " + std::to_string(free) + " MiB are free, 256 are wanted");
  }
  EXPECT_EQ(board.Get().fault, "the view: 1 MiB are free, 256 are wanted");
  board.Disconnected("test", "the broker is away");
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(logged, '\n'), 2) << logged;
}

}  // namespace
}  // namespace monitor
