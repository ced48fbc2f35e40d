#include "eventstore/retention/retention.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;

const TimeMs kBegin = FromUnixMs(1'700'000'000'000);

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() {
    RocksDbStoreOptions options = OptionsFor(folder_.path());
    options.clock = [this] { return kBegin + milliseconds(now_.load()); };
    store_ = OpenStore(std::move(options));
  }
  void At(milliseconds time) { now_ = time.count(); }
  void Append(const std::string& visitor) {
    AppendRequest request = RequestOf(visitor, 0);
    request.now = store_->Now();
    ASSERT_TRUE(store_->Append(std::move(request)));
  }
  // What is left after it has looked, at least once.
  std::uint64_t FirstAfter(RetentionOptions options, milliseconds longest = hours(6)) {
    std::mutex mutex;
    std::condition_variable changed;
    int looks = 0;
    options.pause = milliseconds(1);
    options.longest_session = [&, longest] {
      std::lock_guard lock(mutex);
      ++looks;
      changed.notify_all();
      return longest;
    };
    Retention retention(std::move(options), *store_);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return looks > 1; });  // the first is over then
    keeps_ = retention.keeps();
    EXPECT_FALSE(retention.failing());
    return store_->Origins().back().first;
  }

  TemporaryFolder folder_;
  std::atomic<std::int64_t> now_ = 0;
  std::unique_ptr<RocksDbStore> store_;
  milliseconds keeps_{0};  // as it was when FirstAfter had looked
};

TEST_F(RetentionTest, EventsGoAfterTheirDays) {
  Append("a");
  At(days(27));
  Append("b");
  EXPECT_EQ(FirstAfter({.events = days(28)}), 1u);
  At(days(28) + milliseconds(1));
  EXPECT_EQ(FirstAfter({.events = days(28)}), 2u);
  EXPECT_EQ(keeps_, days(28));
}

TEST_F(RetentionTest, NotBeforeTheirSessionsAreOver) {
  Append("a");
  At(days(2));
  EXPECT_EQ(FirstAfter({.events = days(1)}, days(3)), 1u);
  EXPECT_EQ(keeps_, days(3));
  At(days(3) + milliseconds(1));
  EXPECT_EQ(FirstAfter({.events = days(1)}, days(3)), 2u);
}

TEST_F(RetentionTest, ALongerAgeOfBeforeIsRememberedAsLongAsASessionMayHaveIt) {
  EXPECT_EQ(FirstAfter({}, days(5)), 1u);
  Append("a");
  At(days(2));
  EXPECT_EQ(FirstAfter({}, hours(6)), 1u) << "it may live on: it was begun by the older document";
  At(days(5) + milliseconds(1));
  EXPECT_EQ(FirstAfter({}, hours(6)), 2u);
  Append("b");
  At(days(8));
  EXPECT_EQ(FirstAfter({}, hours(6)), 3u) << "nobody has it any more";
}

TEST_F(RetentionTest, WithABrokerOnlyWhatItHasGoes) {
  Append("a");
  Append("b");
  At(days(1));
  EXPECT_EQ(FirstAfter({.relayed = true}), 1u);
  store_->SaveRelayedSeq(store_->Origins().back().origin, 1);
  EXPECT_EQ(FirstAfter({.relayed = true}), 1u) << "one of two requests of the same time";
  store_->SaveRelayedSeq(store_->Origins().back().origin, 2);
  EXPECT_EQ(FirstAfter({.relayed = true}), 3u);
}

TEST_F(RetentionTest, SaysWhatItDropped) {
  Append("a");
  At(days(1));
  std::mutex mutex;
  std::vector<std::string> told;
  RetentionOptions options;
  options.report = [&](const std::string& event, const std::string& detail) {
    std::lock_guard lock(mutex);
    told.push_back(event + ": " + detail);
  };
  FirstAfter(std::move(options));
  std::lock_guard lock(mutex);
  EXPECT_THAT(told, testing::ElementsAre("retention_dropped: 1 events were dropped, the log begins at " +
                                         LogPosition{store_->Origins().back().origin, 2}.ToString()));
}

}  // namespace
}  // namespace monitor
