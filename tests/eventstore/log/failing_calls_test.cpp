// Whatever call of the disk fails, the log's process goes on, refused or recovered: no error becomes an assertion
// inside RocksDB (which Debian builds with them). Syncs apart: the process ends when one fails (broken_disk_test.cpp).
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#include "tests/failing_calls.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

class FailingCallsTest : public testing::TestWithParam<FailingCall> {
 protected:
  ~FailingCallsTest() override { failing_call = Call::kNone; }

  // Requests of 8 MiB, so that tables are written as well.
  bool Append(RocksDbStore& store) {
    if (!store.Append(RequestOf("a", version_, 4, std::string(2 << 20, 'x')))) return false;
    version_ += 4;
    return true;
  }

  void ExpectRecovery(RocksDbStore& store) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!store.Writable() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_TRUE(Append(store));
  }

  void ExpectSound() const {
    auto store = OpenStore(OptionsFor(folder_.path()));
    ASSERT_TRUE(store);
    EXPECT_EQ(store->Verify(nullptr), version_);
  }

  TemporaryFolder folder_;
  std::uint64_t version_ = 0;
};

TEST_P(FailingCallsTest, WhileServingRefusesAndRecovers) {
  auto store = OpenStore(OptionsFor(folder_.path()));
  ASSERT_TRUE(Append(*store));
  for (int round = 0; round < 2; ++round) {
    Break(GetParam());
    for (int i = 0; i < 12; ++i) std::ignore = Append(*store);
    failing_call = Call::kNone;
    ExpectRecovery(*store);
  }
  Break(GetParam());
  std::ignore = Append(*store);
  store.reset();
  failing_call = Call::kNone;
  ExpectSound();
}

TEST_P(FailingCallsTest, AtTheStartIsToldAndPasses) {
  ASSERT_TRUE(Append(*OpenStore(OptionsFor(folder_.path()))));
  Break(GetParam());
  std::ignore = RocksDbStore::Open(OptionsFor(folder_.path()));
  failing_call = Call::kNone;
  ExpectSound();
}

INSTANTIATE_TEST_SUITE_P(Each, FailingCallsTest,
                         testing::Values(FailingCall{Call::kWrite, ENOSPC, "WriteNoSpace"},
                                         FailingCall{Call::kWrite, EIO, "Write"},
                                         FailingCall{Call::kRename, EIO, "Rename"},
                                         FailingCall{Call::kOpen, EMFILE, "Open"}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace monitor
#endif
