#include "eventstore/log/wal_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "eventstore/log/crc32c.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

// A store of eleven requests, the last of them larger than a block, and its write-ahead log.
class WriteAheadLog : public ::testing::Test {
 protected:
  void SetUp() override {
    {
      auto store = OpenStore(OptionsFor(folder.path()));
      for (int i = 0; i < 10; ++i) ASSERT_TRUE(store->Append(RequestOf("v" + std::to_string(i), 0, 3)));
      before_last = Size(Path());
      ASSERT_TRUE(store->Append(RequestOf("last", 0, 50, std::string(1'500, 'x'))));
    }
    std::ifstream file(Path(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
    ASSERT_GT(bytes.size(), before_last + 65'536);
  }

  std::string Path() const {
    std::string newest;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().extension() == ".log") newest = std::max(newest, entry.path().string());
    }
    return newest;
  }
  static std::size_t Size(const std::string& path) { return std::filesystem::file_size(path); }
  void Write(const std::string& changed) { std::ofstream(Path(), std::ios::binary) << changed; }
  std::string Flipped(std::size_t at, int bit) const {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
    return changed;
  }

  TemporaryFolder folder;
  std::string bytes;
  std::size_t before_last = 0;
};

TEST_F(WriteAheadLog, IsSoundAsWritten) { EXPECT_TRUE(CheckWriteAheadLog(bytes)); }

TEST_F(WriteAheadLog, CutAnywhereIsATornTail) {
  for (std::size_t size = 0; size < bytes.size(); size += size < before_last + 200 ? 1 : 97) {
    EXPECT_TRUE(CheckWriteAheadLog(bytes.substr(0, size))) << size;
  }
}

TEST_F(WriteAheadLog, WithAFlippedBitIsDamagedWhereverItIs) {
  std::mt19937 random(1);
  for (std::size_t at = 0; at < bytes.size(); at += at < before_last + 200 ? 11 : 1'009) {
    EXPECT_FALSE(CheckWriteAheadLog(Flipped(at, static_cast<int>(random() % 8)))) << at;
  }
}

TEST_F(WriteAheadLog, WithALostPageInItsLastRecordIsATornTail) {
  std::string changed = bytes;
  std::size_t page = (before_last / 4'096 + 2) * 4'096;
  std::fill_n(changed.begin() + static_cast<std::ptrdiff_t>(page), 4'096, '\0');
  EXPECT_TRUE(CheckWriteAheadLog(changed));
}

// What a power loss leaves of what was written last: any sectors of it, each whole or as it was before.
TEST_F(WriteAheadLog, WithAnySectorsOfItsLastRecordLostIsATornTail) {
  const std::size_t first = before_last / 512, last = (bytes.size() - 1) / 512;
  for (std::size_t sector = first; sector <= last; sector += sector < first + 2 || sector + 13 > last ? 1 : 13) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(std::max(before_last, sector * 512));
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), (sector + 1) * 512));
    std::string one = bytes, all = bytes;
    std::fill(one.begin() + (begin - bytes.begin()), one.begin() + (end - bytes.begin()), '\0');
    std::fill(all.begin() + (begin - bytes.begin()), all.end(), '\0');
    EXPECT_TRUE(CheckWriteAheadLog(one)) << "sector " << sector;
    EXPECT_TRUE(CheckWriteAheadLog(all)) << "from sector " << sector << " on";
  }
}

// A page that was written back between two pieces of a large record, and not again.
TEST_F(WriteAheadLog, WithASectorThatEndsEarlyInItsLastRecordIsATornTail) {
  const std::size_t sector = (before_last / 512 + 2) * 512;
  for (std::size_t kept : {0, 1, 300, 512 - 16}) {
    std::string changed = bytes;
    std::fill(changed.begin() + static_cast<std::ptrdiff_t>(sector + kept),
              changed.begin() + static_cast<std::ptrdiff_t>(sector + 512), '\0');
    EXPECT_TRUE(CheckWriteAheadLog(changed)) << kept;
  }
}

// One record of the log as RocksDB writes it.
std::string RecordOf(std::size_t size) {
  const std::string payload = '\1' + std::string(size - 7, 'x');  // its type first
  const std::uint32_t crc = Crc32c(payload), masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  std::string record(6, '\0');
  for (std::size_t i = 0; i < 4; ++i) record[i] = static_cast<char>(masked >> (8 * i));
  for (std::size_t i = 0; i < 2; ++i) record[4 + i] = static_cast<char>((size - 7) >> (8 * i));
  return record + payload;
}

TEST(WriteAheadLogOfOneRecord, WithALostSectorOfWhichItHasAFewBytesIsATornTail) {
  for (std::size_t few = 1; few <= 20; ++few) {
    std::string last = RecordOf(1'024 + few);
    ASSERT_TRUE(CheckWriteAheadLog(last));
    std::fill(last.end() - static_cast<std::ptrdiff_t>(few), last.end(), '\0');
    EXPECT_TRUE(CheckWriteAheadLog(last)) << few << " bytes in its last sector";

    const std::string before = RecordOf(512 - few);
    std::string first = before + RecordOf(1'024);
    ASSERT_TRUE(CheckWriteAheadLog(first));
    std::fill_n(first.begin() + static_cast<std::ptrdiff_t>(before.size()), few, '\0');
    EXPECT_TRUE(CheckWriteAheadLog(first)) << few << " bytes in its first sector";
  }
}

TEST_F(WriteAheadLog, WithALostPageBeforeItsLastRecordIsDamaged) {
  std::string changed = bytes;
  std::fill_n(changed.begin() + 512, 1'024, '\0');
  EXPECT_FALSE(CheckWriteAheadLog(changed));
}

TEST_F(WriteAheadLog, CutOpensWithAPrefix) {
  for (std::size_t size : {bytes.size() - 1, bytes.size() - 40'000, before_last + 3, before_last, before_last - 5}) {
    Write(bytes.substr(0, size));
    auto store = OpenStore(OptionsFor(folder.path()));
    ASSERT_TRUE(store);
    EXPECT_EQ(store->Verify(nullptr), size < before_last ? 27u : 30u) << size;
    EXPECT_EQ(store->Statistics().last_seq, size < before_last ? 27u : 30u);
    if (size < before_last) break;
    store.reset();
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      std::filesystem::remove_all(entry.path());
    }
    SetUp();
  }
}

TEST_F(WriteAheadLog, WithAFlippedBitRefusesToOpenAndSaysWhere) {
  Write(Flipped(before_last / 2, 3));
  auto refused = RocksDbStore::Open(OptionsFor(folder.path()));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find(".log is damaged at byte "), std::string::npos) << refused.error();
  EXPECT_FALSE(RocksDbStore::OpenReadOnly(folder.path()));
  Write(bytes);
  EXPECT_TRUE(RocksDbStore::Open(OptionsFor(folder.path())));
}

}  // namespace
}  // namespace monitor
