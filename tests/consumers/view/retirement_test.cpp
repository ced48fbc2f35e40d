// Facts that go (docs/decisions/facts.md): what can still be asked is what a view that keeps all of them answers.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "consumers/view/view_store.h"
#include "domain/funnel/row_sum.h"
#include "domain/values/time_zone.h"
#include "tests/consumers/peers/random_traffic.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using funnel::Breakdown;
using funnel::Query;
using funnel::Window;
using std::chrono::days;

const AccountId kAccount("demo");
const TimeZone kBerlin = *TimeZone::Find("Europe/Berlin");
const BucketSet kAll = BucketSet().set();
constexpr days kKept{4};
constexpr std::int64_t kDayMs = 1'774'728'000'000;
const auto kGoesOn = [] { return false; };

std::unique_ptr<ViewStore> Opened(const std::string& folder) {
  auto store = ViewStore::Open(folder);
  EXPECT_TRUE(store) << store.error();
  return std::move(*store);
}

class RetirementTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  // To both views.
  void Fold(const SourceEvent& event) {
    for (ViewStore* store : {whole_.get(), retiring_.get()}) ASSERT_TRUE(store->Fold(event));
    now_ = event.time;
  }
  void Take(int events) {
    for (int i = 0; i < events; ++i) {
      SourceEvent event = traffic_.Next();
      Adapt(*event.content);
      Fold(event);
    }
    Commit();
  }
  // All in the account's zone. Some visitors' sessions share conversations, and do not retire; of the others none does:
  // one that is told again in another session after the first one retired counts once more.
  static void Adapt(Event& event) {
    const bool stays = event.scope.visitor.str().size() == 2;
    if (auto* created = std::get_if<SessionCreated>(&event.data)) {
      created->time_zone = "Europe/Berlin";
      if (stays) created->attribution_period_days = 3'650;
    }
    auto* started = std::get_if<ConversationStarted>(&event.data);
    if (started && !stays) {
      started->conversation_id = ConversationId(started->conversation_id.str() + event.scope.session.str());
    }
  }
  SourceEvent Session(const std::string& session, TimeMs time, EventData data) {
    const std::uint64_t seq = ++seq_;
    return {
        .origin = RandomTraffic::kOrigin,
        .seq = seq,
        .prevseq = seq - 1,
        .bucket = BucketOf("demo/v"),
        .time = time,
        .content = Event{{kAccount, VisitorId("v"), SessionId(session), AppInstallationId("web")}, std::move(data)}};
  }
  void Commit() {
    for (ViewStore* store : {whole_.get(), retiring_.get()}) ASSERT_TRUE(store->Commit());
  }
  void Plan() {
    ASSERT_TRUE(retiring_->KeepRows(kGoesOn));
    ASSERT_TRUE(retiring_->Retire({.days = kKept, .now = now_, .max_sessions = 1 + Up(20)}, kGoesOn));
  }
  void Retire() {
    for (Plan(); retiring_->HasSomeToRetire(); Plan()) Commit();
  }
  void Reopen() {
    retiring_.reset();
    retiring_ = Opened(folder_.path() + "/retiring");
  }

  std::uint64_t Up(std::uint64_t limit) { return random_() % limit; }
  TimeMs SomeMidnight() {
    const auto today = std::chrono::floor<days>(kBerlin.ToLocal(now_).time_since_epoch());
    return kBerlin.StartOfDay(today - days(Up(30)));
  }
  // Of a topic some partitions may be asked for; of a log all there is.
  BucketSet SomeBuckets() {
    BucketSet buckets;
    for (int partition = 0; partition < coverage_.partitions; ++partition) {
      if (Up(2)) buckets |= BucketsOf(coverage_, partition);
    }
    return buckets.any() ? buckets : kAll;
  }
  // One that whole days answer.
  Query SomeQuery() {
    const std::array<std::vector<Breakdown>, 5> breakdowns{{{},
                                                            {Breakdown::kCampaign},
                                                            {Breakdown::kEngagement},
                                                            {Breakdown::kCampaign, Breakdown::kEngagement},
                                                            {Breakdown::kEngagement, Breakdown::kCampaign}}};
    Query query{.by = breakdowns[Up(5)],
                .where = {},
                .window = Up(2) ? Window::kDay : Window::kAll,
                .counting = Up(2) ? funnel::kNet : funnel::kGross};
    if (Up(3)) query.from = SomeMidnight();
    if (Up(3)) query.to = SomeMidnight();
    if (query.from && query.to && *query.to < *query.from) std::swap(query.from, query.to);
    return query;
  }

  FunnelReport Ask(const ViewStore& store, const Query& query, const BucketSet& buckets = kAll) {
    auto report = store.Funnel(kAccount, query, buckets, kGoesOn);
    EXPECT_TRUE(report);
    return std::move(*report);
  }
  void ExpectSame(const Query& query, const BucketSet& buckets = kAll) {
    const FunnelReport one = Ask(*whole_, query, buckets), other = Ask(*retiring_, query, buckets);
    ASSERT_TRUE(other.complete);
    ASSERT_EQ(funnel::EncodeRows(one.rows), funnel::EncodeRows(other.rows))
        << "seed " << GetParam() << ", from " << (query.from ? FormatRfc3339(*query.from) : "") << " to "
        << (query.to ? FormatRfc3339(*query.to) : "") << ", by " << query.by.size() << ", window "
        << static_cast<int>(query.window);
  }

  void SetUp() override {
    for (ViewStore* store : {whole_.get(), retiring_.get()}) ASSERT_TRUE(store->AnswerFor(coverage_));
  }

  const Coverage coverage_{.partitions = GetParam() % 2 == 0 ? 4 : 0};
  TemporaryFolder folder_;
  std::unique_ptr<ViewStore> whole_ = Opened(folder_.path() + "/whole");
  std::unique_ptr<ViewStore> retiring_ = Opened(folder_.path() + "/retiring");
  RandomTraffic traffic_{GetParam()};
  std::mt19937_64 random_{GetParam()};
  TimeMs now_;
  std::uint64_t seq_ = 0;
};

