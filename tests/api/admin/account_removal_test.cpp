// The end of an account.
#include <gmock/gmock.h>

#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kRemove = "/admin/accounts/demo?confirm=demo";

class AccountRemovalTest : public AdminTest {
 protected:
  std::size_t Erased() {
    const EventStore& store = folder_.store();
    std::size_t count = 0;
    const auto events = store.ReadLog({store.Origins().back().origin, 1}, {});
    for (const StoredEvent& event : events.value()) {
      count += event.type == "visitor-erased";
    }
    return count;
  }
};

TEST_F(AccountRemovalTest, IsToBeConfirmed) {
  EXPECT_EQ(Code(Do("DELETE", kRemove)), "404/6");
  PutDemo();
  for (const char* query : {"", "?confirm=", "?confirm=other", "?confirm=demo&confirm=demo", "?confirmed=demo"}) {
    EXPECT_EQ(Code(Do("DELETE", std::string("/admin/accounts/demo") + query)), "400/5") << query;
  }
  EXPECT_EQ(Do("GET", "/admin/accounts/demo").status, 200);
}

TEST_F(AccountRemovalTest, ErasesTheVisitorsAndWhoeverGetsTheIdBeginsAnew) {
  PutDemo();
  Do("PUT", "/admin/accounts/demo", SampleDocument("demo", "second"));
  Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})");
  ASSERT_EQ(Do("PUT", "/admin/accounts/demo2", SampleDocument("demo2")).status, 201);
  for (int i = 0; i < 70; ++i) Visit("v" + std::to_string(i));
  EXPECT_EQ(Do("DELETE", kRemove).body, "{}");
  for (const char* path : {"", "/revisions", "/visitors/v1"}) {
    EXPECT_EQ(Code(Do("GET", std::string("/admin/accounts/demo") + path)), "404/6") << path;
  }
  EXPECT_EQ(Code(Do("DELETE", kRemove)), "404/6");
  EXPECT_THAT(Do("GET", "/admin/accounts").body, Not(HasSubstr("\"demo\"")));

  // Waits until all are erased.
  EXPECT_EQ(Do("PUT", "/admin/accounts/demo", SampleDocument("demo")).status, 201);
  EXPECT_EQ(Erased(), 70u);
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/visitors/v1")), "404/12");
  EXPECT_EQ(accounts_.Find(AccountId("demo"))->StateOfSkill(3), SkillState::kOnline);
  EXPECT_THAT(Do("GET", "/admin/accounts/demo/revisions").body, Not(HasSubstr("},{")));
  Visit("v1");
  EXPECT_EQ(Do("GET", "/admin/accounts/demo/visitors/v1").status, 200);
  EXPECT_EQ(Do("GET", "/admin/accounts/demo2").status, 200);
  EXPECT_THAT(Do("GET", "/admin/audit").body, HasSubstr("remove-account"));
}

TEST_F(AccountRemovalTest, GoesOnAfterARestart) {
  PutDemo();
  Visit("v1");
  ASSERT_EQ(accounts_.Remove(AccountId("demo")), AccountChange::kDone);  // and nobody is woken
  ASSERT_EQ(Erased(), 0u);
  Accounts anew(folder_.store());
  ASSERT_TRUE(anew.Start(""));
  EXPECT_EQ(anew.Find(AccountId("demo")), nullptr);
  EXPECT_EQ(anew.Ending(), std::vector{AccountId("demo")});
  {
    AccountEnds ends(anew, visits_, std::chrono::milliseconds(0));
    EXPECT_TRUE(anew.Put({AccountId("demo"), SampleDocument("demo"), "admin", std::nullopt})->created);
  }
  EXPECT_EQ(Erased(), 1u);
  EXPECT_TRUE(anew.Ending().empty());
}

// Its file is still there.
TEST_F(AccountRemovalTest, ItsFileDoesNotBringItBackUntilItChanges) {
  const AccountId demo("demo");
  folder_.WriteAccountFile("demo.json", SampleDocument("demo"));
  {
    Accounts first(folder_.store());
    ASSERT_TRUE(first.Start(folder_.accounts()));
    ASSERT_EQ(first.Remove(demo), AccountChange::kDone);
    ASSERT_TRUE(first.Ended(demo));
  }
  {
    Accounts second(folder_.store());
    ASSERT_TRUE(second.Start(folder_.accounts()));
    EXPECT_EQ(second.Find(demo), nullptr);
  }
  folder_.WriteAccountFile("demo.json", SampleDocument("demo", "second"));
  Accounts third(folder_.store());
  ASSERT_TRUE(third.Start(folder_.accounts()));
  EXPECT_NE(third.Find(demo), nullptr);
}

}  // namespace
}  // namespace monitor
