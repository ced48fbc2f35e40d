#include "eventstore/keys/visitor_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <string>

#include "eventstore/log/keys.h"
#include "eventstore/random.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

class Secrets : public ::testing::Test {
 protected:
  std::string file() const { return folder.path() + "/master.key"; }
  MasterKey Master() {
    auto key = MasterKey::Load(file(), true);
    EXPECT_TRUE(key) << key.error();
    return std::move(*key);
  }
  TemporaryFolder folder;
};

TEST_F(Secrets, MasterKeyIsMadeOnceAndOnlyForItsOwner) {
  IdentityHash before = Master().HashIdentity("https://id", "42");
  struct stat status = {};
  ASSERT_EQ(stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(Master().HashIdentity("https://id", "42"), before);
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++files;
  EXPECT_EQ(files, 1);
}

TEST_F(Secrets, MasterKeyIsRefusedWhenOthersMayReadIt) {
  Master();
  for (mode_t mode : {0640u, 0604u, 0660u}) {
    chmod(file().c_str(), mode);
    auto refused = MasterKey::Load(file(), true);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().find("chmod 600"), std::string::npos);
  }
}

TEST_F(Secrets, MasterKeyIsRefusedWhenMissingOrMalformed) {
  EXPECT_FALSE(MasterKey::Load(file(), false));
  for (std::string text : {std::string(), std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'g')}) {
    std::ofstream(file()) << text;
    chmod(file().c_str(), 0600);
    EXPECT_FALSE(MasterKey::Load(file(), true)) << text;
  }
}

class KeyOfAStore : public Secrets {
 protected:
  void SetUp() override { Open(); }
  void Open() { store = OpenStore(OptionsFor(folder.path() + "/store")); }
  // As a program of before would: without a word of the key.
  void AppendWithoutKey() { ASSERT_TRUE(store->Append(RequestOf("a", 0))); }
  void Restart() {
    store.reset();
    Open();
  }
  std::string Refusal() {
    auto key = MasterKey::LoadFor(*store, file());
    EXPECT_FALSE(key);
    return key ? "" : key.error();
  }
  void LoseKey() { std::filesystem::rename(file(), file() + ".lost"); }

  std::unique_ptr<RocksDbStore> store;
};

TEST_F(KeyOfAStore, IsMadeForAnEmptyOneAndWantedEverAfter) {
  auto key = MasterKey::LoadFor(*store, file());
  ASSERT_TRUE(key) << key.error();
  Restart();
  auto again = MasterKey::LoadFor(*store, file());
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->CheckValue(), key->CheckValue());

  LoseKey();
  EXPECT_EQ(Refusal(), "the master key " + file() + " is missing, but there is data that needs it; put it back");
  EXPECT_FALSE(std::filesystem::exists(file())) << "a new one hides that the old one is lost";
  Master();
  EXPECT_EQ(Refusal(),
            "the master key " + file() + " is another one than the data was written with; put that one back");
  std::filesystem::rename(file() + ".lost", file());
  EXPECT_TRUE(MasterKey::LoadFor(*store, file()));
}

TEST_F(KeyOfAStore, OfBeforeIsTheOneThatIsThere) {
  AppendWithoutKey();
  EXPECT_NE(Refusal().find("is missing"), std::string::npos);
  Master();
  ASSERT_TRUE(MasterKey::LoadFor(*store, file()));
  Restart();
  LoseKey();
  Master();
  EXPECT_NE(Refusal().find("is another one"), std::string::npos);
}

TEST_F(KeyOfAStore, OfBeforeIsNotOneThatOpensNothing) {
  AppendRequest request = RequestOf("a", 0);
  request.states = {{StateTable::kVisitorKey, "demo/a", VisitorKey::Generate().Wrap(Master())}};
  ASSERT_TRUE(store->Append(std::move(request)));
  const std::string right = file() + ".right";
  std::filesystem::rename(file(), right);
  Master();
  EXPECT_NE(Refusal().find("is another one"), std::string::npos);
  std::filesystem::rename(right, file());
  EXPECT_TRUE(MasterKey::LoadFor(*store, file()));
}

