#include "consumers/view/view_store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/perf_context.h>

#include <filesystem>

#include "domain/funnel/funnel_codec.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

const std::string kOrigin = "7f3a9c01.1";
const Entry kEntry{.campaign_id = 41, .engagement_id = 4101, .engagement_revision = 7, .language = "en-US"};

class ViewStoreTest : public testing::Test {
 protected:
  ViewStoreTest() { Open(); }

  void Open() {
    store_.reset();
    auto store = ViewStore::Open(view_);
    ASSERT_TRUE(store) << store.error();
    store_ = std::move(*store);
  }

  void Take(EventData data) { TakeOf("s", FromUnixMs(static_cast<std::int64_t>(1'000 * next_seq_)), std::move(data)); }

  void TakeOf(const std::string& session, TimeMs time, EventData data) {
    const EventScope scope{AccountId("demo"), VisitorId("v"), SessionId(session), AppInstallationId("web")};
    const std::uint64_t seq = next_seq_++;
    const SourceEvent event{.origin = kOrigin,
                            .seq = seq,
                            .prevseq = seq - 1,
                            .bucket = BucketOf("demo/v"),
                            .time = time,
                            .content = Event{scope, std::move(data)}};
    ASSERT_TRUE(store_->Fold(event));
  }

  void Create(Attribution attribution, int days) {
    Take(SessionCreated{
        .time_zone = "UTC", .currency = "EUR", .attribution = attribution, .attribution_period_days = days});
  }

  void Display() { Take(ImpressionReported{.kind = ImpressionKind::kDisplay, .context_id = 1, .entry = kEntry}); }

  // A hundred of them, no two alike.
  void Purchases(bool with_keys = false) {
    ActivityReported activity;
    for (std::uint32_t i = 0; i < 100; ++i) {
      const std::string number = std::to_string(++purchases_);
      activity.goals.push_back({41, 1, GoalType::kPurchase, i, with_keys ? std::optional(number) : std::nullopt,
                                Decimal::Parse(number), ""});
    }
    Take(activity);
  }

  std::uint64_t Conversions() {
    EXPECT_TRUE(store_->Commit());
    return store_->Funnel(AccountId("demo"), {}, BucketSet().set(), [] { return false; })->rows.at(0).conversions;
  }

  // What the database was asked to give back meanwhile: keys and values, found by key or stepped over.
  template <class Work>
  std::uint64_t BytesRead(Work work) {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
    rocksdb::get_perf_context()->Reset();
    work();
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
    const rocksdb::PerfContext& counted = *rocksdb::get_perf_context();
    return counted.get_read_bytes + counted.iter_read_bytes;
  }

  // For the second of two events of a hundred purchases, after that many displays and other conversions.
  std::uint64_t BytesReadAfter(int events) {
    for (int i = 0; i < events; ++i) Display();
    for (int i = 0; i < events / 100; ++i) Purchases(true);
    Purchases();
    EXPECT_TRUE(store_->Commit());
    return BytesRead([&] { Purchases(); });
  }

  TemporaryFolder folder_;
  const std::string view_ = folder_.path() + "/view";
  std::unique_ptr<ViewStore> store_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t purchases_ = 0;
};

TEST_F(ViewStoreTest, WhatAnEventReadsDoesNotGrowWithWhatIsKept) {
  for (const Attribution attribution : {Attribution::kFirst, Attribution::kLast}) {
    for (const int days : {0, 7}) {
      Create(attribution, days);
      const std::uint64_t before = BytesReadAfter(1);
      const std::uint64_t after = BytesReadAfter(2'000);
      EXPECT_GT(before, 0u);
      EXPECT_LT(after, before + 1'000) << days << " days";
    }
  }
  EXPECT_EQ(Conversions(), 4u * (4 + 20) * 100);
}

// The days of a history: one session each, and one that comes back on each of them.
class RangesTest : public ViewStoreTest {
 protected:
  static constexpr TimeMs kStart{std::chrono::days(-2)};  // days before 1970 are in order, too

  void Visit(int day) {
    const TimeMs time = kStart + std::chrono::days(day);
    const ImpressionReported display{.kind = ImpressionKind::kDisplay, .context_id = 1, .entry = kEntry};
    TakeOf("day" + std::to_string(day), time, display);
    TakeOf("day" + std::to_string(day), time + std::chrono::days(1) - std::chrono::milliseconds(1), display);
    TakeOf("returning", time, display);
  }

  funnel::Row Ask(std::optional<TimeMs> from, std::optional<TimeMs> to) {
    EXPECT_TRUE(store_->Commit());
    const auto report = store_->Funnel(AccountId("demo"), {.counting = funnel::kGross, .from = from, .to = to},
                                       BucketSet().set(), [] { return false; });
    EXPECT_TRUE(report && report->complete);
    return report->rows.at(0);
  }
};

TEST_F(RangesTest, CountWhatLiesBetweenTheirBounds) {
  constexpr int kDays = 6;
  for (const int day : {3, 0, 5, 1, 4, 2}) Visit(day);
  for (int from = 0; from <= kDays; ++from) {
    for (int to = from; to <= kDays; ++to) {
      const funnel::Row row = Ask(kStart + std::chrono::days(from), kStart + std::chrono::days(to));
      const auto days = static_cast<std::uint64_t>(to - from);
      EXPECT_EQ(row.engagement_views, 3 * days) << from << " to " << to;
      EXPECT_EQ(row.exposed, days == 0 ? 0 : days + 1) << from << " to " << to;
    }
  }
  EXPECT_EQ(Ask(kStart + std::chrono::days(4), {}).engagement_views, 6u);
  EXPECT_EQ(Ask({}, kStart + std::chrono::days(4)).engagement_views, 12u);
  EXPECT_EQ(Ask(kStart + std::chrono::hours(1), kStart + std::chrono::hours(25)).engagement_views, 3u);
}

// A query looks now and then, once in so many records, whether somebody waits for it.
TEST_F(RangesTest, ReadNothingOfSessionsOfOtherDays) {
  const auto looks = [&] {
    EXPECT_TRUE(store_->Commit());
    int asked = 0;
    EXPECT_TRUE(store_->Funnel(AccountId("demo"), {.from = kStart, .to = kStart + std::chrono::hours(1)},
                               BucketSet().set(), [&] { return ++asked < 0; }));
    return asked;
  };
  const ImpressionReported display{.kind = ImpressionKind::kDisplay, .context_id = 1, .entry = kEntry};
  TakeOf("day0", kStart, display);
  const int before = looks();
  for (int day = 1; day < 2'000; ++day) {
    TakeOf("day" + std::to_string(day), kStart + std::chrono::days(day), display);
  }
  EXPECT_EQ(looks(), before);
}

TEST_F(RangesTest, WhatIsAskedAgainReadsWhatChangedOnly) {
  const ImpressionReported display{.kind = ImpressionKind::kDisplay, .context_id = 1, .entry = kEntry};
  const auto visits = [&](int sessions) {
    for (int i = 0; i < sessions; ++i) TakeOf("s" + std::to_string(next_seq_), kStart + std::chrono::hours(i), display);
  };
  const auto reads = [&](funnel::Query query) {
    EXPECT_TRUE(store_->Commit());
    return BytesRead([&] {
      EXPECT_TRUE(store_->Funnel(AccountId("demo"), query, BucketSet().set(), [] { return false; })->complete);
    });
  };
  for (const bool by_keeper : {false, true}) {
    for (const funnel::Window window : {funnel::Window::kAll, funnel::Window::kDay}) {
      const funnel::Query query{.by = {funnel::Breakdown::kCampaign}, .window = window};
      visits(2'000);
      const std::uint64_t first = by_keeper ? 0 : reads(query);
      EXPECT_TRUE(store_->Commit());
      if (by_keeper) {
        EXPECT_TRUE(store_->KeepRows([] { return false; }));
      }
      visits(10);
      const std::uint64_t again = reads(query);
      if (!by_keeper) {
        EXPECT_LT(again * 4, first);
      }
      EXPECT_LT(again, 60'000u) << by_keeper;
    }
  }
  EXPECT_EQ(Ask({}, {}).exposed, 4u * 2'010);
}

// Puts this in the place of a value of the family `progress`; nullopt: removes it.
void Change(const std::string& view, const std::string& key, const std::optional<std::string>& value) {
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, view, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, view, families, &handles, &db).ok());
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    if (handle->GetName() == "progress") {
      ASSERT_TRUE((value ? db->Put({}, handle, key, *value) : db->Delete({}, handle, key)).ok());
    }
    ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  delete db;
}

TEST_F(ViewStoreTest, AViewOfAnOlderVersionIsMovedAsideAndBegunAnew) {
  for (int times = 0; times < 2; ++times) {
    Create(Attribution::kLast, 0);
    Display();
    Purchases();
    ASSERT_EQ(Conversions(), 100u);
    store_.reset();
    Change(view_, "version", "0");
    Open();
    EXPECT_FALSE(store_->HighestSeq(kOrigin, BucketOf("demo/v")));
    EXPECT_EQ(Conversions(), 0u);
    EXPECT_TRUE(std::filesystem::exists(view_ + ".version-0/CURRENT"));
  }
  Open();  // of this version by now
  EXPECT_EQ(Conversions(), 0u);
}

TEST_F(ViewStoreTest, OneThatAnotherHasIsNotOpenedForReadingInstead) {
  const auto refused = ViewStore::Open(view_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("LOCK"), std::string::npos) << refused.error();
}

TEST_F(ViewStoreTest, AnOlderVersionIsNotMovedAsideBelowTheWatermark) {
  store_.reset();
  Change(view_, "version", "0");
  auto closed = ViewStore::Open(view_, ~0ull);
  ASSERT_TRUE(closed) << closed.error();
  EXPECT_NE((*closed)->Trouble().find("MiB are free"), std::string::npos);
  EXPECT_FALSE((*closed)->Accounts());
  EXPECT_FALSE(std::filesystem::exists(view_ + ".version-0"));
  EXPECT_TRUE(std::filesystem::exists(view_ + "/CURRENT"));
  closed->reset();
  Open();
  EXPECT_TRUE(std::filesystem::exists(view_ + ".version-0/CURRENT"));
}

TEST_F(ViewStoreTest, AViewWithoutAnIdIsGivenOneForGood) {
  const auto id = [&] { return store_->Version().substr(0, store_->Version().find('/')); };
  const std::string first = id();
  EXPECT_FALSE(first.empty());
  store_.reset();
  Change(view_, "id", std::nullopt);
  // Opened without room it is not written.
  store_ = std::move(*ViewStore::Open(view_, ~0ull));
  EXPECT_EQ(id(), "");
  Open();
  const std::string second = id();
  EXPECT_FALSE(second.empty());
  EXPECT_NE(second, first);
  Open();
  EXPECT_EQ(id(), second);
}

TEST_F(ViewStoreTest, AViewOfANewerVersionIsLeftAlone) {
  store_.reset();
  Change(view_, "version", std::to_string(funnel::kFactsVersion + 1));
  const auto refused = ViewStore::Open(view_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("this program reads version"), std::string::npos) << refused.error();
}

}  // namespace
}  // namespace monitor
