// What must hold when the disk beneath the view fails: funneld goes on, answers, and counts on once it can, with the
// real RocksDB (which Debian builds with its assertions) on a disk that fails on command.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "consumers/view/view_store.h"
#include "tests/failing_calls.h"
#include "tests/temporary_folder.h"

extern "C" int fdatasync(int file) {
  return monitor::Fails(monitor::Call::kSync, file) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file));
}
extern "C" int fsync(int file) {
  return monitor::Fails(monitor::Call::kSync, file) ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}
extern "C" ssize_t write(int file, const void* bytes, size_t size) {
  const size_t writable = monitor::Writable(file, size);
  return size > 0 && writable == 0 ? -1 : ::syscall(SYS_write, file, bytes, writable);
}

constexpr std::uint64_t kPlenty = 1 << 30;
std::atomic<std::uint64_t> free_blocks{kPlenty};  // of every disk
extern "C" int statvfs(const char*, struct statvfs* disk) noexcept {
  *disk = {};
  disk->f_frsize = 4'096;
  disk->f_bavail = free_blocks;
  return 0;
}

namespace monitor {
namespace {

constexpr const char* kOrigin = "7f3a9c01.1";

std::string RandomLetters(std::size_t size) {
  std::minstd_rand random;
  std::string letters(size, ' ');
  for (char& letter : letters) letter = static_cast<char>('a' + random() % 26);
  return letters;
}

class BrokenViewTest : public testing::Test {
 protected:
  ~BrokenViewTest() override {
    failing_call = Call::kNone;
    free_blocks = kPlenty;
  }

  void Open(std::uint64_t min_free_bytes = 0) {
    store_.reset();
    auto opened = ViewStore::Open(folder_.path() + "/view", min_free_bytes);
    ASSERT_TRUE(opened) << opened.error();
    store_ = *std::move(opened);
  }

  // One batch; its event is an account's document so large that eight of them make a table.
  std::expected<void, std::string> Count(std::uint64_t seq) {
    std::ranges::rotate(name_, name_.begin() + 1);
    Event event{.data = AccountConfigured{.document = R"({"name":")" + name_ + R"("})"}};
    event.scope.account = AccountId("demo");
    SourceEvent source{.origin = kOrigin, .seq = seq, .prevseq = seq - 1, .bucket = 7};
    source.time = FromUnixMs(static_cast<std::int64_t>(seq));
    source.content = std::move(event);
    if (const auto folded = store_->Fold(source); !folded) return std::unexpected(folded.error().message);
    store_->SetPosition(kOrigin, seq, source.time);
    auto committed = store_->Commit();
    if (committed) counted_ = seq;
    return committed;
  }

  // As a reader: whatever fails, from what is committed. Returns how often something failed.
  int CountMore(int events) {
    int failures = 0;
    while (events > 0 && failures < 3) {
      if (Count(counted_ + 1)) {
        --events;
        continue;
      }
      ++failures;
      EXPECT_NE(store_->Trouble(), "");
      std::ignore = store_->Discard();
      Ask();
    }
    return failures;
  }

  // It may be refused, but not end the process, nor tell more or less than was counted.
  void Ask() {
    EXPECT_EQ(store_->CommittedPositions()[kOrigin], counted_);
    const auto accounts = store_->Accounts();
    if (accounts) {
      EXPECT_EQ(accounts->size(), 1u);
    }
  }

  void ExpectWhole() {
    EXPECT_EQ(store_->Trouble(), "");
    EXPECT_EQ(store_->HighestSeq(kOrigin, 7), counted_);
    EXPECT_EQ(store_->CommittedPositions()[kOrigin], counted_);
    EXPECT_EQ(store_->PositionTime(kOrigin), FromUnixMs(static_cast<std::int64_t>(counted_)));
    EXPECT_EQ(store_->Accounts()->size(), 1u);
  }