TEST_F(KeyOfAStore, IsComparedByWhoOnlyLooksButNeitherMadeNorRemembered) {
  AppendWithoutKey();
  Master();
  store.reset();
  store = *RocksDbStore::OpenReadOnly(folder.path() + "/store");
  ASSERT_TRUE(MasterKey::LoadFor(*store, file()));
  Restart();
  EXPECT_EQ(*store->ReadState(StateTable::kMeta, kMasterKeyCheckKey), std::nullopt);
  ASSERT_TRUE(MasterKey::LoadFor(*store, file()));
  LoseKey();
  store.reset();
  store = *RocksDbStore::OpenReadOnly(folder.path() + "/store");
  EXPECT_NE(Refusal().find("is missing"), std::string::npos);
  Master();
  EXPECT_NE(Refusal().find("is another one"), std::string::npos);
}

TEST_F(Secrets, IdentitiesHashTheSameOnlyIfBothPartsAreTheSame) {
  MasterKey master = Master();
  EXPECT_EQ(master.HashIdentity("", "a").str().size(), 64u);
  EXPECT_EQ(master.HashIdentity("i", "s"), master.HashIdentity("i", "s"));
  EXPECT_NE(master.HashIdentity("ab", "c"), master.HashIdentity("a", "bc"));
  EXPECT_NE(master.HashIdentity("", "abc"), master.HashIdentity("abc", ""));
}

TEST_F(Secrets, VisitorKeySurvivesWrapping) {
  MasterKey master = Master();
  VisitorKey key = VisitorKey::Generate();
  std::string sealed = key.Seal("Jane \xC3\x9F");
  auto unwrapped = VisitorKey::Unwrap(master, key.Wrap(master));
  ASSERT_TRUE(unwrapped);
  EXPECT_EQ(unwrapped->Open(sealed), "Jane \xC3\x9F");
  EXPECT_EQ(key.Open(key.Seal("")), "");
}

TEST_F(Secrets, VisitorKeyOfAnotherMasterIsNotUnwrapped) {
  std::string wrapped = VisitorKey::Generate().Wrap(Master());
  auto other = MasterKey::Load(folder.path() + "/other.key", true);
  EXPECT_FALSE(VisitorKey::Unwrap(*other, wrapped));
  wrapped[30] = static_cast<char>(wrapped[30] ^ 1);
  EXPECT_FALSE(VisitorKey::Unwrap(Master(), wrapped));
  EXPECT_FALSE(VisitorKey::Unwrap(Master(), ""));
}

TEST_F(Secrets, WhatWasChangedOrSealedByAnotherIsNotOpened) {
  VisitorKey key = VisitorKey::Generate();
  std::string sealed = key.Seal("secret");
  EXPECT_NE(sealed, key.Seal("secret"));
  EXPECT_FALSE(VisitorKey::Generate().Open(sealed));
  std::string changed = sealed;
  changed[40] = changed[40] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(key.Open(changed));
  for (const char* wrong : {"", "!", "QUJD", "QUJ"}) EXPECT_FALSE(key.Open(wrong)) << wrong;
}

TEST(Ids, OfVisitorsShowTheirBucket) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    VisitorId id = GenerateVisitorId(AccountId("demo"));
    ASSERT_EQ(id.str().size(), 32u);
    EXPECT_TRUE(IsWellFormedVisitorId(id.str()));
    Bucket bucket = BucketOf(PartitionKey(AccountId("demo"), id));
    EXPECT_EQ(id.str().substr(0, 2), Hex(std::string(1, static_cast<char>(bucket))));
    seen.insert(id.str());
  }
  EXPECT_EQ(seen.size(), 200u);
}

TEST(Ids, OfSessionsAndPagesHaveTheirForm) {
  std::set<std::string> sessions, pages;
  for (int i = 0; i < 200; ++i) {
    SessionId session = GenerateSessionId();
    EXPECT_EQ(session.str().size(), 32u);
    sessions.insert(session.str());
    PageId page = GeneratePageId();
    EXPECT_EQ(page.str().size(), 10u);
    EXPECT_NE(page.str().front(), '0');
    EXPECT_EQ(page.str().find_first_not_of("0123456789"), std::string::npos);
    pages.insert(page.str());
  }
  EXPECT_EQ(sessions.size(), 200u);
  EXPECT_GT(pages.size(), 195u);
}

}  // namespace
}  // namespace monitor
