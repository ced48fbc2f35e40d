#include "domain/deciding/session_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "domain/account/library.h"
#include "domain/deciding/location_memo.h"
#include "domain/deciding/rules.h"

namespace monitor {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const TimeMs kNoon = FromUnixMs(1'795'000'000'000);

std::shared_ptr<const Account> Parsed(const std::string& members) {
  auto account = ParseAccount(R"({"accountId": "demo", )" + members + "}");
  if (account) return *account;
  for (const DocumentError& error : account.error()) ADD_FAILURE() << error.path << ": " << error.message;
  return nullptr;
}

constexpr const char* kLibraries = R"(
  "onsiteLocations": [{"id": 1, "include": [{"section": "cart"}]}, {"id": 2, "exclude": [{"section": "cart"}]}],
  "visitorProfiles": [{"id": 1, "conditions": [{"type": "referral", "contains": "search"}]}],
  "visitorBehaviors": [{"id": 1, "conditions": [{"type": "visitorError", "code": "E1", "ordinal": 2}]},
                       {"id": 2, "conditions": [{"type": "visitorError", "message": "card", "exclude": true}]},
                       {"id": 3, "conditions": [{"type": "serviceActivity", "topic": "Repair", "statuses": [1]}]}])";

class SessionTexts : public ::testing::Test {
 protected:
  void Say(std::vector<std::string> entry_points, std::vector<Attribute> attributes = {}, const char* page = "p1") {
    ActivityReported activity;
    activity.page_id = PageId(page);
    activity.decided_at = kNoon;
    activity.entry_points = std::move(entry_points);
    activity.engagement_attributes = std::move(attributes);
    Evolve(session, Event{{AccountId("demo"), VisitorId("v"), SessionId("s"), {}}, std::move(activity)}, kNoon);
  }
  static Attribute Error(const std::string& code, const std::string& message, const std::string& more = "") {
    return {AttributeType::kError, R"({"type":"error","error":{"code":")" + code + R"(","message":")" + message +
                                       R"(","contextId":"c")" + more + "}}"};
  }
  void Forget() { ForgetTexts(*account, session); }
  bool BehaviorHolds(std::size_t index) {
    const VisitorState visitor;
    return AllHold(account->library->behaviors[index], Evidence{*account->library, session, visitor, kNoon, {}});
  }

  std::shared_ptr<const Account> account = Parsed(kLibraries);
  SessionState session;
};

TEST_F(SessionTexts, OfEntryPointsStandForWhatTheyMatched) {
  Say({"sec://Cart", "ref://https://search.example/"});
  Say({"sec://help"}, {}, "p2");
  Forget();
  EXPECT_TRUE(PageMatches(session, 0, 0) && !PageMatches(session, 0, 1));
  EXPECT_TRUE(PageMatches(session, 1, 1) && !PageMatches(session, 1, 0));
  EXPECT_TRUE(ReferralMatches(session, 0));
  EXPECT_THAT(session.pages[0].entry_points, IsEmpty());
  EXPECT_THAT(session.referrers, IsEmpty());
}

TEST_F(SessionTexts, ForgottenDoNotKeepAPageFromSayingMore) {
  Say({"sec://Cart"});
  Forget();
  Say({});
  UpdateLocationMemo(*account, session);
  EXPECT_TRUE(NewestRequestMatches(session, 0)) << "one that says nothing is where its page was";
  Say({"sec://help"});
  UpdateLocationMemo(*account, session);
  EXPECT_FALSE(NewestRequestMatches(session, 0));
  Forget();
  EXPECT_TRUE(PageMatches(session, 0, 0) && PageMatches(session, 0, 1)) << "both were said";
  EXPECT_TRUE(NewestRequestMatches(session, 1) && !NewestRequestMatches(session, 0));
  EXPECT_THAT(session.views, SizeIs(1));
}

TEST_F(SessionTexts, SaidAgainAreNotJudgedAgain) {
  Say({"sec://Cart", "lang://de"});
  Forget();
  Say({"sec://Cart", "lang://de"});
  EXPECT_THAT(session.views, SizeIs(1));
  EXPECT_THAT(session.pages[0].entry_points, IsEmpty());
}

TEST_F(SessionTexts, OfErrorsAreCountedByCondition) {
  Say({}, {Error("e1", "no"), Error("E2", "the CARD was refused"), Error("E3", "other")});
  Forget();
  EXPECT_THAT(session.attributes.errors, IsEmpty());
  EXPECT_THAT(session.attributes.fitting_errors, SizeIs(2));
  EXPECT_FALSE(BehaviorHolds(0)) << "the first of two";
  EXPECT_FALSE(BehaviorHolds(1));
  Say({}, {Error("E1", "no")});
  EXPECT_TRUE(BehaviorHolds(0)) << "one forgotten, one not yet";
  Forget();
  EXPECT_TRUE(BehaviorHolds(0));
  Say({}, {Error("e2", "", R"(,"resolved":true)")});
  EXPECT_TRUE(BehaviorHolds(1)) << "taken back";
  Say({}, {Error("E1", "", R"(,"resolved":true)")});
  EXPECT_FALSE(BehaviorHolds(0));
}

TEST_F(SessionTexts, OfErrorsAreBoundedForEachCondition) {
  Say({}, {Error("E2", "card")});
  for (std::int64_t i = 0; i < kMaxFittingErrors + 20; ++i) {
    Say({}, {Error("E1", std::to_string(i))});
    Forget();
  }
  EXPECT_EQ(std::ranges::count(session.attributes.fitting_errors, 0u, &FittingError::rule), kMaxFittingErrors);
  EXPECT_FALSE(BehaviorHolds(1)) << "another condition's one is not pushed out";
}

TEST_F(SessionTexts, OfServicesAreKeptWhereAConditionAsks) {
  for (const char* topic : {"repair", "sale"}) {
    Say({}, {{AttributeType::kService,
              std::string(R"({"type":"service","service":{"topic":")") + topic + R"(","status":1}})"}});
  }
  Forget();
  EXPECT_THAT(session.attributes.service_status, SizeIs(1));
  EXPECT_TRUE(BehaviorHolds(2));
}

TEST_F(SessionTexts, ForgottenUnderOtherLibrariesCanNotBeJudged) {
  Say({"sec://Cart"});
  EXPECT_TRUE(IsJudgeable(*account, session)) << "nothing is forgotten yet";
  Forget();
  EXPECT_TRUE(IsJudgeable(*account, session));
  const auto renamed =
      Parsed(std::string(R"("name": "other", "campaigns": [{"id": 1, "engagements": []}], )") + kLibraries);
  EXPECT_TRUE(IsJudgeable(*renamed, session)) << "campaigns compare no texts";
  std::string other = kLibraries;
  other.replace(other.find("\"E1\""), 4, "\"E9\"");
  EXPECT_FALSE(IsJudgeable(*Parsed(other), session));
  const auto moved = Parsed(R"("onsiteLocations": [{"id": 1, "include": [{"section": "basket"}]}])");
  EXPECT_FALSE(IsJudgeable(*moved, session));
}

}  // namespace
}  // namespace monitor
