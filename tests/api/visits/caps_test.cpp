#include "api/visits/caps.h"

#include <gtest/gtest.h>

#include <string>

#include "domain/values/client_address.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Caps : public ::testing::Test {
 protected:
  Caps() {
    settings_.new_sessions = RateLimit{1, 3};
    settings_.new_sessions_per_address = std::nullopt;
  }
  auto Take(std::string_view address = "", std::string_view account = "a") {
    return caps_.Take(AccountId(account), settings_, address, now_);
  }

  NewSessionCaps caps_;
  Settings settings_;
  NewSessionCaps::Time now_{seconds(1'000)};
};

TEST_F(Caps, TheBurstIsGivenAndThenOneTokenASecond) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Take());
  EXPECT_EQ(Take().error(), 1);
  now_ += milliseconds(999);
  EXPECT_FALSE(Take());
  now_ += milliseconds(1);
  EXPECT_TRUE(Take());
  EXPECT_FALSE(Take());
}

TEST_F(Caps, ABucketHoldsNoMoreThanItsBurstHoweverLongItRested) {
  EXPECT_TRUE(Take());
  now_ += std::chrono::hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Take());
  EXPECT_FALSE(Take());
}

TEST_F(Caps, RetryAfterIsTheTimeToTheNextTokenRoundedUp) {
  settings_.new_sessions = RateLimit{0.1, 1};
  EXPECT_TRUE(Take());
  EXPECT_EQ(Take().error(), 10);
  now_ += milliseconds(2'500);
  EXPECT_EQ(Take().error(), 8);
}

TEST_F(Caps, ABucketThatNeverFillsSaysTheLongestTime) {
  settings_.new_sessions = RateLimit{0, 1};
  EXPECT_TRUE(Take());
  EXPECT_EQ(Take().error(), NewSessionCaps::kMaxRetryAfterS);
}

TEST_F(Caps, AccountsDoNotNoticeOneAnother) {
  for (int i = 0; i < 4; ++i) (void)Take("", "a");
  EXPECT_FALSE(Take("", "a"));
  EXPECT_TRUE(Take("", "b"));
}

TEST_F(Caps, NullIsNoCap) {
  settings_.new_sessions = std::nullopt;
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(Take("192.0.2.1"));
}

TEST_F(Caps, AddressesAreCountedApart) {
  settings_.new_sessions = std::nullopt;
  settings_.new_sessions_per_address = RateLimit{1, 2};
  EXPECT_TRUE(Take("192.0.2.1"));
  EXPECT_TRUE(Take("192.0.2.1"));
  EXPECT_FALSE(Take("192.0.2.1"));
  EXPECT_TRUE(Take("192.0.2.2"));
  EXPECT_TRUE(Take("192.0.2.1", "b"));
}

TEST_F(Caps, IPv6IsCountedBy64) {
  settings_.new_sessions = std::nullopt;
  settings_.new_sessions_per_address = RateLimit{1, 1};
  EXPECT_TRUE(Take("2001:db8:0:1::1"));
  EXPECT_FALSE(Take("2001:db8:0:1:ffff::2"));
  EXPECT_TRUE(Take("2001:db8:0:2::1"));
}

TEST_F(Caps, AnUnknownAddressIsNotCounted) {
  settings_.new_sessions = std::nullopt;
  settings_.new_sessions_per_address = RateLimit{1, 1};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Take(""));
}

TEST_F(Caps, ARequestOverTheAddressCapSpendsNothingOfTheAccount) {
  settings_.new_sessions = RateLimit{0.001, 2};
  settings_.new_sessions_per_address = RateLimit{0.001, 1};
  EXPECT_TRUE(Take("192.0.2.1"));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Take("192.0.2.1"));
  EXPECT_TRUE(Take("192.0.2.2"));
}

TEST_F(Caps, WhatARefusedRequestTookIsGivenBack) {
  settings_.new_sessions = RateLimit{0.001, 1};
  settings_.new_sessions_per_address = RateLimit{0.001, 1};
  for (int i = 0; i < 10; ++i) {
    auto taken = Take("192.0.2.1");
    ASSERT_TRUE(taken);
    caps_.Return(*taken);
  }
}

TEST_F(Caps, ManyAddressesNeedBoundedMemoryAndTheAccountsCapStillHolds) {
  settings_.new_sessions = RateLimit{0.001, 200'000};
  settings_.new_sessions_per_address = RateLimit{1, 1};
  int taken = 0;
  for (int i = 0; i < 250'000; ++i) {
    taken +=
        Take("10." + std::to_string(i >> 16 & 255) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255))
            .has_value();
  }
  EXPECT_EQ(taken, 200'000);
}

// Whoever asks all the time can not have itself forgotten behind many that ask once.
TEST_F(Caps, AnAddressInUseKeepsItsBucketAmongManyOthers) {
  settings_.new_sessions = std::nullopt;
  settings_.new_sessions_per_address = RateLimit{0.001, 1};
  EXPECT_TRUE(Take("192.0.2.1"));
  for (int i = 0; i < 150'000; ++i) {
    (void)Take("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255));
    if (i % 100 == 0) {
      ASSERT_FALSE(Take("192.0.2.1")) << i;
    }
  }
}

}  // namespace
}  // namespace monitor
