#include "api/visits/visitor_rooms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/drain.h"

namespace monitor {
namespace {

using std::chrono::hours;

TEST(VisitorRooms, BeyondTheBoundOfWaitersIsRefused) {
  VisitorRooms rooms({.max_waiting = 0});
  const auto later = std::chrono::steady_clock::now() + hours(1);
  auto first = rooms.Enter("a/v", later);
  ASSERT_TRUE(first);
  auto second = rooms.Enter("a/v", later);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), VisitorRooms::Refusal::kTooManyWaiting);
  EXPECT_TRUE(rooms.Enter("a/w", later));
}

TEST(VisitorRooms, WaitingEndsAtTheDeadline) {
  VisitorRooms rooms({.max_waiting = 1});
  auto first = rooms.Enter("a/v", std::chrono::steady_clock::now());
  auto second = rooms.Enter("a/v", std::chrono::steady_clock::now());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), VisitorRooms::Refusal::kDeadline);
}

// Who enters a room, in the order in which they do.
struct Guests {
  VisitorRooms::Entered Named(const std::string& name) {
    return [this, name](std::expected<VisitorRooms::Lease, VisitorRooms::Refusal> lease) {
      std::lock_guard lock(mutex);
      entered.push_back(lease ? name
                              : name + (lease.error() == VisitorRooms::Refusal::kDeadline ? " late" : " refused"));
      if (lease) leases.push_back(std::make_unique<VisitorRooms::Lease>(*std::move(lease)));
    };
  }
  std::vector<std::string> Entered() {
    std::lock_guard lock(mutex);
    return entered;
  }
  std::mutex mutex;
  std::vector<std::string> entered;
  std::vector<std::unique_ptr<VisitorRooms::Lease>> leases;
};

TEST(VisitorRooms, WhoeverHasWaitedLongestIsNext) {
  VisitorRooms rooms({.max_waiting = 3});
  const auto later = std::chrono::steady_clock::now() + hours(1);
  Guests guests;
  for (const char* name : {"first", "second", "third", "fourth", "fifth"}) {
    rooms.EnterThen("a/v", later, guests.Named(name));
  }
  rooms.EnterThen("a/w", later, guests.Named("elsewhere"));
  EXPECT_THAT(guests.Entered(), testing::ElementsAre("first", "fifth refused", "elsewhere"));
  guests.leases[0].reset();
  guests.leases[2].reset();
  guests.leases[3].reset();
  EXPECT_THAT(guests.Entered(),
              testing::ElementsAre("first", "fifth refused", "elsewhere", "second", "third", "fourth"));
}

TEST(VisitorRooms, WhoWaitsIsToldSoonAfterTheDeadlineAndTheOthersGoOnWaiting) {
  VisitorRooms rooms({.max_waiting = 2});
  const auto now = std::chrono::steady_clock::now();
  Guests guests;
  rooms.EnterThen("a/v", now + hours(1), guests.Named("inside"));
  rooms.EnterThen("a/v", now + std::chrono::milliseconds(50), guests.Named("hasty"));
  rooms.EnterThen("a/v", now + hours(1), guests.Named("patient"));
  EXPECT_TRUE(WaitUntil([&] { return guests.Entered().size() == 2; }, std::chrono::minutes(1)));
  EXPECT_THAT(guests.Entered(), testing::ElementsAre("inside", "hasty late"));
  guests.leases[0].reset();
  EXPECT_EQ(guests.Entered().back(), "patient");
}

// Each is done at once, and the next one has come meanwhile.
TEST(VisitorRooms, AVisitorThatIsAlwaysWaitedForTakesNeitherTheStackNorTheThreadOfWhoLeavesIt) {
  constexpr int kGuests = 200'000;
  VisitorRooms rooms({.max_waiting = 1});
  const auto caller = std::this_thread::get_id();
  std::atomic<int> entered = 0, on_this_thread = 0;
  const std::function<void()> one_comes = [&] {
    rooms.EnterThen("a/v", std::chrono::steady_clock::now() + hours(1), [&](auto lease) {
      EXPECT_TRUE(lease);
      if (std::this_thread::get_id() == caller) ++on_this_thread;
      if (entered.load() < kGuests - 1) one_comes();
      ++entered;
    });
  };
  one_comes();
  EXPECT_TRUE(WaitUntil([&] { return entered == kGuests; }, std::chrono::minutes(1)));
  EXPECT_LE(on_this_thread, 2);
}

TEST(VisitorRooms, WhoGaveUpWaitingLeavesItsPlace) {
  VisitorRooms rooms({.max_waiting = 1});
  auto first = rooms.Enter("a/v", std::chrono::steady_clock::now());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rooms.Enter("a/v", std::chrono::steady_clock::now()).error(), VisitorRooms::Refusal::kDeadline) << i;
  }
}

TEST(VisitorRooms, ThoseThatWereForgottenWeighNothing) {
  constexpr std::size_t kBytes = VisitorRooms::kShards * 4'096;
  VisitorRooms rooms({.max_bytes = kBytes});
  const auto later = std::chrono::steady_clock::now() + hours(1);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(rooms.Enter("a/" + std::to_string(i), later));
  EXPECT_LE(rooms.bytes(), kBytes);
  EXPECT_GE(rooms.bytes(), kBytes / 2);
  EXPECT_GE(rooms.bytes(), rooms.count() * 100);
}

TEST(VisitorRooms, TheLeastRecentlyUsedAreForgottenAndTakenOnesKept) {
  std::vector<std::string> forgotten;
  VisitorRooms rooms({.max_bytes = 0},
                     [&](std::string_view key, const RestingVisitor&) { forgotten.emplace_back(key); });
  const auto later = std::chrono::steady_clock::now() + hours(1);
  auto taken = rooms.Enter("a/taken", later);
  taken->visitor().bytes = "its state";
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(rooms.Enter("a/" + std::to_string(i), later));
  EXPECT_EQ(rooms.count(), 1u);
  EXPECT_EQ(taken->visitor().bytes, "its state");
  EXPECT_EQ(forgotten.size(), 10'000u);
  EXPECT_EQ(rooms.forgotten(), 10'000u);
}

}  // namespace
}  // namespace monitor