TEST_P(RetirementTest, WholeDaysAnswerAsIfNothingHadGone) {
  for (int round = 0; round < 8; ++round) {
    Take(300);
    if (Up(3)) Retire();
    if (Up(4) == 0) Reopen();
    for (int i = 0; i < 15; ++i) ExpectSame(SomeQuery(), SomeBuckets());
  }
  Retire();
  EXPECT_TRUE(Ask(*retiring_, {.by = {Breakdown::kDevice}, .where = {}}).facts_gone_before);
  for (int i = 0; i < 60; ++i) ExpectSame(SomeQuery(), SomeBuckets());
}

TEST_P(RetirementTest, WhatNeedsFactsThatAreGoneIsRefused) {
  Take(3'000);
  Retire();
  const auto gone = Ask(*retiring_, {.by = {Breakdown::kDevice}, .where = {}}).facts_gone_before;
  ASSERT_TRUE(gone);
  EXPECT_LE(*gone, now_ - kKept);
  EXPECT_GT(*gone, now_ - 2 * kKept);

  const Query hours{.by = {}, .where = {}, .window = Window::kHour, .from = *gone - days(1), .to = *gone};
  Query filtered{.by = {}, .where = {}};
  filtered.where.push_back({.of = Breakdown::kCampaign, .values = {{.campaign_id = 41}}});
  const Query half{.by = {}, .where = {}, .from = *gone - std::chrono::hours(36)};
  for (const Query& query : {hours, filtered, half}) EXPECT_EQ(Ask(*retiring_, query).facts_gone_before, gone);

  for (Query query : {hours, filtered, half, Query{.by = {Breakdown::kDevice}, .where = {}}}) {
    query.from = *gone;
    query.to.reset();
    ExpectSame(query);
  }
}

TEST_P(RetirementTest, APartOfWhatWasKeptTogetherIsRefused) {
  Take(2'000);
  Retire();
  BucketSet half;
  for (std::size_t i = 0; i < half.size() / 2; ++i) half.set(i);
  const Query all{.by = {}, .where = {}};
  const FunnelReport report = Ask(*retiring_, all, half);
  ASSERT_TRUE(report.facts_gone_before && !report.complete);
  Query newer = all;
  newer.from = *report.facts_gone_before;
  ExpectSame(newer, half);
}

TEST_P(RetirementTest, ASessionToWhichSomethingComesStaysWhole) {
  Take(2'000);
  Plan();
  ASSERT_TRUE(retiring_->HasSomeToRetire());
  SourceEvent late = traffic_.Next();
  // To all sessions at once, so that it meets the planned ones.
  for (int visitor = 0; visitor < 60; ++visitor) {
    late.content->scope.visitor = VisitorId("v" + std::to_string(visitor));
    late.content->scope.session = SessionId("s1");
    late.content->data = ImpressionReported{.kind = ImpressionKind::kClose, .entry = {.campaign_id = 41}};
    late.bucket = BucketOf(PartitionKey(kAccount, late.content->scope.visitor));
    Fold(late);
  }
  Commit();
  EXPECT_FALSE(retiring_->HasSomeToRetire());
  EXPECT_EQ(retiring_->retired_sessions(), 0U);
  ExpectSame({.by = {Breakdown::kDevice}, .where = {}});
  Retire();
  for (int i = 0; i < 25; ++i) ExpectSame(SomeQuery());
}

TEST_P(RetirementTest, NorDoesOneRetireToWhichSomethingCameOnItsOwnDays) {
  Fold(Session("s1", FromUnixMs(kDayMs), SessionCreated{.time_zone = "Europe/Berlin", .currency = "EUR"}));
  Fold(Session("s1", FromUnixMs(kDayMs), ImpressionReported{.kind = ImpressionKind::kDisplay}));
  Commit();
  now_ += 10 * kKept;
  Plan();
  ASSERT_TRUE(retiring_->HasSomeToRetire());
  Fold(Session("s1", FromUnixMs(kDayMs + 1), ImpressionReported{.kind = ImpressionKind::kAccept}));
  Commit();
  EXPECT_EQ(retiring_->retired_sessions(), 0U);
  ExpectSame({.by = {Breakdown::kDevice}, .where = {}});
  now_ += 10 * kKept;
  Retire();
  EXPECT_EQ(retiring_->retired_sessions(), 1U);
  ExpectSame({.by = {Breakdown::kCampaign}, .where = {}});
}

TEST_P(RetirementTest, WhatIsNotGivenToOthersYetStays) {
  Take(2'000);
  ASSERT_TRUE(retiring_->KeepRows(kGoesOn));
  const auto changed = retiring_->ChangedSince(0, kGoesOn);
  ASSERT_TRUE(changed);
  FactsRetention retention{.days = kKept, .now = now_, .given_up_to = ViewStamp{changed->up_to.view, 0}};
  ASSERT_TRUE(retiring_->Retire(retention, kGoesOn));
  EXPECT_FALSE(retiring_->HasSomeToRetire());
  retention.given_up_to = ViewStamp{"another view's", changed->up_to.stamp};
  ASSERT_TRUE(retiring_->Retire(retention, kGoesOn));
  EXPECT_FALSE(retiring_->HasSomeToRetire());
  retention.given_up_to = changed->up_to;
  ASSERT_TRUE(retiring_->Retire(retention, kGoesOn));
  EXPECT_TRUE(retiring_->HasSomeToRetire());

  Commit();
  const auto after = retiring_->ChangedSince(0, kGoesOn);
  const auto gone = Ask(*retiring_, {.by = {Breakdown::kDevice}, .where = {}}).facts_gone_before;
  ASSERT_TRUE(after && gone);
  EXPECT_LT(after->days.size(), changed->days.size());
  for (const ChangedDay& day : after->days) EXPECT_GE(day.from, *gone);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RetirementTest, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace monitor
