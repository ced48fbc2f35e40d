#include "domain/deciding/choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "domain/deciding/decide.h"

namespace monitor {
namespace {

constexpr std::array<double, 3> kShares = {70, 20, 10};

Candidate CandidateOf(std::size_t index, Priority priority = Priority::kMedium, double weight = 1,
                      OfferKind kind = OfferKind::kConversation) {
  return {index, 1, 100 + static_cast<std::int64_t>(index), priority, weight, kind};
}

std::size_t ChooseFrom(std::vector<Candidate> candidates, SplitMix64& draws) {
  return Choose(candidates, kShares, draws);
}

// How many draws a choice took: a fresh generator is advanced until both give the same.
int DrawsTaken(std::vector<Candidate> candidates) {
  SplitMix64 used(7);
  ChooseFrom(std::move(candidates), used);
  const std::uint64_t next = used.Next();
  SplitMix64 fresh(7);
  for (int taken = 0; taken < 10; ++taken) {
    if (fresh.Next() == next) return taken;
  }
  return -1;
}

TEST(DrawShare, FallsOnTheFirstRunningSumAboveTheDraw) {
  const std::vector<double> shares = {1, 0, 3};
  EXPECT_EQ(DrawShare(shares, 0), 0u);
  EXPECT_EQ(DrawShare(shares, 0.2499999), 0u);
  EXPECT_EQ(DrawShare(shares, 0.25), 2u) << "a share of 0 is never drawn";
  EXPECT_EQ(DrawShare(shares, std::nextafter(1.0, 0.0)), 2u);
}

TEST(DrawShare, TakesAllSharesOfZeroForEqual) {
  const std::vector<double> shares = {0, 0};
  EXPECT_EQ(DrawShare(shares, 0.49), 0u);
  EXPECT_EQ(DrawShare(shares, 0.5), 1u);
  EXPECT_EQ(DrawShare(shares, std::nextafter(1.0, 0.0)), 1u);
}

TEST(DrawShare, NeverFallsBehindTheLastShareWhenSumsRound) {
  const std::vector<double> shares = {0.1, 0.2, 0.3, 1e-17, 0};
  EXPECT_LT(DrawShare(shares, std::nextafter(1.0, 0.0)), 4u);
}

TEST(Choice, TakesADrawOnlyWhereThereIsMoreThanOneCandidate) {
  EXPECT_EQ(DrawsTaken({CandidateOf(0)}), 0);
  EXPECT_EQ(DrawsTaken({CandidateOf(0), CandidateOf(1)}), 1) << "by weight";
  EXPECT_EQ(DrawsTaken({CandidateOf(0, Priority::kHigh), CandidateOf(1, Priority::kLow)}), 1) << "by priority";
  EXPECT_EQ(DrawsTaken({CandidateOf(0, Priority::kHigh), CandidateOf(1, Priority::kHigh), CandidateOf(2)}), 2)
      << "seed 7 draws the high class, then among its two";
  EXPECT_EQ(DrawsTaken({CandidateOf(0), CandidateOf(1, Priority::kMedium, 1, OfferKind::kContent)}), 0)
      << "the better kind is no choice";
}

TEST(Choice, KeepsTheBestKindPresent) {
  SplitMix64 draws(1);
  auto content = CandidateOf(0, Priority::kHigh, 1e6, OfferKind::kContent);
  auto offline = CandidateOf(1, Priority::kHigh, 1e6, OfferKind::kOfflineChat);
  auto conversation = CandidateOf(2, Priority::kLow, 1e-6);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ChooseFrom({content, offline, conversation}, draws), 2u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ChooseFrom({offline, content}, draws), 0u);
}

TEST(Choice, DoesNotDependOnTheOrderOfTheDocument) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < 9; ++i) candidates.push_back(CandidateOf(i, static_cast<Priority>(i % 3), 1.0 + i));
  std::mt19937 random(42);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SplitMix64 first(seed), second(seed);
    const std::size_t winner = ChooseFrom(candidates, first);
    std::shuffle(candidates.begin(), candidates.end(), random);
    EXPECT_EQ(ChooseFrom(candidates, second), winner) << "seed " << seed;
  }
}

TEST(Choice, DrawsInTheOrderOfEngagementsWhateverTheirCampaigns) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SplitMix64 first(seed), second(seed);
    std::vector<Candidate> candidates = {CandidateOf(0), CandidateOf(1)};
    const std::size_t winner = ChooseFrom(candidates, first);
    candidates[0].campaign_id = 2;
    EXPECT_EQ(ChooseFrom(candidates, second), winner) << "seed " << seed;
  }
}

