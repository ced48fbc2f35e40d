#include "consumers/peers/share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Share ShareOf(const std::string& instance, std::vector<HeldPartition> held, Positions as_of = {{"a", 5}}) {
  return {.instance = instance,
          .topic = "monitor.events",
          .partitions = 4,
          .held = std::move(held),
          .as_of = std::move(as_of),
          .version = instance + "/1"};
}

TEST(Divide, EveryPartitionIsCountedOnceByWhoIsFurthest) {
  const std::vector<Share> shares = {ShareOf("x", {{0, 10}, {1, 7}, {2, 3}}), ShareOf("y", {{1, 8}, {2, 2}, {3, 1}})};
  const auto counted = Divide(shares);
  EXPECT_THAT(counted[0].partitions, ElementsAre(0, 2));
  EXPECT_THAT(counted[1].partitions, ElementsAre(1, 3));
}

TEST(Divide, OfEqualsOneThatIsNotBehindElseTheLeastName) {
  const std::vector<Share> shares = {ShareOf("x", {{0, 10, true}, {1, 7}, {2, 9, true}}),
                                     ShareOf("y", {{0, 10}, {1, 7}, {2, 8}})};
  const auto counted = Divide(shares);
  EXPECT_THAT(counted[0].partitions, ElementsAre(1, 2));
  EXPECT_THAT(counted[0].behind, ElementsAre(2));
  EXPECT_THAT(counted[1].partitions, ElementsAre(0));
  EXPECT_THAT(counted[1].behind, IsEmpty());
}

TEST(Divide, WhoeverAsksComesToTheSame) {
  std::vector<Share> shares = {ShareOf("x", {{0, 10}, {1, 7}, {2, 9}}), ShareOf("y", {{0, 9}, {1, 7}, {2, 9}}),
                               ShareOf("z", {{0, 9}, {1, 7}, {3, 9}}, {{"a", 4}})};
  const Whole whole = Together(Divide(shares), 4);
  std::ranges::sort(shares, std::greater(), &Share::instance);
  EXPECT_EQ(Together(Divide(shares), 4), whole);
}

TEST(Together, TheLeastPositionOfEachOriginThatAllKnow) {
  const std::vector<Counted> counted = {
      {.partitions = {0, 1}, .behind = {}, .as_of = {{"a", 5}, {"b", 2}}, .version = "x"},
      {.partitions = {2}, .behind = {}, .as_of = {{"a", 4}, {"c", 9}}, .version = "y"},
      {.partitions = {}, .behind = {}, .as_of = {}, .version = "counts nothing"}};
  const Whole whole = Together(counted, 3);
  EXPECT_EQ(whole.as_of, (Positions{{"a", 4}}));
  EXPECT_THAT(whole.missing, IsEmpty());
}

TEST(Together, WhatNobodyHasOrHasWholeIsMissing) {
  const std::vector<Counted> counted = {{.partitions = {0, 3}, .behind = {3}, .as_of = {}, .version = "x"}};
  EXPECT_THAT(Together(counted, 5).missing, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Together({}, 2).missing, ElementsAre(0, 1));
  EXPECT_EQ(Together({}, 2).as_of, Positions());
}

TEST(Together, TheVersionIsAnotherOneIfOneOfTheirsIsOrAPartitionMoves) {
  const auto version = [](std::vector<Counted> counted) { return Together(counted, 4).version; };
  const std::string first = version({{{0, 1}, {}, {}, "x"}, {{2, 3}, {}, {}, "y"}});
  EXPECT_EQ(version({{{2, 3}, {}, {}, "y"}, {{0, 1}, {}, {}, "x"}}), first);
  EXPECT_NE(version({{{0, 1}, {}, {}, "x"}, {{2, 3}, {}, {}, "z"}}), first);
  EXPECT_NE(version({{{0}, {}, {}, "x"}, {{1, 2, 3}, {}, {}, "y"}}), first);
  EXPECT_NE(version({{{0, 2}, {}, {}, "x"}, {{1, 3}, {}, {}, "y"}}), first);
}

}  // namespace
}  // namespace monitor
