#include "api/visits/restored_visitors.h"

#include <gmock/gmock.h>

#include "api/visits/visitor_records.h"
#include "eventstore/backup/key_copy.h"
#include "eventstore/backup/restored_log.h"
#include "eventstore/log/restored_rows.h"
#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

class RestoredVisitorsTest : public AdminTest {
 protected:
  void SetUp() override { PutDemo(); }

  // A request of somebody who presents an identity.
  void Present(const std::string& visitor, const std::string& sub, const std::string& acr = "loa1") {
    VisitCall call = RequestOf(visitor);
    call.request.identities.push_back({"iss", sub, acr, master_key_.HashIdentity("iss", sub)});
    ASSERT_TRUE(Decided(visits_.commands, std::move(call)));
  }
  void Start(const std::string& conversation, const std::string& visitor) {
    ASSERT_EQ(
        Do("PUT", "/admin/accounts/demo/conversations/" + conversation, R"({"visitorId":")" + visitor + R"("})").status,
        200);
  }
  void MakeBackup() { ASSERT_TRUE(backup_.Make({.folder = folder_.path() + "/b", .keys = folder_.path() + "/k"})); }
  void CopyKeysAgain() { ASSERT_TRUE(CopyKeys(folder_.store(), folder_.path() + "/k")); }
  // From the backup and the node's events, as the topic has them.
  std::unique_ptr<RocksDbStore> Restored() {
    const std::string path = folder_.path() + "/restored";
    EXPECT_TRUE(CopyBackup(folder_.path() + "/b", 1, path));
    auto log = RestoredLog::Open(path, *ReadKeyCopy(folder_.path() + "/k", {}));
    EXPECT_TRUE(log) << log.error();
    for (const StoredEvent& event : ReadAll(folder_.store())) EXPECT_TRUE((*log)->Take(event));
    EXPECT_TRUE((*log)->FinishEvents());
    EXPECT_TRUE(ReadKeyCopy(folder_.path() + "/k", [&](std::string_view visitor, std::string_view key) {
      EXPECT_TRUE((*log)->PutKey(visitor, key));
      return std::expected<void, std::string>();
    }));
    EXPECT_TRUE((*log)->BeginEpoch(true));
    log->reset();
    return OpenStore(OptionsFor(path));
  }
  static Rows Visitors(const EventStore& store) { return *store.ReadStates(StateTable::kVisitor, "", 1'000, ""); }
};

TEST_F(RestoredVisitorsTest, AreWhatTheyWereOnTheNodeThatWasLost) {
  Visit("v1");
  Present("v2", "ann");
  Start("c1", "v1");
  Present("v3", "gone");
  MakeBackup();
  const Rows before = Visitors(folder_.store());
  Visit("v1");
  Present("v2", "bob");
  Present("v4", "ann");
  Present("v5", "weak", "0");
  ASSERT_EQ(Do("DELETE", "/admin/accounts/demo/conversations/c1").status, 200);
  Start("c2", "v4");
  ASSERT_EQ(Do("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", R"({"score":"7"})").status, 200);
  ASSERT_EQ(Do("DELETE", "/admin/accounts/demo/visitors/v3").status, 200);
  Present("v5", "weak", "0");
  CopyKeysAgain();

  const auto store = Restored();
  ASSERT_NE(Visitors(folder_.store()), before);
  const auto folded = FoldRestored(*store, master_key_);
  ASSERT_TRUE(folded) << folded.error();
  EXPECT_GT(*folded, 0u);
  EXPECT_EQ(Visitors(*store), Visitors(folder_.store()));
  EXPECT_TRUE(store->ReadStates(StateTable::kSession, "demo/v3/", 10, "")->empty());
  EXPECT_EQ(FoldRestored(*store, master_key_), 0u) << "once";
}

TEST_F(RestoredVisitorsTest, OfWhomNoKeyIsLeftItIsKnownWhoTheyAre) {
  MakeBackup();
  Present("v1", "ann");
  const auto store = Restored();
  ASSERT_TRUE(FoldRestored(*store, master_key_));
  const VisitorRecords records(*store);
  EXPECT_EQ(records.VisitorsOfIdentity(AccountId("demo"), master_key_.HashIdentity("iss", "ann")),
            std::vector<VisitorId>{VisitorId("v1")});
  EXPECT_EQ(records.ReadVisitor(AccountId("demo"), VisitorId("v1"))->sessions, 1u);
}

TEST_F(RestoredVisitorsTest, WhoWasErasedElsewhereIsForgotten) {
  Present("v1", "ann");
  Visit("v2");
  const std::vector<StateWrite> rows = {
      {StateTable::kMeta, kRestoredKey,
       EncodeRestoredRows({{folder_.store().Origins().back().origin, 1'000}, {"demo/v1", "demo/unknown"}})}};
  ASSERT_TRUE(folder_.store().Append({.states = rows}));
  ASSERT_TRUE(FoldRestored(folder_.store(), master_key_));
  const VisitorRecords records(folder_.store());
  EXPECT_EQ(records.ReadVisitor(AccountId("demo"), VisitorId("v1"))->sessions, 0u);
  EXPECT_EQ(records.VisitorsOfIdentity(AccountId("demo"), master_key_.HashIdentity("iss", "ann")),
            std::vector<VisitorId>());
  EXPECT_EQ(records.ReadVisitor(AccountId("demo"), VisitorId("v2"))->sessions, 1u);
}

}  // namespace
}  // namespace monitor
