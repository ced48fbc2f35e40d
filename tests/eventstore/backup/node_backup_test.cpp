#include "eventstore/backup/node_backup.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "eventstore/backup/file.h"
#include "eventstore/backup/key_copy.h"
#include "eventstore/random.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;
using Code = BackupFailure::Code;

class NodeBackupTest : public testing::Test {
 protected:
  void Append(const std::string& visitor, const std::string& key) {
    AppendRequest request = RequestOf(visitor, 0, 2);
    request.states.push_back({StateTable::kVisitorKey, "demo/" + visitor, key});
    ASSERT_TRUE(store_->Append(std::move(request)));
  }
  std::expected<Backup, BackupFailure> Make() { return backup_.Make({.folder = backups_, .keys = keys_}); }
  std::map<std::string, std::string> Keys() const {
    std::map<std::string, std::string> keys;
    const auto read = ReadKeyCopy(keys_, [&](std::string_view visitor, std::string_view key) {
      keys.emplace(visitor, key);
      return std::expected<void, std::string>();
    });
    EXPECT_TRUE(read) << read.error();
    return keys;
  }
  static bool Holds(const std::string& folder, const std::string& bytes) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      if (std::string(std::istreambuf_iterator<char>(file), {}).contains(bytes)) return true;
    }
    return false;
  }

  TemporaryFolder folder_;
  const std::string store_path_ = folder_.path() + "/store", backups_ = folder_.path() + "/backups",
                    keys_ = folder_.path() + "/keys";
  std::unique_ptr<RocksDbStore> store_ = OpenStore(OptionsFor(store_path_));
  NodeBackup backup_{*store_};
};

TEST_F(NodeBackupTest, ABackupIsTheLogAtItsPositionWithoutKeys) {
  Append("v1", "the-key-of-v1");
  const auto made = Make();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->id, 1u);
  EXPECT_GT(made->bytes, 0u);
  EXPECT_EQ(made->position, (LogPosition{store_->Origins().back().origin, 2}));
  EXPECT_EQ(ReadAll(*store_).size(), 2u) << "the store goes on";

  const std::string copy = folder_.path() + "/copy";
  ASSERT_TRUE(CopyBackup(backups_, 1, copy));
  const auto restored = RocksDbStore::OpenReadOnly(copy);
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_EQ((*restored)->Verify({}), 2u);
  EXPECT_EQ((*restored)->ReadState(StateTable::kVisitorKey, "demo/v1"), std::nullopt);
}

TEST_F(NodeBackupTest, NoFileOfABackupHoldsAKey) {
  Append("v1", "the-key-of-v1");
  ASSERT_TRUE(Make());            // flushed to a table of the store's own
  Append("v2", "the-key-of-v2");  // only in its write-ahead log until then
  ASSERT_TRUE(Make());
  for (const char* key : {"the-key-of-v1", "the-key-of-v2"}) {
    EXPECT_TRUE(Holds(keys_, key));
    EXPECT_FALSE(Holds(backups_, key));
  }
  EXPECT_FALSE(fs::exists(store_path_ + ".backup"));
}

TEST_F(NodeBackupTest, TheCopyOfTheKeysIsTheirNewestState) {
  Append("v1", "one");
  Append("v2", "two");
  ASSERT_TRUE(Make());
  EXPECT_EQ(Keys(), (std::map<std::string, std::string>{{"demo/v1", "one"}, {"demo/v2", "two"}}));
  ASSERT_TRUE(store_->Append({.states = {{StateTable::kVisitorKey, "demo/v1", std::nullopt}}}));
  ASSERT_TRUE(Make());
  EXPECT_EQ(Keys(), (std::map<std::string, std::string>{{"demo/v2", "two"}}));
  EXPECT_FALSE(Holds(keys_, "one"));
  EXPECT_EQ(std::distance(fs::directory_iterator(keys_), fs::directory_iterator()), 1);
}

TEST_F(NodeBackupTest, ADamagedCopyOfTheKeysIsNotUsed) {
  Append("v1", "one");
  ASSERT_TRUE(Make());
  const std::string path = keys_ + "/visitor.keys";
  const auto size = fs::file_size(path);
  for (std::uintmax_t i = 0; i < size; ++i) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(i));
    const char was = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(i)).put(static_cast<char>(was ^ 0x10)).flush();
    int used = 0;
    EXPECT_FALSE(ReadKeyCopy(keys_, [&](auto, auto) -> std::expected<void, std::string> {
      return ++used, std::expected<void, std::string>();
    })) << i;
    EXPECT_EQ(used, 0) << i;
    file.seekp(static_cast<std::streamoff>(i)).put(was);
  }
  fs::resize_file(path, size - 1);
  EXPECT_FALSE(ReadKeyCopy(keys_, {}));
}

TEST_F(NodeBackupTest, TablesThatABackupHasAreNotCopiedAgain) {
  for (int i = 0; i < 50; ++i) Append("v" + std::to_string(i), "key");
  ASSERT_TRUE(Make());
  const auto files = [&] {
    std::map<std::string, fs::file_time_type> times;
    for (const auto& file : fs::directory_iterator(backups_ + "/shared_checksum")) {
      times[file.path().filename()] = file.last_write_time();
    }
    return times;
  };
  const auto before = files();
  ASSERT_FALSE(before.empty());
  Append("another", "key");
  ASSERT_TRUE(Make());
  auto after = files();
  for (const auto& [name, time] : before) EXPECT_EQ(after[name], time) << name;
}

