// What changed since somebody last looked, and the hours that it is told by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "consumers/view/view_store.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

const Entry kEntry{.campaign_id = 41, .engagement_id = 4101, .engagement_revision = 7, .language = "en-US"};
const TimeMs kNoon = TimeMs() + days(20'000) + hours(12);

// Two visitors of different partitions, of two.
const std::string kEven = "a", kOdd = [] {
  char visitor = 'b';
  while (BucketOf(std::string("demo/") + visitor) % 2 == BucketOf("demo/a") % 2) ++visitor;
  return std::string(1, visitor);
}();

class ChangedDaysTest : public testing::Test {
 protected:
  ChangedDaysTest() {
    auto store = ViewStore::Open(folder_.path() + "/view");
    EXPECT_TRUE(store) << store.error();
    store_ = std::move(*store);
    EXPECT_TRUE(store_->AnswerFor({.partitions = 2}));
  }

  void Begin(const std::string& visitor, const std::string& zone, TimeMs time) {
    Take(visitor, time, SessionCreated{.time_zone = zone, .currency = "EUR"});
    Display(visitor, time);
  }
  void Display(const std::string& visitor, TimeMs time) {
    Take(visitor, time, ImpressionReported{.kind = ImpressionKind::kDisplay, .context_id = 1, .entry = kEntry});
  }

  // The days that changed since the last call, by their beginnings.
  std::vector<TimeMs> Changed() {
    const auto changed = store_->ChangedSince(given_, [] { return false; });
    EXPECT_TRUE(changed) << changed.error();
    given_ = changed->up_to.stamp;
    days_ = changed->days;
    std::vector<TimeMs> begins;
    for (const ChangedDay& day : days_) begins.push_back(day.from);
    return begins;
  }

  // By when they begin: displays of the hours of one of the days, of the visitor's partition.
  std::map<TimeMs, std::uint64_t> Displays(const ChangedDay& day, const std::string& visitor) {
    const int partition = BucketOf("demo/" + visitor) % 2;
    const auto rows = store_->Hours(day, std::span(&partition, 1), [] { return false; });
    EXPECT_TRUE(rows && *rows && (*rows)->front().partition == partition);
    std::map<TimeMs, std::uint64_t> displays;
    for (const funnel::Row& row : (*rows)->front().gross) displays[*row.key.window_start] = row.engagement_views;
    offset_ = (*rows)->front().offset;
    return displays;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ViewStore> store_;
  std::vector<ChangedDay> days_;
  std::int64_t offset_ = 0;

 private:
  void Take(const std::string& visitor, TimeMs time, EventData data) {
    const EventScope scope{AccountId("demo"), VisitorId(visitor), SessionId("s"), AppInstallationId("web")};
    const Bucket bucket = BucketOf("demo/" + visitor);
    ASSERT_TRUE(store_->Fold({.origin = "7f3a9c01.1",
                              .seq = next_seq_,
                              .prevseq = next_seq_ - 1,
                              .bucket = bucket,
                              .time = time,
                              .content = Event{scope, std::move(data)}}));
    store_->SetOffset(bucket % 2, static_cast<std::int64_t>(next_seq_++));
    ASSERT_TRUE(store_->Commit());
  }

  std::uint64_t next_seq_ = 1, given_ = 0;
};

TEST_F(ChangedDaysTest, ListsADayWheneverItsSessionsGotSomethingNew) {
  EXPECT_THAT(Changed(), IsEmpty());
  Begin(kEven, "UTC", kNoon);
  EXPECT_THAT(Changed(), ElementsAre(kNoon - hours(12)));
  EXPECT_THAT(Changed(), IsEmpty());
  // What a session does later may count on its days before, too (the lift).
  Display(kEven, kNoon + days(1));
  EXPECT_THAT(Changed(), ElementsAre(kNoon - hours(12), kNoon + hours(12)));
}

TEST_F(ChangedDaysTest, GivesTheHoursOfOnePartition) {
  Begin(kEven, "UTC", kNoon);
  Display(kEven, kNoon + minutes(59));
  Display(kEven, kNoon + minutes(60));
  Begin(kOdd, "UTC", kNoon + hours(3));
  ASSERT_EQ(Changed().size(), 1U);
  EXPECT_THAT(Displays(days_[0], kEven), ElementsAre(std::pair(kNoon, 2U), std::pair(kNoon + hours(1), 1U)));
  EXPECT_EQ(offset_, 4);
  EXPECT_THAT(Displays(days_[0], kOdd), ElementsAre(std::pair(kNoon + hours(3), 1U)));
  EXPECT_EQ(offset_, 6);
}

TEST_F(ChangedDaysTest, AnHourIsThatOfTheSessionsZoneAndNotCutByADayOfAnother) {
  Begin(kEven, "Asia/Kolkata", kNoon + hours(11) + minutes(45));  // 05:15, in the hour of UTC's midnight
  Display(kEven, kNoon + hours(12) + minutes(15));
  Begin(kOdd, "UTC", kNoon + hours(12));
  const auto changed = Changed();
  ASSERT_THAT(changed, ElementsAre(kNoon + hours(6) + minutes(30), kNoon + hours(12)));
  EXPECT_THAT(Displays(days_[0], kEven), ElementsAre(std::pair(kNoon + hours(11) + minutes(30), 2U)));
  EXPECT_THAT(Displays(days_[1], kEven), IsEmpty());
  EXPECT_THAT(Displays(days_[1], kOdd), ElementsAre(std::pair(kNoon + hours(12), 1U)));
}

TEST_F(ChangedDaysTest, ASessionThatStandsOnNoDayIsTold) {
  Begin(kEven, "UTC", kNoon);
  Display(kEven, kNoon + days(20));
  EXPECT_THAT(Changed(), testing::Contains(kNoon + days(20) - hours(12)));
  Display(kEven, kNoon + days(25));
  EXPECT_THAT(Changed(), testing::Contains(kNoon + days(25) - hours(12)));
  const auto day = std::ranges::find(days_, kNoon + days(25) - hours(12), &ChangedDay::from);
  EXPECT_THAT(Displays(*day, kEven), ElementsAre(std::pair(kNoon + days(25), 1U)));
  EXPECT_THAT(Changed(), IsEmpty());
}

}  // namespace
}  // namespace monitor
