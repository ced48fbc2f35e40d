// What is done through the admin API is recorded: by whom, what, and what became of it.
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_http::Answer;

class AdminAuditTest : public AdminTest {
 protected:
  struct Page {
    std::vector<std::string> acts;  // "action target"
    std::vector<std::string> positions;
    std::string next;
  };

  Page Audit(const std::string& query = "") {
    const auto answer = json::Document::Parse(Do("GET", "/admin/audit" + query).body);
    Page page;
    for (const json::Value& one : answer->root().Find("actions")->items()) {
      const auto text = [&](const char* name) { return std::string(one.Find(name)->text()); };
      EXPECT_EQ(text("by"), "admin");
      EXPECT_EQ(text("outcome"), "done");
      EXPECT_TRUE(one.Find("at")->is_number());
      page.acts.push_back(text("action") + " " + text("target"));
      page.positions.push_back(text("position"));
    }
    if (const json::Value* next = answer->root().Find("next")) page.next = next->text();
    return page;
  }
};

TEST_F(AdminAuditTest, WhatChangesOrShowsSomethingIsRecordedTheNewestFirst) {
  EXPECT_THAT(Audit().acts, IsEmpty());
  PutDemo();
  const SessionId session = Visit("v1");
  Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})");
  Do("PUT", "/admin/accounts/demo/conversations/c1", R"({"visitorId":"v1"})");
  Do("DELETE", "/admin/accounts/demo/conversations/c1");
  Do("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", R"({"score":1})");
  Do("GET", "/admin/accounts/demo");
  Do("GET", "/admin/accounts/demo/visitors/v1");
  Do("GET", "/admin/accounts/demo/visitors/v1/sessions/" + session.str() + "/events");
  Do("DELETE", "/admin/accounts/demo/visitors/v1");
  EXPECT_THAT(Audit().acts,
              ElementsAre("erase-visitor visitors/v1", "show-session visitors/v1/sessions/" + session.str(),
                          "show-visitor visitors/v1", "show-account ", "set-abandon-score visitors/v1",
                          "end-conversation conversations/c1", "start-conversation conversations/c1",
                          "set-skill skills/3", "put-account "));
  const EventStore& store = folder_.store();
  const auto events = store.ReadStream(AccountStream(AccountId("demo"))).value();
  EXPECT_EQ(events.back().type, "admin-action-recorded");
  EXPECT_EQ(events.back().key, "demo/");
}

TEST_F(AdminAuditTest, WhatIsRefusedOrWasSoAlreadyOrShowsNoAccountIsNot) {
  PutDemo();
  Do("PUT", "/admin/accounts/demo/conversations/c1", R"({"visitorId":"v1"})");
  const auto before = Audit().acts;
  const std::string position = Do("GET", "/admin/position").body;
  Do("PUT", "/admin/accounts/demo", SampleDocument("demo"));
  Do("PUT", "/admin/accounts/demo", "nonsense");
  Do("PUT", "/admin/accounts/demo/conversations/c1", R"({"visitorId":"v1"})");
  Do("DELETE", "/admin/accounts/demo/conversations/unknown");
  Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"online"})");
  Do("DELETE", "/admin/accounts/demo/visitors/unknown");
  for (const char* path : {"/livez", "/readyz", "/metrics", "/admin/position", "/admin/log", "/admin/accounts",
                           "/admin/accounts/other", "/admin/accounts/demo/visitors/unknown", "/admin/audit"}) {
    Do("GET", path);
  }
  Do("POST", "/admin/accounts/demo/validate", SampleDocument("demo"));
  Do("POST", "/admin/accounts/demo/explain", R"({"appInstallationId":"web"})");
  EXPECT_EQ(Audit().acts, before);
  EXPECT_EQ(Do("GET", "/admin/position").body, position);
}

TEST_F(AdminAuditTest, WhatIsDoneToTheNodeItselfHasAStreamOfItsOwn) {
  for (int i = 0; i < 2; ++i) Do("POST", "/admin/drain");
  EXPECT_THAT(Audit().acts, ElementsAre("drain "));
  EXPECT_THAT(Do("GET", "/admin/audit").body, testing::Not(HasSubstr("accountId")));
  const EventStore& store = folder_.store();
  const auto events = store.ReadStream(StreamName("admin")).value();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].key, "/");
  EXPECT_EQ(events[0].data, R"({"accountId":"","by":"admin","action":"drain","target":"","outcome":"done"})");
  // And goes on after a start.
  Accounts anew(folder_.store());
  ASSERT_TRUE(anew.Start(""));
  ASSERT_TRUE(anew.Record(AccountId(), {"admin", "drain", "", "done"}));
  EXPECT_THAT(Audit().acts, ElementsAre("drain ", "drain "));
}

TEST_F(AdminAuditTest, IsReadPageByPageAndFromATimeOrPlaceOn) {
  PutDemo();
  for (int i = 0; i < 4; ++i) Do("GET", "/admin/accounts/demo");
  const Page all = Audit();
  ASSERT_EQ(all.acts.size(), 5u);
  EXPECT_EQ(all.next, "");
  std::vector<std::string> positions;
  std::string next;
  for (std::size_t size : {2u, 2u, 1u}) {
    const Page page = Audit("?limit=2" + (next.empty() ? "" : "&before=" + next));
    EXPECT_EQ(page.positions.size(), size);
    positions.insert(positions.end(), page.positions.begin(), page.positions.end());
    next = page.next;
  }
  EXPECT_EQ(next, "");
  EXPECT_EQ(positions, all.positions);
  EXPECT_EQ(Audit("?from=" + all.positions[1]).positions.size(), 2u);
  EXPECT_EQ(Audit("?from=0").positions.size(), 5u);
  EXPECT_EQ(Audit("?from=2100-01-01T00:00:00Z").positions.size(), 0u);
  for (const char* query : {"?from=x", "?limit=0", "?limit=x", "?before=x", "?to=1"}) {
    EXPECT_EQ(Code(Do("GET", std::string("/admin/audit") + query)), "400/5") << query;
  }
  EXPECT_EQ(Code(Do("GET", "/admin/audit?from=00000001.1:1")), "404/12");
}

// What is kept beside the stream is not written for each of them.
TEST_F(AdminAuditTest, AnAccountGoesOnAfterAStartHoweverManyActsAreBehindIt) {
  PutDemo();
  for (int i = 0; i < 70; ++i) ASSERT_EQ(Do("GET", "/admin/accounts/demo").status, 200);
  Accounts anew(folder_.store());
  ASSERT_TRUE(anew.Start(""));
  const AccountId demo("demo");
  EXPECT_EQ(anew.Find(demo)->version, accounts_.Find(demo)->version);
  EXPECT_EQ(anew.Find(demo)->version, 72u);
  EXPECT_EQ(anew.SetSkill(demo, 3, SkillState::kBusy), AccountChange::kDone);
  EXPECT_EQ(anew.AtVersion(demo, 40)->document, SampleDocument("demo"));
}

}  // namespace
}  // namespace monitor
