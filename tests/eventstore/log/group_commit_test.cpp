#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

// Sixty-four threads, each with visitors of its own: nothing is lost, nothing is doubled, every rule holds.
TEST(GroupCommit, GivesEveryThreadItsOwnAnswers) {
  TemporaryFolder folder;
  std::atomic<std::uint64_t> told_batches{0}, told_appends{0};
  RocksDbStoreOptions options = OptionsFor(folder.path());
  options.on_commit = [&](std::size_t appends, std::chrono::nanoseconds) {
    ++told_batches;
    told_appends += appends;
  };
  auto store = OpenStore(std::move(options));
  constexpr int kThreads = 64, kAppends = 50;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kAppends; ++i) {
        auto appended = store->Append(RequestOf("v" + std::to_string(t), static_cast<std::uint64_t>(i)));
        auto events = appended ? store->ReadLog(appended->first, {.max_events = 1})
                               : std::expected<std::vector<StoredEvent>, StoreError>{};
        bool mine = appended && events->size() == 1 && events->front().key == "demo/v" + std::to_string(t) &&
                    events->front().stream_version == static_cast<std::uint64_t>(i) + 1;
        if (!mine) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(store->Statistics().events, static_cast<std::uint64_t>(kThreads * kAppends));
  EXPECT_LT(store->Statistics().batches, static_cast<std::uint64_t>(kThreads * kAppends));
  EXPECT_EQ(told_appends, static_cast<std::uint64_t>(kThreads * kAppends));
  EXPECT_EQ(told_batches, store->Statistics().batches);
  auto verified = store->Verify(nullptr);
  ASSERT_TRUE(verified) << verified.error();
  EXPECT_EQ(*verified, static_cast<std::uint64_t>(kThreads * kAppends));
}

TEST(GroupCommit, LetsOneOfManyRivalsWin) {
  TemporaryFolder folder;
  auto store = OpenStore(OptionsFor(folder.path()));
  std::vector<std::thread> threads;
  std::atomic<int> won{0};
  for (int t = 0; t < 32; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t version = 0; version < 20; ++version) {
        if (store->Append(RequestOf("same", version))) ++won;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 20);
  EXPECT_EQ(ReadAll(*store).size(), 20u);
}

}  // namespace
}  // namespace monitor
