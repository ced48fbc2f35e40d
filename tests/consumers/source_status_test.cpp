#include "consumers/source_status.h"

#include <gtest/gtest.h>

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
  StatusBoard board;
  int told = 0;
  const IntakeOptions options = board.WithAlarm({.gap = [&](const Arrival&) { ++told; }});
  options.gap(After(4));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(board.Get().alarm, "events of 7f3a9c01.1 in bucket 0 are missing: 5 follows 4, which did not come");
  board.NothingIsHeld();
  EXPECT_EQ(board.Get().alarm, "");
}

TEST(StatusBoard, ASkippedHoleAlarmsForGood) {
  StatusBoard board;
  board.WithAlarm({.skip_missing = true}).gap(After(4));
  board.NothingIsHeld();
  EXPECT_NE(board.Get().alarm, "");
}

TEST(StatusBoard, WhatIsLostStaysToBeSeen) {
  StatusBoard board;
  board.Alarm("lost", AlarmLasts::kForGood);
  board.WithAlarm({}).gap(After(4));
  board.NothingIsHeld();
  EXPECT_EQ(board.Get().alarm, "lost");
}

TEST(StatusBoard, OnceCaughtUpItStaysSo) {
  StatusBoard board;
  EXPECT_FALSE(board.Get().caught_up);
  board.Progress(0, true);
  board.Progress(7, false);
  EXPECT_TRUE(board.Get().caught_up);
  EXPECT_EQ(board.Get().lag_events, 7u);
}

TEST(StatusBoard, UntilToldOtherwiseTheWholeViewIsAnsweredFor) {
  StatusBoard board;
  EXPECT_TRUE(board.Get().buckets.all());
  board.Reads(BucketSet(1), {1});
  EXPECT_EQ(board.Get().buckets.count(), 1u);
}

}  // namespace
}  // namespace monitor
