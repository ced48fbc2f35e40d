// Visitors found and erased by who they said they are.
#include <gmock/gmock.h>

#include "api/visits/visitor_retention.h"
#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing::Not;

class AdminIdentitiesTest : public AdminTest {
 protected:
  AdminIdentitiesTest() { PutDemo(); }

  void Present(const std::string& visitor, const std::string& iss, const std::string& sub, const std::string& acr) {
    VisitCall call = RequestOf(visitor);
    call.request.identities = {{iss, sub, acr, master_key_.HashIdentity(iss, sub)}};
    ASSERT_TRUE(Decided(visits_.commands, std::move(call)));
  }
  std::string Ask(const std::string& what, const std::string& body) {
    return Do("POST", "/admin/accounts/demo/identities/" + what, body).body;
  }
  std::size_t Rows(std::string_view prefix) {
    const EventStore& store = folder_.store();
    return store.ReadStates(StateTable::kVisitor, prefix, 100).value().size();
  }
};

constexpr const char* kAnn = R"({"iss":"https://id.example","sub":"ann"})";

TEST_F(AdminIdentitiesTest, AllVisitorsThatPresentedAnIdentityAreFoundAndErased) {
  Present("phone", "https://id.example", "ann", "loa1");
  Present("laptop", "https://id.example", "ann", "0");
  Present("laptop", "https://id.example", "ann", "0");
  Present("tv", "", "ann", "loa1");
  Present("other", "https://id.example", "bob", "loa1");
  EXPECT_EQ(Ask("find", kAnn), R"({"visitors":["laptop","phone"]})");
  EXPECT_EQ(Ask("find", R"({"sub":"ann"})"), R"({"visitors":["tv"]})");
  EXPECT_EQ(Ask("find", R"({"iss":"","sub":"ann"})"), R"({"visitors":["tv"]})");
  EXPECT_EQ(Ask("find", R"({"sub":"nobody"})"), R"({"visitors":[]})");

  EXPECT_EQ(Ask("erase", kAnn), R"({"visitors":["laptop","phone"]})");
  EXPECT_EQ(Ask("find", kAnn), R"({"visitors":[]})");
  EXPECT_EQ(Ask("erase", kAnn), R"({"visitors":[]})");
  for (const char* visitor : {"laptop", "phone"}) {
    EXPECT_EQ(Code(Do("GET", std::string("/admin/accounts/demo/visitors/") + visitor)), "404/12");
    EXPECT_EQ(Rows(std::string("@presents/demo/") + visitor), 0u);
  }
  EXPECT_EQ(Ask("find", R"({"sub":"ann"})"), R"({"visitors":["tv"]})");
  EXPECT_EQ(Rows("@presented/demo/"), 2u) << "the index goes with the visitor";
  EXPECT_EQ(Rows("@identity/demo/"), 2u);
  Present("phone", "https://id.example", "ann", "loa1");
  EXPECT_EQ(Ask("find", kAnn), R"({"visitors":["phone"]})");
  const std::string audit = Do("GET", "/admin/audit").body;
  EXPECT_THAT(audit, HasSubstr("erase-identity"));
  EXPECT_THAT(audit, Not(HasSubstr("ann\"")));
}

TEST_F(AdminIdentitiesTest, AnErasedVisitorIsNotFoundByWhatItPresented) {
  Present("phone", "", "ann", "0");
  EXPECT_EQ(Do("DELETE", "/admin/accounts/demo/visitors/phone").status, 200);
  EXPECT_EQ(Ask("find", R"({"sub":"ann"})"), R"({"visitors":[]})");
  EXPECT_EQ(Rows("@presented/") + Rows("@presents/") + Rows("@identity/"), 0u);
}

TEST_F(AdminIdentitiesTest, AForgottenVisitorIsNotFoundByWhatItPresented) {
  Present("phone", "", "ann", "loa1");
  EXPECT_EQ(VisitorRetention(visits_.owner, std::chrono::milliseconds(-1)).Sweep({}), 1u);
  EXPECT_EQ(Ask("find", R"({"sub":"ann"})"), R"({"visitors":[]})");
  EXPECT_EQ(Rows("@presented/") + Rows("@presents/") + Rows("@identity/"), 0u);
}

TEST_F(AdminIdentitiesTest, WhatIsNoIdentityIsRefused) {
  for (const char* what : {"find", "erase"}) {
    const std::string path = std::string("/admin/accounts/demo/identities/") + what;
    for (const char* body : {"", "{}", R"({"iss":"x"})", R"({"sub":""})", R"({"sub":[]})", "[]"}) {
      EXPECT_EQ(Code(Do("POST", path, body)), "400/5") << body;
    }
    EXPECT_EQ(Code(Do("POST", std::string("/admin/accounts/other/identities/") + what, R"({"sub":"x"})")), "404/6");
  }
}

TEST_F(AdminIdentitiesTest, OverAnOlderStoreItIsSaidFromWhereOnTheAnswerIsCertain) {
  const LogPosition next{folder_.store().Origins().back().origin, folder_.store().Origins().back().last + 1};
  ASSERT_TRUE(VisitorRecords::AdmitSnapshots(folder_.store()));
  Present("phone", "", "ann", "loa1");
  ASSERT_TRUE(VisitorRecords::AdmitSnapshots(folder_.store()));
  EXPECT_EQ(Ask("find", R"({"sub":"ann"})"), R"({"visitors":["phone"],"from":")" + next.ToString() + "\"}");
}

}  // namespace
}  // namespace monitor
