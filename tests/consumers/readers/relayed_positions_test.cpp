#include "consumers/readers/relayed_positions.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(RelayedPositions, AreReachedWhenAllTheirOffsetsAreCounted) {
  RelayedPositions positions;
  EXPECT_TRUE(positions.Add("a.1", R"({"seq":10,"offsets":{"0":5,"1":2}})"));
  EXPECT_TRUE(positions.Add("a.1", R"({"seq":"20","offsets":{"0":"9","1":"2"}})"));
  EXPECT_TRUE(positions.Reached({{0, 4}, {1, 2}}).empty());
  EXPECT_EQ(positions.Reached({{0, 8}, {1, 2}}), (Positions{{"a.1", 10}}));
  EXPECT_EQ(positions.Reached({{0, 9}, {1, 2}}), (Positions{{"a.1", 20}}));
}

TEST(RelayedPositions, PartitionsOfOthersDoNotMatter) {
  RelayedPositions positions;
  positions.Add("a.1", R"({"seq":10,"offsets":{"0":5,"1":200}})");
  EXPECT_EQ(positions.Reached({{0, 5}}), (Positions{{"a.1", 10}}));
}

TEST(RelayedPositions, OfAPartitionThatComesTheyWait) {
  RelayedPositions positions;
  positions.Add("a.1", R"({"seq":10,"offsets":{"0":5,"1":2}})");
  positions.Add("a.1", R"({"seq":20,"offsets":{"0":9,"1":4}})");
  EXPECT_EQ(positions.Reached({{0, 9}}), (Positions{{"a.1", 20}}));
  EXPECT_TRUE(positions.Reached({{0, 9}, {1, 3}}).empty());
  EXPECT_EQ(positions.Reached({{0, 9}, {1, 4}}), (Positions{{"a.1", 20}}));
}

TEST(RelayedPositions, OneThatComesAgainSetsNothingBack) {
  RelayedPositions positions;
  for (const char* value :
       {R"({"seq":10,"offsets":{"0":5}})", R"({"seq":20,"offsets":{"0":9}})", R"({"seq":10,"offsets":{"0":5}})"}) {
    EXPECT_TRUE(positions.Add("a.1", value));
  }
  EXPECT_EQ(positions.Reached({{0, 5}}), (Positions{{"a.1", 10}}));
  EXPECT_EQ(positions.Reached({{0, 9}}), (Positions{{"a.1", 20}}));
}

TEST(RelayedPositions, WhatCanNotBeReadIsLeftOut) {
  RelayedPositions positions;
  EXPECT_FALSE(positions.Add("a.1", "{"));
  EXPECT_FALSE(positions.Add("", R"({"seq":1,"offsets":{}})"));
  EXPECT_FALSE(positions.Add("a.1", R"({"seq":1,"offsets":{"x":1}})"));
}

TEST(RelayedPositions, TooManyBecomeCoarserAndStayRight) {
  RelayedPositions positions;
  for (int seq = 1; seq <= 10'000; ++seq) {
    positions.Add("a.1", "{\"seq\":" + std::to_string(seq) + ",\"offsets\":{\"0\":" + std::to_string(seq) + "}}");
  }
  const Positions reached = positions.Reached({{0, 5'000}});
  EXPECT_LE(reached.at("a.1"), 5'000u);
  EXPECT_GE(reached.at("a.1"), 4'000u);
  EXPECT_EQ(positions.Reached({{0, 10'000}}), (Positions{{"a.1", 10'000}}));
}

}  // namespace
}  // namespace monitor
