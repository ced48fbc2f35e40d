// A write-ahead log with a flipped bit: what is cut off is told, what is left is the log as it once was.
#include "eventstore/log/wal_repair.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DamagedWal : public ::testing::Test {
 protected:
  // Requests of three events; `ends_` are the file's sizes after each. The last one is larger than a block.
  void SetUp() override {
    auto store = OpenStore(OptionsFor(folder_.path()));
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(store->Append(RequestOf("v" + std::to_string(i), 0, 3)));
      ends_.push_back(std::filesystem::file_size(Path()));
    }
    ASSERT_TRUE(store->Append(RequestOf("last", 0, 3, "\"" + std::string(40'000, 'x') + "\"")));
    ends_.push_back(std::filesystem::file_size(Path()));
  }

  std::string Path() const { return WriteAheadLogs(folder_.path()).back(); }
  void Flip(std::size_t at) {
    std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 4));
  }
  std::expected<std::optional<Origin>, std::string> Repair() {
    return RocksDbStore::DropDamaged(folder_.path(), [this](StoredEvent&& event) {
      dropped_.push_back(event.position.seq);
      return can_tell_;
    });
  }

  TemporaryFolder folder_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> dropped_;
  bool can_tell_ = true;
};

TEST_F(DamagedWal, IsRefusedByItsPlaceAndWhatCanBeDone) {
  Flip(ends_[1] + 50);
  const auto refused = RocksDbStore::Open(OptionsFor(folder_.path()));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr(" is damaged at byte " + std::to_string(ends_[1]) + ", behind the event "));
  EXPECT_THAT(refused.error(), HasSubstr(":6: a bad record"));
  EXPECT_THAT(refused.error(), HasSubstr("monitorctl log repair --drop-damaged --data " + folder_.path()));
}

TEST_F(DamagedWal, IsCutAtTheDamageAndGoesOnInANewEpoch) {
  Flip(ends_[1] + 50);
  const auto begun = Repair();
  ASSERT_TRUE(begun) << begun.error();
  EXPECT_THAT(dropped_, ElementsAre(10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21));
  auto store = OpenStore(OptionsFor(folder_.path()));
  const auto origins = store->Origins();
  ASSERT_EQ(origins.size(), 2u);
  EXPECT_EQ(origins[0].last, 6u);
  EXPECT_EQ(origins[1].origin, *begun);
  EXPECT_EQ(store->StreamVersion(StreamName("session/demo/v2/s")), 0u);
  ASSERT_TRUE(store->Append(RequestOf("v2", 0, 3)));
  EXPECT_EQ(store->Verify(nullptr), 9u);
}

TEST_F(DamagedWal, IsCutWhereverTheDamageIs) {
  for (const std::size_t at : {ends_[0] + 3, ends_[4] + 30, ends_[5] + 20, ends_[5] + 70'000}) {
    TemporaryFolder copy;
    std::filesystem::copy(folder_.path(), copy.path(), std::filesystem::copy_options::recursive);
    Flip(at);
    dropped_.clear();
    ASSERT_TRUE(Repair()) << at;
    const std::uint64_t kept = 3 * static_cast<std::uint64_t>(std::ranges::upper_bound(ends_, at) - ends_.begin());
    auto store = OpenStore(OptionsFor(folder_.path()));
    EXPECT_EQ(store->Verify(nullptr), kept) << at;
    EXPECT_EQ(dropped_.size(), kept < 18 ? 21 - kept - 3 : 0) << at;
    store.reset();
    std::filesystem::remove_all(folder_.path());
    std::filesystem::copy(copy.path(), folder_.path(), std::filesystem::copy_options::recursive);
  }
}

TEST_F(DamagedWal, IsLeftAloneUnlessItIsDamaged) {
  const std::size_t size = ends_.back();
  EXPECT_EQ(Repair(), std::nullopt);
  EXPECT_EQ(std::filesystem::file_size(Path()), size);
  EXPECT_THAT(dropped_, IsEmpty());
  EXPECT_THAT(RocksDbStore::DropDamaged("/nowhere", [](StoredEvent&&) { return true; }).error(),
              HasSubstr("there is no log in it"));
}

TEST_F(DamagedWal, IsLeftAloneWhereWhatIsLostCanNotBeTold) {
  Flip(ends_[1] + 50);
  can_tell_ = false;
  EXPECT_THAT(Repair().error(), HasSubstr("nothing is dropped"));
  EXPECT_EQ(std::filesystem::file_size(Path()), ends_.back());
}

TEST_F(DamagedWal, IsLeftAloneWhereLaterOnesStandBehindIt) {
  Flip(ends_[1] + 50);
  std::filesystem::copy(Path(), folder_.path() + "/999999.log");
  const std::string first = WriteAheadLogs(folder_.path()).front();
  EXPECT_THAT(Repair().error(), HasSubstr("there are later ones"));
  EXPECT_EQ(std::filesystem::file_size(first), ends_.back());
}

TEST_F(DamagedWal, IsLeftAloneWhileAnotherProcessUsesIt) {
  Flip(ends_[1] + 50);
  // The lock is asked of other processes: a child of this one holds it.
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open((folder_.path() + "/LOCK").c_str(), O_RDWR);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    ::fcntl(file, F_SETLK, &lock);
    ::kill(::getpid(), SIGSTOP);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, WUNTRACED);
  EXPECT_THAT(Repair().error(), HasSubstr("process " + std::to_string(child) + " is using"));
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
}

}  // namespace
}  // namespace monitor