  TemporaryFolder folder_;
  std::unique_ptr<ViewStore> store_;
  std::uint64_t counted_ = 0;
  std::string name_ = RandomLetters(2 << 20);
};

class BrokenCallTest : public BrokenViewTest, public testing::WithParamInterface<FailingCall> {};

TEST_P(BrokenCallTest, WhileCountingHoldsItUpAndNoMore) {
  Open();
  ASSERT_EQ(CountMore(2), 0);
  Break(GetParam());
  CountMore(12);
  failing_call = Call::kNone;
  ASSERT_TRUE(store_->Discard());
  ASSERT_EQ(CountMore(2), 0);
  ExpectWhole();
  Open();
  ExpectWhole();
}

TEST_P(BrokenCallTest, AtTheEndLeavesWhatWasCounted) {
  Open();
  ASSERT_EQ(CountMore(2), 0);
  Break(GetParam());
  CountMore(1);
  store_.reset();
  failing_call = Call::kNone;
  Open();
  ExpectWhole();
}

TEST_P(BrokenCallTest, AtTheStartIsToldAndPasses) {
  Open();
  ASSERT_EQ(CountMore(2), 0);
  store_.reset();
  Break(GetParam());
  if (auto opened = ViewStore::Open(folder_.path() + "/view")) {
    store_ = *std::move(opened);
    CountMore(1);
  }
  failing_call = Call::kNone;
  Open();
  ExpectWhole();
}

TEST_P(BrokenCallTest, AtTheStartWhatCanBeReadIsAnswered) {
  if (GetParam().call == Call::kOpen) GTEST_SKIP() << "nothing can be read";
  Open();
  ASSERT_EQ(CountMore(2), 0);
  store_.reset();
  Break(GetParam());
  Open();
  EXPECT_NE(store_->Trouble(), "");
  EXPECT_EQ(store_->CommittedPositions()[kOrigin], counted_);
  EXPECT_EQ(store_->Accounts()->size(), 1u);
  EXPECT_FALSE(store_->Discard());
  Ask();
  failing_call = Call::kNone;
  ASSERT_TRUE(store_->Discard());
  ASSERT_EQ(CountMore(2), 0);
  ExpectWhole();
}

INSTANTIATE_TEST_SUITE_P(Each, BrokenCallTest, testing::ValuesIn(kFailingCalls),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(BrokenViewTest, AFullDiskHoldsItUpUntilThereIsRoom) {
  if (mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=24m") != 0) {
    GTEST_SKIP() << "a small file system can not be mounted here: " << std::strerror(errno);
  }
  const struct Unmount {
    std::string path;
    ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
  } unmount{folder_.path()};
  const std::string filler = folder_.path() + "/filler";
  Open();
  std::ofstream(filler) << std::string(12 << 20, 'f');
  EXPECT_GT(CountMore(10), 0);
  std::filesystem::remove(filler);
  ASSERT_TRUE(store_->Discard());
  ASSERT_EQ(CountMore(2), 0);
  ExpectWhole();
  Open();
  ExpectWhole();
  store_.reset();
}

TEST_F(BrokenViewTest, BelowTheWatermarkNothingIsWrittenAndEverythingAnswered) {
  Open();
  ASSERT_EQ(CountMore(3), 0);
  Open(~0ull);
  EXPECT_THAT(store_->Trouble(), testing::MatchesRegex("[0-9]+ MiB are free, [0-9]+ are wanted"));
  EXPECT_FALSE(store_->Discard());
  EXPECT_FALSE(Count(counted_ + 1));
  Ask();
  EXPECT_EQ(store_->Accounts()->size(), 1u);
  Open();
  ASSERT_EQ(CountMore(1), 0);
  ExpectWhole();
}

TEST_F(BrokenViewTest, BelowTheWatermarkTheFirstViewIsMadeOnceThereIsRoom) {
  free_blocks = 0;
  Open(1 << 20);
  EXPECT_EQ(store_->Trouble(), "0 MiB are free, 1 are wanted");
  EXPECT_FALSE(store_->Accounts());
  EXPECT_FALSE(store_->Funnel(AccountId("demo"), {}, BucketSet().set(), [] { return false; }));
  EXPECT_EQ(store_->DiskBytes(), 0u);
  EXPECT_FALSE(store_->AnswerFor(Coverage()));
  EXPECT_FALSE(store_->Discard());
  EXPECT_FALSE(Count(1));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/view"));
  free_blocks = kPlenty;
  ASSERT_TRUE(store_->Discard());
  ASSERT_EQ(CountMore(2), 0);
  ExpectWhole();
  Open();
  ExpectWhole();
}

}  // namespace
}  // namespace monitor
#endif
