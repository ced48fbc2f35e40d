// A bit flipped in any table of any family, long after it was written: the log is not opened, and Verify says where.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "eventstore/random.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

constexpr int kPlacesPerTable = 12;

class DamagedTable : public ::testing::Test {
 protected:
  // More events than are read again at open, and something in every family; all of it in tables.
  void SetUp() override {
    auto store = OpenStore(OptionsFor(folder.path()));
    ASSERT_TRUE(store);
    for (int i = 0; i < 100; ++i) {
      AppendRequest request = RequestOf("v" + std::to_string(i), 0, 50);
      request.states = {{StateTable::kVisitor, request.key, "{}"},
                        {StateTable::kAccount, "demo", "{}"},
                        {StateTable::kVisitorKey, request.key, RandomHex(72)}};
      ASSERT_TRUE(store->Append(std::move(request)));
    }
    store->SaveRelayedSeq(store->Origins().back().origin, 17);
    store.reset();
    ASSERT_TRUE(OpenStore(OptionsFor(folder.path())));  // what the write-ahead log holds goes to tables
  }

  std::vector<std::filesystem::path> Tables() const {
    std::vector<std::filesystem::path> tables;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().extension() == ".sst") tables.push_back(entry.path());
    }
    return tables;
  }

  // Again restores it.
  static void FlipBit(const std::filesystem::path& file, std::uint64_t at) {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(static_cast<std::streamoff>(at));
    const int byte = bytes.get();
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.put(static_cast<char>(byte ^ 4));
  }

  std::string ComplaintAtOpen() const {
    auto store = RocksDbStore::Open(OptionsFor(folder.path()));
    return store ? "" : store.error();
  }

  std::string ComplaintOfVerify() const {
    auto store = RocksDbStore::OpenReadOnly(folder.path());
    if (!store) return store.error();
    auto verified = (*store)->Verify(nullptr);
    return verified ? "" : verified.error();
  }

  TemporaryFolder folder;
};

TEST_F(DamagedTable, IsRefusedWhereverTheBitIs) {
  EXPECT_EQ(ComplaintOfVerify(), "");
  const auto tables = Tables();
  EXPECT_GE(tables.size(), 7u) << "one a family";
  for (const auto& table : tables) {
    const std::uint64_t size = std::filesystem::file_size(table);
    for (int place = 0; place < kPlacesPerTable; ++place) {
      const std::uint64_t at = (size - 1) * static_cast<std::uint64_t>(place) / (kPlacesPerTable - 1);
      FlipBit(table, at);
      EXPECT_NE(ComplaintAtOpen(), "") << table << " at " << at;
      EXPECT_NE(ComplaintOfVerify(), "") << table << " at " << at;
      FlipBit(table, at);
    }
  }
  EXPECT_EQ(ComplaintAtOpen(), "");
}

TEST_F(DamagedTable, OfTheLogIsNamedWithItsEvents) {
  bool named = false;
  for (const auto& table : Tables()) {
    FlipBit(table, 10);
    named |= ComplaintAtOpen().contains("of the family log, which holds events from ");
    FlipBit(table, 10);
  }
  EXPECT_TRUE(named);
}

TEST_F(DamagedTable, OfTheLogSaysHowFarItCanBeRead) {
  const auto tables = Tables();
  const auto log =
      std::ranges::max_element(tables, {}, [](const auto& table) { return std::filesystem::file_size(table); });
  const std::uint64_t middle = std::filesystem::file_size(*log) / 2;
  FlipBit(*log, middle);
  const std::string complaint = ComplaintAtOpen();
  const auto at = complaint.find("and can be read up to ");
  ASSERT_NE(at, std::string::npos) << complaint;
  const auto last = LogPosition::Parse(complaint.substr(at + 22, complaint.find(',', at) - at - 22));
  ASSERT_TRUE(last) << complaint;
  EXPECT_GT(last->seq, 500u);
  EXPECT_LT(last->seq, 4'500u);
}

TEST_F(DamagedTable, WithoutAFileCurrentIsNotTakenForAnEmptyFolder) {
  std::filesystem::remove(folder.path() + "/CURRENT");
  EXPECT_TRUE(ComplaintAtOpen().contains("CURRENT is missing")) << ComplaintAtOpen();
}

}  // namespace
}  // namespace monitor