TEST_F(NodeBackupTest, OldOnesArePrunedAndTheNewestStayWhole) {
  for (int i = 0; i < 3; ++i) {
    Append("v" + std::to_string(i), "key");
    ASSERT_TRUE(Make());
  }
  EXPECT_EQ(PruneBackups(backups_, 2), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(PruneBackups(backups_, 5), std::vector<std::uint32_t>());
  const auto left = ListBackups(backups_);
  ASSERT_TRUE(left);
  ASSERT_EQ(left->whole.size(), 2u);
  EXPECT_EQ(left->whole[0].position.seq, 4u);
  EXPECT_EQ(left->whole[1].position.seq, 6u);
  for (const Backup& backup : left->whole) EXPECT_TRUE(VerifyBackup(backups_, backup.id));
}

TEST_F(NodeBackupTest, AFlippedBitIsFound) {
  Append("v1", "key");
  ASSERT_TRUE(Make());
  ASSERT_TRUE(VerifyBackup(backups_, 1));
  const auto table = fs::directory_iterator(backups_ + "/shared_checksum")->path();
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(20);
  const char was = static_cast<char>(file.get());
  file.seekp(20).put(static_cast<char>(was ^ 1)).flush();
  const auto verified = VerifyBackup(backups_, 1);
  ASSERT_FALSE(verified);
  EXPECT_THAT(verified.error(), HasSubstr("damaged"));
  EXPECT_FALSE(CopyBackup(backups_, 1, folder_.path() + "/copy"));
}

TEST_F(NodeBackupTest, KeysInTheBackupsFolderAreRefusedHoweverTheyAreWritten) {
  fs::create_directories(backups_ + "/inner");
  fs::create_directory_symlink(backups_ + "/inner", folder_.path() + "/link");
  fs::create_directory_symlink(backups_ + "/not-there", folder_.path() + "/dangling");
  for (const std::string& keys :
       {backups_, backups_ + "/", backups_ + "/keys", backups_ + "/inner/../keys/",
        folder_.path() + "/other/../backups/keys", folder_.path() + "/link", folder_.path() + "/link/deeper",
        folder_.path() + "/dangling", std::string("keys"), std::string()}) {
    const auto made = backup_.Make({.folder = backups_, .keys = keys});
    ASSERT_FALSE(made) << keys;
    EXPECT_EQ(made.error().code, Code::kInvalid) << keys;
    EXPECT_THAT(made.error().message, StartsWith("keys: "));
  }
  EXPECT_FALSE(fs::exists(backups_ + "/keys"));
  EXPECT_EQ(backup_.Make({.folder = "backups", .keys = keys_}).error().code, Code::kInvalid);
  EXPECT_EQ(backup_.Make({.folder = store_path_ + "/backups", .keys = keys_}).error().code, Code::kInvalid);
  EXPECT_TRUE(backup_.Make({.folder = backups_, .keys = backups_ + "-keys"})) << "beside it is not in it";
}

TEST_F(NodeBackupTest, WhatCanNotBeMadeAFolderIsRefused) {
  std::ofstream(folder_.path() + "/file") << "x";
  const auto made = backup_.Make({.folder = folder_.path() + "/file", .keys = keys_});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kInvalid);
  EXPECT_THAT(made.error().message, StartsWith("dir: "));
}

TEST_F(NodeBackupTest, OneThatIsStoppedDoesNotCountAndIsClearedAway) {
  ASSERT_TRUE(store_->Append(RequestOf("v1", 0, 2, R"({"x":")" + RandomHex(4 << 20) + R"("})")));
  for (const int looks : {0, 1}) {
    int asked = 0;
    const auto stopped = backup_.Make({.folder = backups_, .keys = keys_, .go_on = [&] { return asked++ < looks; }});
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Code::kFailed);
    EXPECT_EQ(asked > looks, true);
    EXPECT_FALSE(ListBackups(backups_));
    EXPECT_FALSE(fs::exists(store_path_ + ".backup"));
  }
  ASSERT_TRUE(Make());
  EXPECT_EQ(ListBackups(backups_)->whole.size(), 1u);
}

TEST_F(NodeBackupTest, OneIsMadeAtATime) {
  Append("v1", "key");
  std::expected<Backup, BackupFailure> other;
  const auto first = backup_.Make({.folder = backups_, .keys = keys_, .go_on = [&] {
                                     std::thread([&] { other = Make(); }).join();
                                     return true;
                                   }});
  EXPECT_TRUE(first);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kBusy);
}

TEST_F(NodeBackupTest, WhatAnInterruptedOneLeftIsRemoved) {
  fs::create_directory(store_path_ + ".backup");
  std::ofstream(store_path_ + ".backup/000001.sst") << "keys";
  NodeBackup::RemoveDraft(store_path_);
  EXPECT_FALSE(fs::exists(store_path_ + ".backup"));
}

TEST_F(NodeBackupTest, AFolderThatSomebodyElseChangesIsLeftAlone) {
  Append("v1", "key");
  ASSERT_TRUE(Make());
  {
    const FolderLock other(backups_);
    ASSERT_TRUE(other.held());
    const auto meanwhile = Make();
    ASSERT_FALSE(meanwhile);
    EXPECT_THAT(meanwhile.error().message, HasSubstr("somebody else is changing it"));
    EXPECT_FALSE(PruneBackups(backups_, 1));
  }
  EXPECT_EQ(ListBackups(backups_)->whole.size(), 1u);
  EXPECT_TRUE(Make());
}

}  // namespace
}  // namespace monitor
