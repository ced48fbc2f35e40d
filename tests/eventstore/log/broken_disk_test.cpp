// What must hold when disks and processes fail (docs/decisions/log-is-truth.md, group-commit.md), with the real RocksDB
// on a disk that fails on command.
// Not in sanitizer builds: their runtimes replace the same functions, and use them before they are ready.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#include "tests/eventstore/log/broken_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <thread>

#include "tests/eventstore/store_fixture.h"
#include "tests/failing_calls.h"

namespace monitor {

BrokenDisk& Disk() {
  static BrokenDisk* disk =
      new (mmap(nullptr, sizeof(BrokenDisk), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) BrokenDisk;
  return *disk;
}

namespace {

// The number of a write-ahead log (000012.log), 0 for any other file.
int LogNumber(int file) {
  char link[64], path[4'096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  std::string_view name(path, static_cast<std::size_t>(size));
  if (!name.ends_with(".log")) return 0;
  return std::atoi(std::string(name.substr(name.rfind('/') + 1)).c_str());
}

int Sync(int file, long call) {
  if (Fails(Call::kSync, file)) return -1;
  if (Disk().syncs_fail) {
    errno = EIO;
    return -1;
  }
  struct stat before = {};
  int number = LogNumber(file);
  if (number > 0) ::fstat(file, &before);
  int result = static_cast<int>(::syscall(call, file));
  if (result == 0 && number > 0 && number < BrokenDisk::kFiles) {
    Disk().synced_log_bytes[number] = static_cast<std::uint64_t>(before.st_size);
  }
  return result;
}

}  // namespace
}  // namespace monitor

extern "C" int fdatasync(int file) { return monitor::Sync(file, SYS_fdatasync); }
extern "C" int fsync(int file) { return monitor::Sync(file, SYS_fsync); }
extern "C" ssize_t write(int file, const void* bytes, size_t size) {
  if (monitor::Disk().log_writes_fail && monitor::LogNumber(file) > 0) {
    static thread_local bool half_written = false;
    half_written = !half_written;
    if (half_written && size > 1) return ::syscall(SYS_write, file, bytes, size / 2);
    errno = ENOSPC;
    return -1;
  }
  const size_t writable = monitor::Writable(file, size);
  return size > 0 && writable == 0 ? -1 : ::syscall(SYS_write, file, bytes, writable);
}

namespace monitor {
namespace {

// Shared with a child process: what it was answered.
struct Answers {
  std::atomic<std::uint64_t> acknowledged_seq{0};
  std::atomic<std::uint64_t> refused{0};
};

class BrokenDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Disk().syncs_fail = false;
    Disk().log_writes_fail = false;
    for (auto& bytes : Disk().synced_log_bytes) bytes = 0;
    answers = new (mmap(nullptr, sizeof(Answers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Answers;
  }
  void TearDown() override { munmap(answers, sizeof(Answers)); }

  static constexpr int kThreads = 16;

  // Appends from many threads until killed or, each of them, refused; the child never returns.
  pid_t StartChild(std::function<void()> when_open = {}, bool end_on_refusal = false) {
    pid_t child = fork();
    if (child != 0) return child;
    auto options = OptionsFor(folder.path());
    options.on_sync_failure = [](const std::string&) { _exit(7); };
    auto store = RocksDbStore::Open(options);
    if (!store) _exit(9);
    for (int t = 0; t < kThreads; ++t) {
      std::thread([this, &store = **store, t, end_on_refusal] {
        std::string visitor = "v" + std::to_string(t);
        auto events = store.ReadStream(StreamName("session/demo/" + visitor + "/s"), 1);
        std::uint64_t version = events ? events->size() : 0;
        for (;;) {
          int count = static_cast<int>(version % 5) + 1;
          auto appended = store.Append(RequestOf(visitor, version, count, std::string(700, 'x')));
          if (!appended) {
            // The last one ends the process: only then has everyone noted what it was answered.
            const bool last = ++answers->refused == kThreads;
            if (end_on_refusal && last) _exit(8);
            if (end_on_refusal) return;
            continue;
          }
          version += static_cast<std::uint64_t>(count);
          std::uint64_t known = answers->acknowledged_seq;
          while (known < appended->last.seq &&
                 !answers->acknowledged_seq.compare_exchange_weak(known, appended->last.seq)) {
          }
        }
      }).detach();
    }
    if (when_open) when_open();
    for (;;) pause();
  }

  void WaitForAcknowledged(std::uint64_t seq) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (answers->acknowledged_seq < seq && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    ASSERT_GE(answers->acknowledged_seq, seq);
  }

  static int WaitFor(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }

  // Everything that was acknowledged is there, every request whole, every rule kept.
  void ExpectSound() {
    auto store = OpenStore(OptionsFor(folder.path()));
    ASSERT_TRUE(store);
    auto verified = store->Verify(nullptr);
    ASSERT_TRUE(verified) << verified.error();
    EXPECT_GE(*verified, answers->acknowledged_seq);
    for (int t = 0; t < kThreads; ++t) {
      auto events = store->ReadStream(StreamName("session/demo/v" + std::to_string(t) + "/s"), 1);
      std::uint64_t version = 0;
      while (version < events->size()) version += version % 5 + 1;
      EXPECT_EQ(version, events->size()) << "half a request of thread " << t;
    }
  }

  TemporaryFolder folder;
  Answers* answers = nullptr;
};

TEST_F(BrokenDiskTest, KillUnderLoadLosesNothingThatWasAnswered) {
  for (int round = 1; round <= 3; ++round) {
    pid_t child = StartChild();
    WaitForAcknowledged(answers->acknowledged_seq + 1'000);
    kill(child, SIGKILL);
    WaitFor(child);
    ExpectSound();
  }
}

TEST_F(BrokenDiskTest, PowerLossLosesNothingThatWasAnswered) {
  constexpr std::uint64_t kSector = 512;
  for (int round = 1; round <= 3; ++round) {
    pid_t child = StartChild();
    WaitForAcknowledged(answers->acknowledged_seq + 1'000);
    kill(child, SIGKILL);
    WaitFor(child);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().extension() != ".log") continue;
      auto synced = Disk().synced_log_bytes[std::atoi(entry.path().stem().c_str())].load();
      std::uint64_t size = entry.file_size();
      ASSERT_LE(synced, size);
      const std::uint64_t half = synced + (size - synced) / 2;
      if (round == 1) std::filesystem::resize_file(entry.path(), synced);
      if (round == 2) std::filesystem::resize_file(entry.path(), half);
      if (round == 3) {  // the length is there, but not what was written last: a disk writes whole sectors
        std::filesystem::resize_file(entry.path(), std::min(size, (half + kSector - 1) / kSector * kSector));
        std::filesystem::resize_file(entry.path(), size);
      }
    }
    ExpectSound();
  }
}

TEST_F(BrokenDiskTest, FailedSyncEndsTheProcessAndAnswersNobody) {
  pid_t child = StartChild();
  WaitForAcknowledged(100);
  Disk().syncs_fail = true;
  int status = WaitFor(child);
  Disk().syncs_fail = false;
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(answers->refused, 0u);
  ExpectSound();
}

TEST_F(BrokenDiskTest, FailedWriteIsRefusedAndNeverComesBack) {
  std::vector<std::string> told;
  auto options = OptionsFor(folder.path());
  options.report = [&](const std::string& event, const std::string&) { told.push_back(event); };
  auto store = OpenStore(options);
  ASSERT_TRUE(store->Append(RequestOf("a", 0, 3)));
  ASSERT_TRUE(store->Append(RequestOf("b", 0, 40, std::string(2'000, 'x'))));  // more than a block of the log
  for (int round = 0; round < 2; ++round) {
    Disk().log_writes_fail = true;
    auto refused = store->Append(RequestOf("refused", 0, 40, std::string(2'000, 'y')));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), StoreError::kUnavailable);
    EXPECT_FALSE(store->Writable());
    EXPECT_TRUE(store->WhyNotWritable().starts_with("a write failed")) << store->WhyNotWritable();
    EXPECT_EQ(store->ReadStream(StreamName("session/demo/a/s"), 1)->size(), 3u + static_cast<unsigned>(round));
    EXPECT_EQ(store->Append(RequestOf("a", 3)).error(), StoreError::kUnavailable);

    Disk().log_writes_fail = false;
    auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!store->Writable() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_FALSE(store->Append(RequestOf("refused", 40))) << "it has no events";
    auto appended = store->Append(RequestOf("a", 3 + static_cast<unsigned>(round)));
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended->first.seq, 44u + static_cast<unsigned>(round));
  }
  EXPECT_TRUE(store->ReadStream(StreamName("session/demo/refused/s"), 1)->empty());
  store.reset();
  EXPECT_EQ(told, (std::vector<std::string>{"write_failed", "write_recovered", "write_failed", "write_recovered"}));
  store = OpenStore(OptionsFor(folder.path()));
  EXPECT_TRUE(store->ReadStream(StreamName("session/demo/refused/s"), 1)->empty());
  EXPECT_EQ(store->Verify(nullptr), 45u);
}

TEST_F(BrokenDiskTest, KillAfterAFailedWriteBringsNothingOfItBack) {
  pid_t child = StartChild({}, true);
  WaitForAcknowledged(500);
  Disk().log_writes_fail = true;
  int status = WaitFor(child);
  Disk().log_writes_fail = false;
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 8);
  std::uint64_t acknowledged = answers->acknowledged_seq;
  ExpectSound();
  EXPECT_EQ(OpenStore(OptionsFor(folder.path()))->Statistics().last_seq, acknowledged);
}

TEST_F(BrokenDiskTest, FullDiskRefusesAndRecoversOnceThereIsRoom) {
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=48m") != 0) {
    GTEST_SKIP() << "a small file system can not be mounted here: " << std::strerror(errno);
  }
  struct Unmount {
    std::string path;
    ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
  } unmount{folder.path()};
  std::string data = folder.path() + "/data", filler = folder.path() + "/filler";
  auto store = OpenStore(OptionsFor(data));
  ASSERT_TRUE(store);
  std::ofstream(filler) << std::string(30 << 20, 'f');
  std::uint64_t version = 0;
  std::expected<Appended, StoreError> appended;
  while ((appended = store->Append(RequestOf("a", version, 1, std::string(50'000, 'x'))))) ++version;
  EXPECT_EQ(appended.error(), StoreError::kUnavailable);
  std::filesystem::remove(filler);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!store->Writable() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  ASSERT_TRUE(store->Append(RequestOf("a", version)));
  store.reset();
  store = OpenStore(OptionsFor(data));
  ASSERT_TRUE(store);
  EXPECT_EQ(store->Verify(nullptr), version + 1);
  store.reset();
}

}  // namespace
}  // namespace monitor
#endif
