#include "domain/funnel/funnel_rows.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

namespace monitor::funnel {
namespace {

using std::chrono::milliseconds;

const Entry kEntry{.campaign_id = 41, .engagement_id = 4101, .engagement_revision = 7, .language = "en-US"};

// 150,000 contexts, engagements and eligible rows in one session; compared with one another they would take minutes.
TEST(FunnelRows, ALongSessionCostsNoMoreForBeingOne) {
  constexpr std::uint32_t kMany = 150'000;
  const std::clock_t began = std::clock();
  std::vector<EventFacts> events;
  for (std::uint32_t i = 1; i <= kMany; ++i) {
    Dimensions dimensions{.app_installation = "web", .entry = kEntry};
    dimensions.entry.engagement_id = i;
    Impression display{.dimensions = dimensions, .context_id = i}, accept = display;
    accept.kind = ImpressionKind::kAccept;
    const TimeMs time = FromUnixMs(2'000 * std::int64_t{i});
    events.push_back({.time = time, .facts = {Eligible{dimensions}, display, GoalsReached{.campaign_ids = {41}}}});
    events.push_back({.time = time + milliseconds(500), .facts = {accept}});
  }
  for (std::uint32_t i = 1; i <= kMany; ++i) {
    const Dimensions dimensions{.app_installation = "web", .entry = kEntry};
    events.push_back({.time = FromUnixMs(2'000 * std::int64_t{i} + 1'500),
                      .facts = {Conversation{dimensions, std::to_string(i), i}}});
  }
  RowBuilder rows({.by = {Breakdown::kEngagement}, .max_bytes = 4ull << 30});
  rows.BeginVisitor();
  rows.Add({}, events);
  const std::vector<Row> all = rows.Finish();
  ASSERT_EQ(all.size(), kMany);
  for (const Row& row : all) {
    ASSERT_EQ(row.prospects, 1u);
    ASSERT_EQ(row.converted_prospects, 1u);
    ASSERT_EQ(row.accepted_pairs, 1u);
    ASSERT_EQ(row.display_to_accept.count(), 1u);
    ASSERT_EQ(row.accept_to_conversation.count(), row.key.engagement_id == kEntry.engagement_id ? kMany : 0u);
  }
  EXPECT_LT((std::clock() - began) / CLOCKS_PER_SEC, 20);  // of processor time; it takes about one
}

TEST(FunnelRows, AGoalCountsForRowsEligibleBeforeIt) {
  const auto eligible = [](std::int64_t campaign, std::int64_t engagement) {
    return Eligible{{"web", {.campaign_id = campaign, .engagement_id = engagement}}};
  };
  const std::vector<EventFacts> events = {
      {.facts = {eligible(41, 1), eligible(42, 2), eligible(43, 3), GoalsReached{.campaign_ids = {41, 42}}}},
      {.facts = {eligible(41, 4), GoalsReached{.campaign_ids = {41}}, eligible(41, 5), eligible(41, 1)}}};
  RowBuilder rows({.by = {Breakdown::kEngagement}});
  rows.BeginVisitor();
  rows.Add({}, events);
  std::vector<std::uint64_t> converted;
  for (const Row& row : rows.Finish()) converted.push_back(row.converted_prospects);
  EXPECT_EQ(converted, (std::vector<std::uint64_t>{1, 1, 0, 1, 0}));
}

TEST(Lift, IsNewcombesExample) {
  // Newcombe (1998), table II (a): 56/70 against 48/80.
  const auto lift = Lift(56, 70, 48, 80);
  ASSERT_TRUE(lift);
  EXPECT_NEAR(lift->value, 0.2, 1e-12);
  EXPECT_NEAR(lift->low, 0.0524, 5e-5);
  EXPECT_NEAR(lift->high, 0.3339, 5e-5);
  EXPECT_FALSE(Lift(1, 1, 0, 0));
}

}  // namespace
}  // namespace monitor::funnel
