#include "eventstore/relay/relay_progress.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(RelayProgress, AdvancesOnlyOverWhatIsContiguous) {
  RelayProgress progress(10, {0, 0});
  auto a = progress.Add(11), b = progress.Add(12), c = progress.Add(13);
  progress.Delivered(c, 0, 5);
  progress.Delivered(b, 1, 7);
  EXPECT_EQ(progress.acknowledged(), 10u);
  EXPECT_EQ(progress.in_flight(), 3u);
  progress.Delivered(a, 0, 4);
  EXPECT_EQ(progress.acknowledged(), 13u);
  EXPECT_EQ(progress.in_flight(), 0u);
  EXPECT_EQ(progress.PositionJson(), R"({"seq":"13","offsets":{"0":6,"1":8}})");
}

TEST(RelayProgress, NamesNoOffsetOfWhatIsBehindAGap) {
  RelayProgress progress(0, {3, 9});
  progress.Add(1);
  progress.Delivered(progress.Add(2), 1, 20);
  EXPECT_EQ(progress.PositionJson(), R"({"seq":"0","offsets":{"0":3,"1":9}})");
}

TEST(RelayProgress, CountsAnEventOnceItsTableRowIsThereToo) {
  RelayProgress progress(0, {0});
  auto row = progress.Add(0), event = progress.Add(1);
  progress.Delivered(event, 0, 0);
  EXPECT_EQ(progress.acknowledged(), 0u);
  progress.Delivered(row, 0, 0);
  EXPECT_EQ(progress.acknowledged(), 1u);
}

TEST(RelayProgress, TakesNeitherSeqNorOffsetOfATableRow) {
  RelayProgress progress(5, {3});
  auto event = progress.Add(6), row = progress.Add(0);
  progress.Delivered(event, 0, 3);
  progress.Delivered(row, 0, 40);
  EXPECT_EQ(progress.acknowledged(), 6u);
  EXPECT_EQ(progress.PositionJson(), R"({"seq":"6","offsets":{"0":4}})");
}

TEST(RelayProgress, AsksForTheEndWhereAnAcknowledgementHadNoOffset) {
  RelayProgress progress(0, {0});
  progress.Delivered(progress.Add(1), 0, -1);
  EXPECT_EQ(progress.acknowledged(), 1u);
  EXPECT_EQ(progress.partitions_without_offset().count(0), 1u);
  progress.SetEndOffset(0, 8);
  EXPECT_TRUE(progress.partitions_without_offset().empty());
  EXPECT_EQ(progress.PositionJson(), R"({"seq":"1","offsets":{"0":8}})");
}

// A message that Kafka had already comes back with the offset it has: far below what was read before.
TEST(RelayProgress, NeverTakesAnOffsetBack) {
  RelayProgress progress(0, {9});
  progress.Delivered(progress.Add(1), 0, 3);
  EXPECT_EQ(progress.PositionJson(), R"({"seq":"1","offsets":{"0":9}})");
  progress.Delivered(progress.Add(2), 0, 11);
  progress.SetEndOffset(0, 10);
  EXPECT_EQ(progress.PositionJson(), R"({"seq":"2","offsets":{"0":12}})");
}

TEST(RelayProgress, ForgetsWhatWasNotSentAfterAll) {
  RelayProgress progress(0, {0});
  progress.Add(1);
  progress.TakeBack();
  EXPECT_EQ(progress.in_flight(), 0u);
  progress.Delivered(progress.Add(1), 0, 0);
  EXPECT_EQ(progress.acknowledged(), 1u);
}

}  // namespace
}  // namespace monitor
