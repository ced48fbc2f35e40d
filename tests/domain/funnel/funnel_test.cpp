#include "domain/funnel/funnel.h"

#include <gtest/gtest.h>

#include "domain/funnel/funnel_rows.h"
#include "tests/domain/funnel/visitor_in_memory.h"

namespace monitor::funnel {
namespace {

using std::chrono::milliseconds;

TEST(Funnel, AnEmptyAccountHasOneRowOfZeros) {
  const std::vector<Row> rows = Visitor().Rows({});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].prospects, 0u);
  EXPECT_TRUE(Visitor().Rows({.by = {Breakdown::kCampaign}}).empty());
}

TEST(Funnel, TwoDisplaysAreTwoViewsAndOneExposure) {
  Visitor visitor;
  visitor.Create();
  visitor.Impress(1'000, ImpressionKind::kDisplay);
  visitor.Impress(9'000, ImpressionKind::kDisplay);
  const Row row = visitor.Total();
  EXPECT_EQ(row.engagement_views, 2u);
  EXPECT_EQ(row.exposures, 1u);
  EXPECT_EQ(row.exposed, 1u);
}

TEST(Funnel, AClickWithinASecondOfADroppedClickIsDroppedToo) {
  Visitor visitor;
  visitor.Create();
  for (std::int64_t ms : {1'000, 1'999, 2'998, 3'998}) visitor.Impress(ms, ImpressionKind::kAccept);
  EXPECT_EQ(visitor.Total(kNet).accepted_offers, 2u);  // the first, and the last exactly 1,000 ms after its previous
  EXPECT_EQ(visitor.Total(kGross).accepted_offers, 4u);
}

TEST(Funnel, ABotsSessionCountsInGrossOnly) {
  Visitor visitor;
  visitor.Create({.bot = true});
  visitor.Impress(1'000, ImpressionKind::kDisplay);
  visitor.Purchase(2'000, "order");
  EXPECT_EQ(visitor.Total(kNet).exposed, 0u);
  EXPECT_EQ(visitor.Total(kNet).conversions, 0u);
  EXPECT_EQ(visitor.Total(kGross).conversions, 1u);
}

TEST(Funnel, AClickWithoutDisplayIsAnOfferAcceptedAndNoPair) {
  Visitor visitor;
  visitor.Create();
  visitor.Impress(1'000, ImpressionKind::kAccept);
  visitor.Impress(5'000, ImpressionKind::kDisplay);
  const Row row = visitor.Total();
  EXPECT_EQ(row.accepted_offers, 1u);
  EXPECT_EQ(row.accepted_without_display, 1u);
  EXPECT_EQ(row.accepted_pairs, 0u);
  EXPECT_EQ(row.display_to_accept.count(), 0u);
}

TEST(Funnel, TheSameOrderConvertsOnce) {
  Visitor visitor;
  visitor.Create();
  visitor.Impress(1'000, ImpressionKind::kDisplay);
  visitor.Purchase(2'000, "order");
  visitor.Purchase(3'000, "order");
  const Row row = visitor.Total();
  EXPECT_EQ(row.conversions, 1u);
  EXPECT_EQ(row.value.at("USD").ToString(), "12.5");
  EXPECT_EQ(row.display_to_conversion.Percentile(50), 1'004);  // 1,000 in a bucket of 8: its middle
}

TEST(Funnel, ACurrencyIsTheSessionsIfNoneIsNamedAndNoCurrencyIfItIsNoCode) {
  Visitor visitor;
  visitor.At(0, SessionCreated{.time_zone = "UTC", .currency = "eur"});
  visitor.Impress(1'000, ImpressionKind::kDisplay);
  ActivityReported activity;
  for (const char* currency : {"", "usd", "USD ", "EUR", "bitcoin", "ABC"}) {
    const auto index = static_cast<std::uint32_t>(activity.goals.size());
    activity.goals.push_back({41, 1, GoalType::kPurchase, index, std::nullopt, Decimal::Parse("2"), currency});
  }
  visitor.At(2'000, activity);
  std::map<std::string, std::string> sums;
  for (const auto& [currency, amount] : visitor.Total().value) sums[currency] = amount.ToString();
  EXPECT_EQ(sums, (std::map<std::string, std::string>{{"EUR", "4"}, {"USD", "4"}, {"XXX", "4"}}));
}

TEST(Funnel, WithoutAKeyEveryOccurrenceButARepeatConverts) {
  Visitor visitor;
  visitor.Create();
  visitor.Impress(1'000, ImpressionKind::kDisplay);
  visitor.Purchase(2'000, std::nullopt);
  visitor.Purchase(3'000, std::nullopt, true);
  visitor.Purchase(4'000, std::nullopt);
  EXPECT_EQ(visitor.Total(kGross).conversions, 2u);
}

TEST(Funnel, AConversionBeforeAnyDisplayIsInNoRowAndUsesItsKeyUp) {
  Visitor visitor;
  visitor.Create();
  visitor.Purchase(500, "order");
  visitor.Impress(1'000, ImpressionKind::kDisplay);
  visitor.Purchase(2'000, "order");
  EXPECT_EQ(visitor.Total().conversions, 0u);
}

TEST(Funnel, AnotherSessionsDisplayCountsWithinThePeriodOnly) {
  constexpr std::int64_t kDayMs = 86'400'000;
  for (const auto& [days, at, conversions] :
       {std::tuple{0, 2'000L, 0u}, std::tuple{1, 1'000 + kDayMs, 1u}, std::tuple{1, 1'001 + kDayMs, 0u}}) {
    Visitor visitor;
    visitor.Create({}, "first");
    visitor.Impress(1'000, ImpressionKind::kDisplay, false, "first");
    visitor.Create({.attribution_period_days = days}, "second");
    visitor.Purchase(at, "order", false, "second");
    EXPECT_EQ(visitor.Total().conversions, conversions) << days << " days, at " << at;
  }
}

struct Shown {
  std::int64_t ms;
  const char* language;  // by which the tests know it
  const char* session = "first";
  bool repeat = false;
  std::int64_t campaign_id = 41;
};

// The display that a purchase at `at` in the session "second" belongs to, which is a goal of two campaigns.
std::string AttributedTo(SessionCreated second, const std::vector<Shown>& displays, std::int64_t at,
                         Counting counting = kNet, bool first_is_bot = false) {
  Visitor visitor;
  visitor.Create({.bot = first_is_bot}, "first");
  visitor.Create(second, "second");
  for (const Shown& shown : displays) {
    Entry entry = kEntry;
    entry.language = shown.language;
    entry.campaign_id = shown.campaign_id;
    visitor.At(
        shown.ms,
        ImpressionReported{.kind = ImpressionKind::kDisplay, .context_id = 1, .entry = entry, .repeat = shown.repeat},
        shown.session);
  }
  ActivityReported activity;
  for (const std::int64_t campaign_id : {42, 41}) {
    activity.goals.push_back({campaign_id, 1, GoalType::kPurchase, 0, std::nullopt, std::nullopt, ""});
  }
  visitor.At(at, activity, "second");
  for (const Row& row : visitor.Rows({.by = {Breakdown::kLanguage}, .counting = counting})) {
    if (row.conversions == 1) return row.key.language;
  }
  return "none";
}

TEST(Funnel, AConversionBelongsToTheFirstOrLastDisplayOfItsCampaignsThatIsCounted) {
  const std::vector<Shown> displays = {{1'000, "a"},
                                       {2'000, "r", "second", true},
                                       {3'000, "b", "second"},
                                       {4'000, "c", "second", false, 42},
                                       {5'000, "s", "second", true},
                                       {5'500, "x", "second", false, 43},
                                       {6'000, "d"}};
  for (const auto& [mode, days, bot, net, gross] :
       {std::tuple{Attribution::kLast, 0, false, "c", "s"}, std::tuple{Attribution::kFirst, 0, false, "b", "r"},
        std::tuple{Attribution::kLast, 1, false, "d", "d"}, std::tuple{Attribution::kFirst, 1, false, "a", "a"},
        std::tuple{Attribution::kLast, 1, true, "c", "d"}, std::tuple{Attribution::kFirst, 1, true, "b", "a"}}) {
    const SessionCreated created{.attribution = mode, .attribution_period_days = days};
    EXPECT_EQ(AttributedTo(created, displays, 6'000, kNet, bot), net) << days << bot;
    EXPECT_EQ(AttributedTo(created, displays, 6'000, kGross, bot), gross) << days << bot;
  }
}

TEST(Funnel, TheFirstDisplayIsTheFirstWithinThePeriod) {
  constexpr std::int64_t kDayMs = 86'400'000;
  const SessionCreated first{.attribution = Attribution::kFirst, .attribution_period_days = 1};
  const std::vector<Shown> displays = {{1'000, "a"}, {2'000, "b"}, {3'000, "c"}};
  EXPECT_EQ(AttributedTo(first, displays, 4'000), "a");
  EXPECT_EQ(AttributedTo(first, displays, 1'000 + kDayMs), "a");
  EXPECT_EQ(AttributedTo(first, displays, 1'001 + kDayMs), "b");
  EXPECT_EQ(AttributedTo(first, displays, 3'000 + kDayMs), "c");
  EXPECT_EQ(AttributedTo(first, displays, 3'001 + kDayMs), "none");
}

// Two nodes' clocks: first and last are by the order of the log, the period is by time.
TEST(Funnel, AnEarlierDisplayWithALaterTimeIsFoundWhenTheLastIsTooOld) {
  constexpr std::int64_t kDayMs = 86'400'000;
  const std::vector<Shown> displays = {{2'000, "a"}, {9'000, "b"}, {3'000, "c"},
                                       {9'000, "d"}, {5'000, "e"}, {4'000, "f"}};
  for (const auto& [ms, last, first] :
       {std::tuple{4'000, "f", "b"}, std::tuple{4'001, "e", "b"}, std::tuple{5'001, "d", "b"},
        std::tuple{2'001, "f", "b"}, std::tuple{2'000, "f", "a"}, std::tuple{9'001, "none", "none"}}) {
    EXPECT_EQ(AttributedTo({.attribution_period_days = 1}, displays, ms + kDayMs), last) << ms;
    EXPECT_EQ(AttributedTo({.attribution = Attribution::kFirst, .attribution_period_days = 1}, displays, ms + kDayMs),
              first)
        << ms;
  }
}

TEST(Funnel, OnlyTheFirstConversionOfAContextGivesATimeAndItIsFromTheFirstDisplay) {
  Visitor visitor;
  visitor.Create();
  visitor.Impress(1'000, ImpressionKind::kDisplay, true);
  visitor.Impress(11'000, ImpressionKind::kDisplay);
  visitor.Impress(41'000, ImpressionKind::kDisplay);
  visitor.Purchase(41'020, std::nullopt);
  visitor.Purchase(90'000, std::nullopt);
  for (const auto& [counting, ms] : {std::pair{kGross, 40'020}, std::pair{kNet, 30'020}}) {
    const Row row = visitor.Total(counting);
    EXPECT_EQ(row.conversions, 2u);
    EXPECT_EQ(row.display_to_conversion.count(), 1u);
    EXPECT_NEAR(static_cast<double>(*row.display_to_conversion.Percentile(50)), ms, 400);
  }
}

// Beside the event itself: what is read of the past for a hundred purchases after that many displays.
std::uint64_t DisplaysReadForPurchases(int displays, int pause_ms, SessionCreated created) {
  Visitor visitor;
  ActivityReported activity;
  for (std::uint32_t i = 0; i < 100; ++i) {
    activity.goals.push_back({41, 1, GoalType::kPurchase, i, std::nullopt, Decimal::Parse(std::to_string(i)), ""});
  }
  for (int i = 0; i < displays; ++i) {
    const std::string session = "s" + std::to_string(i / 100);
    if (i % 100 == 0) visitor.Create(created, session);
    visitor.Impress(1'000 + pause_ms * i, ImpressionKind::kDisplay, i % 7 == 3, session);
  }
  const std::string session = "s" + std::to_string((displays - 1) / 100);
  visitor.At(1'000 + pause_ms * displays, activity, session);
  const std::uint64_t before = visitor.displays_read();
  visitor.At(2'000 + pause_ms * displays, activity, session);
  EXPECT_EQ(visitor.Total().conversions, 200u);
  return visitor.displays_read() - before;
}

TEST(Funnel, WhatIsReadForAConversionDoesNotGrowWithThePastNorWithItsNumber) {
  for (const Attribution mode : {Attribution::kFirst, Attribution::kLast}) {
    for (const int days : {0, 7}) {
      const SessionCreated created{.attribution = mode, .attribution_period_days = days};
      for (const int pause_ms : {0, 1'000}) {
        EXPECT_LE(DisplaysReadForPurchases(50, pause_ms, created), 8u);
        EXPECT_EQ(DisplaysReadForPurchases(50, pause_ms, created), DisplaysReadForPurchases(5'050, pause_ms, created));
      }
    }
  }
}

TEST(Funnel, AnImpressionOlderThanTheMaximumAgeIsLateAndCounts) {
  Visitor visitor;
  visitor.Create({.max_age_s = 10});
  visitor.Impress(20'000, ImpressionKind::kDisplay);
  visitor.Impress(10'000, ImpressionKind::kDisplay);
  visitor.Impress(9'999, ImpressionKind::kDisplay);
  EXPECT_EQ(visitor.Total().late, 1u);
  EXPECT_EQ(visitor.Total().engagement_views, 3u);
}

TEST(Funnel, AConversationToldTwiceIsOneInteraction) {
  Visitor visitor;
  visitor.Create();
  const ConversationStarted started{
      .conversation_id = ConversationId("c"), .entry = kEntry, .session_id = SessionId("s"), .context_id = 1};
  visitor.Impress(1'000, ImpressionKind::kAccept);
  visitor.At(3'000, started, "");
  visitor.At(4'000, started, "");
  const Row row = visitor.Total();
  EXPECT_EQ(row.interactions, 1u);
  EXPECT_EQ(row.accept_to_conversation.count(), 1u);
}

TEST(Funnel, ADayThatLosesAnHourStartsAtItsOwnMidnight) {
  Visitor visitor;
  visitor.Create({.time_zone = "Europe/Berlin"});
  visitor.Impress(1'774'771'200'000, ImpressionKind::kDisplay);  // 2026-03-29T08:00Z, 10:00 summer time
  const Row row = visitor.Rows({.window = Window::kDay}).at(0);
  EXPECT_EQ(row.key.window_start, FromUnixMs(1'774'738'800'000));  // 2026-03-28T23:00Z
}

TEST(Funnel, AQueryHasItsBeginningAndNotItsEnd) {
  Visitor visitor;
  visitor.Create();
  for (const std::int64_t ms : {999, 1'000, 1'999, 2'000}) visitor.Impress(ms, ImpressionKind::kDisplay);
  EXPECT_EQ(visitor.Rows({.from = FromUnixMs(1'000), .to = FromUnixMs(2'000)}).at(0).engagement_views, 2u);
}

// Does what these facts become, one event each, fit into so many bytes?
bool Fits(std::size_t bytes, const std::vector<EventFacts>& events) {
  RowBuilder rows({.window = Window::kHour, .max_bytes = bytes});
  rows.BeginVisitor();
  rows.Add({}, events);
  return !rows.overflowed();
}

TEST(Funnel, MoreThanAllowedIsToldNotGuessed) {
  const EventFacts click{1, FromUnixMs(1'000), {Impression{.kind = ImpressionKind::kAccept}}};
  std::vector<EventFacts> hours, currencies, durations;
  for (int i = 0; i < 80; ++i) {
    hours.push_back({1, FromUnixMs(4'000'000 * std::int64_t{i}), click.facts});
    currencies.push_back(
        {1, click.time, {Conversion{.counting = kNet, .value = Decimal(), .currency = std::to_string(i)}}});
    durations.push_back(
        {1, click.time, {Conversion{.counting = kNet, .display_to_conversion_ms = std::int64_t{1'000} * i}}});
  }
  EXPECT_TRUE(Fits(2'000, std::vector(40, click)));  // one row
  for (const auto* events : {&hours, &currencies, &durations}) {
    EXPECT_FALSE(Fits(2'000, *events));
    EXPECT_TRUE(Fits(200'000, *events));
  }
}

}  // namespace
}  // namespace monitor::funnel