// Five standard deviations either way: a false alarm once in some two million runs of a fixed seed that never changes.
void ExpectShare(int count, int trials, double share) {
  const double deviation = std::sqrt(trials * share * (1 - share));
  EXPECT_NEAR(count, trials * share, 5 * deviation);
}

TEST(Choice, GivesEveryPriorityAndWeightItsShareOverManyVisitors) {
  constexpr int kTrials = 200'000;
  std::map<std::size_t, int> all, without_medium;
  for (int visitor = 0; visitor < kTrials; ++visitor) {
    const std::uint64_t seed = DrawSeed(AccountId("demo"), VisitorId("v" + std::to_string(visitor)), SessionId("s"), 0,
                                        Revision("0123456789abcdef"));
    SplitMix64 draws(seed);
    ++all[ChooseFrom({CandidateOf(0, Priority::kHigh, 1), CandidateOf(1, Priority::kHigh, 3),
                      CandidateOf(2, Priority::kMedium), CandidateOf(3, Priority::kLow)},
                     draws)];
    SplitMix64 again(seed);
    ++without_medium[ChooseFrom({CandidateOf(0, Priority::kHigh), CandidateOf(3, Priority::kLow)}, again)];
  }
  ExpectShare(all[0], kTrials, 0.7 * 0.25);
  ExpectShare(all[1], kTrials, 0.7 * 0.75);
  ExpectShare(all[2], kTrials, 0.2);
  ExpectShare(all[3], kTrials, 0.1);
  ExpectShare(without_medium[0], kTrials, 70.0 / 80);
}

TEST(Draws, AreThoseOfTheSpecification) {
  // tests/vectors/draws.py computes the same from campaigns.md section 4 alone.
  const std::uint64_t seed =
      DrawSeed(AccountId("demo"), VisitorId("v1"), SessionId("s1"), 0, Revision("0123456789abcdef"));
  EXPECT_EQ(seed, 0x1b6788279d8851d7u);
  SplitMix64 draws(seed);
  EXPECT_EQ(draws.NextShare(), 0.486922737584635);
  EXPECT_EQ(draws.NextShare(), 0.6292854434863565);
  EXPECT_EQ(draws.NextShare(), 0.7851997804535862);
  EXPECT_EQ(DrawSeed(AccountId("demo"), VisitorId(), SessionId(), 0, Revision("r")), 0xdee4f565dfd6a58bu);
}

TEST(ControlGroup, IsExactAtItsEdge) {
  // 100 · hash("demo", "account", "v1") / 2^64 lies between these two neighbouring doubles.
  const double below = 61.44386888658611;
  EXPECT_FALSE(InControlGroup("demo", "account", VisitorId("v1"), below));
  EXPECT_TRUE(InControlGroup("demo", "account", VisitorId("v1"), std::nextafter(below, 100)));
}

TEST(ControlGroup, HasNobodyAtZeroAndEverybodyAtHundred) {
  for (int i = 0; i < 1'000; ++i) {
    const VisitorId visitor("v" + std::to_string(i));
    EXPECT_FALSE(InControlGroup("demo", "41", visitor, 0));
    EXPECT_TRUE(InControlGroup("demo", "41", visitor, 100));
  }
}

TEST(ControlGroup, KeepsItsMembersWhenItGrowsAndHasItsShare) {
  constexpr int kVisitors = 100'000;
  std::map<double, int> members;
  for (int i = 0; i < kVisitors; ++i) {
    const VisitorId visitor("v" + std::to_string(i));
    bool member = false;
    for (double percentage : {0.5, 5.0, 7.5, 10.0, 25.0, 60.0}) {
      const bool now = InControlGroup("salt", "account", visitor, percentage);
      ASSERT_TRUE(now || !member) << visitor.str() << " left at " << percentage;
      member = now;
      members[percentage] += now;
    }
  }
  for (const auto& [percentage, count] : members) ExpectShare(count, kVisitors, percentage / 100);
}

TEST(ControlGroup, DependsOnSaltAndScope) {
  int same_scope = 0, same_salt = 0;
  for (int i = 0; i < 10'000; ++i) {
    const VisitorId visitor("v" + std::to_string(i));
    const bool member = InControlGroup("a", "41", visitor, 50);
    same_scope += member == InControlGroup("b", "41", visitor, 50);
    same_salt += member == InControlGroup("a", "42", visitor, 50);
  }
  ExpectShare(same_scope, 10'000, 0.5);
  ExpectShare(same_salt, 10'000, 0.5);
}

}  // namespace
}  // namespace monitor
