#include "domain/deciding/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "domain/account/library.h"
#include "domain/deciding/location_memo.h"

namespace monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<const Account> Parsed(const std::string& members) {
  auto account = ParseAccount(R"({"accountId": "demo", )" + members + "}");
  if (account) return *account;
  for (const DocumentError& error : account.error()) ADD_FAILURE() << error.path << ": " << error.message;
  return nullptr;
}

// Location 0 wants the sport section, but no page in German; 1 is everywhere; 2 wants any URL of the shop.
std::shared_ptr<const Account> AccountWithLocations(const std::string& name = "") {
  return Parsed(R"("name": ")" + name + R"(", "onsiteLocations": [
      {"id": 1, "include": [{"section": "sport"}], "exclude": [{"lang": "de"}]},
      {"id": 2},
      {"id": 3, "include": [{"url": {"regex": "^https?://shop\\."}}]}])");
}

// A session, folded from the requests that it was asked with.
SessionState SessionThatSaid(std::initializer_list<std::pair<const char*, std::vector<std::string>>> requests) {
  SessionState session;
  for (const auto& [page, entry_points] : requests) {
    ActivityReported activity;
    activity.page_id = PageId(page);
    activity.entry_points = entry_points;
    Evolve(session, {{.session = SessionId("s")}, activity}, {});
  }
  return session;
}

TEST(LocationMemo, TellsWhatANewRequestSaysFromWhatItsPageSaidBefore) {
  auto account = AccountWithLocations();
  SessionState session;
  UpdateLocationMemo(*account, session);
  EXPECT_FALSE(WasVisited(session, 0));
  EXPECT_FALSE(NewestRequestMatches(session, 0));

  session = SessionThatSaid({{"1", {}}});
  UpdateLocationMemo(*account, session);
  EXPECT_FALSE(NewestRequestMatches(session, 0));
  EXPECT_TRUE(NewestRequestMatches(session, 1));
  EXPECT_FALSE(PageMatches(session, 0, 0));
  EXPECT_TRUE(PageMatches(session, 0, 1));
  EXPECT_TRUE(WasVisited(session, 1));

  session = SessionThatSaid({{"1", {}}, {"1", {"SEC://Winter-SPORT"}}, {"2", {"HTTPS://Shop.example/"}}});
  UpdateLocationMemo(*account, session);
  EXPECT_TRUE(PageMatches(session, 0, 0));
  EXPECT_FALSE(PageMatches(session, 0, 2));
  EXPECT_TRUE(PageMatches(session, 1, 2));
  EXPECT_TRUE(WasVisited(session, 0));
  EXPECT_TRUE(NewestRequestMatches(session, 2));
  EXPECT_FALSE(NewestRequestMatches(session, 0));

  session = SessionThatSaid({{"1", {"sec://sport"}}, {"1", {"sec://sport", "lang://DE"}}});
  UpdateLocationMemo(*account, session);
  EXPECT_FALSE(NewestRequestMatches(session, 0));
  EXPECT_TRUE(PageMatches(session, 0, 0)) << "it matched before";
}

TEST(LocationMemo, FollowsASessionThatGoesOn) {
  auto account = AccountWithLocations();
  SessionState session = SessionThatSaid({{"1", {"lang://en"}}});
  UpdateLocationMemo(*account, session);
  EXPECT_FALSE(WasVisited(session, 0));
  ActivityReported activity;
  activity.page_id = PageId("1");
  activity.entry_points = {"sec://sport", "lang://en"};
  Evolve(session, {{.session = SessionId("s")}, activity}, {});
  UpdateLocationMemo(*account, session);
  EXPECT_TRUE(WasVisited(session, 0));
  EXPECT_TRUE(NewestRequestMatches(session, 0));
  activity.entry_points = {"lang://en"};
  Evolve(session, {{.session = SessionId("s")}, activity}, {});
  UpdateLocationMemo(*account, session);
  EXPECT_EQ(session.views.size(), 2u) << "said before";
  EXPECT_FALSE(NewestRequestMatches(session, 0));
}

TEST(LocationMemo, BeginsAnewUnderAnotherRevision) {
  auto old_account = AccountWithLocations("old");
  SessionState session = SessionThatSaid({{"1", {"sec://sport"}}});
  UpdateLocationMemo(*old_account, session);
  EXPECT_TRUE(WasVisited(session, 0));

  auto account = Parsed(R"("onsiteLocations": [{"id": 1, "include": [{"section": "news"}]}])");
  UpdateLocationMemo(*account, session);
  EXPECT_FALSE(WasVisited(session, 0));
  EXPECT_EQ(session.location_memo.text_revision, account->library->text_revision);
}

TEST(LocationMemo, KeepsMoreThanSixtyFourLocationsApart) {
  std::string locations;
  for (int i = 0; i < 130; ++i) {
    std::string number = std::to_string(i);
    locations += (i ? "," : "") + (R"({"id": )" + number + R"(, "include": [{"section": "\")" + number + R"(\""}]})");
  }
  auto account = Parsed(R"("onsiteLocations": [)" + locations + "]");
  ASSERT_NE(account, nullptr);
  SessionState session = SessionThatSaid({{"1", {"sec://129"}}, {"2", {"sec://64", "sec://1"}}});
  UpdateLocationMemo(*account, session);
  for (std::uint32_t i = 0; i < 130; ++i) {
    EXPECT_EQ(PageMatches(session, 0, i), i == 129) << i;
    EXPECT_EQ(PageMatches(session, 1, i), i == 64 || i == 1) << i;
    EXPECT_EQ(NewestRequestMatches(session, i), i == 64 || i == 1) << i;
    EXPECT_EQ(WasVisited(session, i), i == 129 || i == 64 || i == 1) << i;
  }
}

std::shared_ptr<const Account> AccountWithAddresses() {
  return Parsed(R"("visitorProfiles": [
      {"id": 1, "conditions": [{"type": "ipRange", "in": ["203.0.113.0/24", "2001:db8::/32"]}]},
      {"id": 2, "conditions": [{"type": "visitor", "is": "new"}, {"type": "geo", "country": ["DE"]}]},
      {"id": 3, "conditions": [{"type": "ipRange", "in": ["0.0.0.0/0"], "exclude": true}]}],
    "campaigns": [{"id": 1, "visitorProfiles": [1], "engagements": []},
                  {"id": 2, "visitorProfiles": [2], "engagements": []},
                  {"id": 3, "visitorProfiles": [3], "engagements": []}])");
}

TEST(AddressConditions, OfAnotherDocumentKeepWhatTheFullAddressMatched) {
  auto then = Parsed(R"("visitorProfiles": [
      {"id": 1, "conditions": [{"type": "ipRange", "in": ["203.0.113.77"]}]},
      {"id": 2, "conditions": [{"type": "ipRange", "in": ["203.0.113.0/32"]}]}])");
  auto now = Parsed(R"("visitorProfiles": [
      {"id": 1, "conditions": [{"type": "ipRange", "in": ["203.0.113.0/24"]}]},
      {"id": 2, "conditions": [{"type": "ipRange", "in": ["203.0.113.0/32"]}]},
      {"id": 3, "conditions": [{"type": "ipRange", "in": ["203.0.113.77"]}]},
      {"id": 4, "conditions": [{"type": "ipRange", "in": ["203.0.113.77", "10.0.0.0/8"]}]}])");
  const auto matched = MatchAddress(*then, "203.0.113.77", {});
  ASSERT_THAT(matched, ElementsAre(0));
  EXPECT_THAT(CarryAddressMatches(*then, matched, *now, "203.0.113.0", {}), ElementsAre(0, 2))
      << "0 is judged by the truncated address, 1 and 2 are known, of 3 nothing is";
}

TEST(AddressConditions, AreNumberedInTheDocumentsOrder) {
  auto account = AccountWithAddresses();
  EXPECT_THAT(MatchAddress(*account, "203.0.113.77", {.country = "de"}), ElementsAre(0, 1, 2));
  EXPECT_THAT(MatchAddress(*account, "::ffff:203.0.113.77", {}), ElementsAre(0, 2));
  EXPECT_THAT(MatchAddress(*account, "2001:db8::1", {.country = "FR"}), ElementsAre(0));
  EXPECT_THAT(MatchAddress(*account, "", {}), IsEmpty());
  EXPECT_THAT(MatchAddress(*account, "no address", {}), IsEmpty());
  EXPECT_THAT(MatchAddress(*AccountWithLocations(), "203.0.113.77", {.country = "DE"}), IsEmpty());
}

TEST(AddressConditions, AreTakenAsRecordedWhenADecisionIsReplayed) {
  auto account = AccountWithAddresses();
  SessionState session;
  VisitorState visitor;
  RequestFacts live{.now = {}, .address = "203.0.113.77"};
  ConditionEvaluator judged(*account, session, visitor, live);
  EXPECT_TRUE(judged.ProfilesMatch(account->campaigns[0]));
  EXPECT_FALSE(judged.ProfilesMatch(account->campaigns[1]));
  EXPECT_FALSE(judged.ProfilesMatch(account->campaigns[2]));

  RequestFacts replayed{.now = {}, .address = "203.0.113.77", .has_address_matches = true, .address_matches = {1}};
  ConditionEvaluator again(*account, session, visitor, replayed);
  EXPECT_FALSE(again.ProfilesMatch(account->campaigns[0]));
  EXPECT_TRUE(again.ProfilesMatch(account->campaigns[1]));
  EXPECT_TRUE(again.ProfilesMatch(account->campaigns[2])) << "unknown, hence not inside";
}

TEST(ConditionEvaluator, TakesOneOfSeveralProfilesForEnough) {
  auto account = Parsed(R"("visitorProfiles": [
      {"id": 1, "conditions": [{"type": "visitor", "is": "returning"}]},
      {"id": 2, "conditions": [{"type": "visitor", "is": "new"}, {"type": "platform", "in": ["MOBILE"]}]},
      {"id": 3, "conditions": [{"type": "visitor", "is": "new"}, {"type": "platform", "in": ["DESKTOP"]}]},
      {"id": 4}],
    "campaigns": [{"id": 1, "visitorProfiles": [1, 2], "engagements": []},
                  {"id": 2, "visitorProfiles": [1, 2, 3], "engagements": []},
                  {"id": 3, "engagements": []},
                  {"id": 4, "visitorProfiles": [4], "engagements": []}])");
  SessionState session;
  session.device_family = DeviceFamily::kDesktop;
  VisitorState visitor;
  RequestFacts facts{};
  ConditionEvaluator judge(*account, session, visitor, facts);
  EXPECT_FALSE(judge.ProfilesMatch(account->campaigns[0]));
  EXPECT_TRUE(judge.ProfilesMatch(account->campaigns[1]));
  EXPECT_TRUE(judge.ProfilesMatch(account->campaigns[2])) << "none listed";
  EXPECT_TRUE(judge.ProfilesMatch(account->campaigns[3])) << "a profile without conditions";
}

TEST(ConditionEvaluator, SeparatesMoreEntriesThanItKeepsInline) {
  std::string behaviors, engagements;
  for (int i = 0; i < 700; ++i) {
    std::string number = std::to_string(i), comma = i ? "," : "";
    behaviors +=
        comma + R"({"id": )" + number + R"(, "conditions": [{"type": "abandonScore", "from": )" + number + "}]}";
    engagements += comma + R"({"id": )" + number + R"(, "channel": "chat", "type": "sticky", "visitorBehaviors": [)" +
                   number + "]}";
  }
  auto account = Parsed(R"("visitorBehaviors": [)" + behaviors + R"(], "campaigns": [{"id": 1, "engagements": [)" +
                        engagements + "]}]");
  ASSERT_NE(account, nullptr);
  SessionState session;
  VisitorState visitor;
  visitor.abandon_score = Decimal::Parse("650");
  RequestFacts facts{};
  ConditionEvaluator judge(*account, session, visitor, facts);
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < 700; ++i) {
      EXPECT_EQ(judge.BehaviorsMatch(account->campaigns[0].engagements[i]), i <= 650) << i;
    }
  }
}

struct BadCondition {
  std::string name;
  std::string condition;
  std::string path;  // below the condition; empty: the condition itself
};

class BadConditions : public ::testing::TestWithParam<BadCondition> {};

TEST_P(BadConditions, AreRefusedAtThePlace) {
  const auto& [name, condition, path] = GetParam();
  const bool is_behavior = name.starts_with("Behavior");
  const std::string library = is_behavior ? "visitorBehaviors" : "visitorProfiles";
  auto account = ParseAccount(R"({"accountId": "demo", "onsiteLocations": [{"id": 1}, {"id": 2}], ")" + library +
                              R"(": [{"id": 1, "conditions": [)" + condition + "]}]}");
  ASSERT_FALSE(account);
  ASSERT_EQ(account.error().size(), 1u);
  EXPECT_EQ(account.error()[0].path, library + "[0].conditions[0]" + (path.empty() ? "" : "." + path));
}

INSTANTIATE_TEST_SUITE_P(
    AccountDocument, BadConditions,
    ::testing::Values(
        BadCondition{"ProfileNoType", R"({})", "type"},
        BadCondition{"ProfileUnknownType", R"({"type": "mood"})", "type"},
        BadCondition{"ProfileOfBehaviorType", R"({"type": "cartValue", "from": 1})", "type"},
        BadCondition{"ProfileExclude", R"({"type": "visitor", "is": "new", "exclude": "yes"})", "exclude"},
        BadCondition{"ProfileReferralOfNothing", R"({"type": "referral"})", ""},
        BadCondition{"ProfileReferralOfBoth", R"({"type": "referral", "contains": "a", "regex": "b"})", ""},
        BadCondition{"ProfileReferralRegex", R"({"type": "referral", "regex": "a("})", "regex"},
        BadCondition{"ProfileBackReference", R"({"type": "referral", "regex": "(a)\\1"})", "regex"},
        BadCondition{"ProfileNoKeywords", R"({"type": "searchKeywords"})", "in"},
        BadCondition{"ProfileEmptyKeywords", R"({"type": "searchKeywords", "in": []})", "in"},
        BadCondition{"ProfileCidr", R"({"type": "ipRange", "in": ["10.0.0.0/33"]})", "in[0]"},
        BadCondition{"ProfileHost", R"({"type": "ipRange", "in": ["10.0.0.1", "localhost"]})", "in[1]"},
        BadCondition{"ProfilePlatform", R"({"type": "platform", "in": ["PHONE"]})", "in[0]"},
        BadCondition{"ProfileChannel", R"({"type": "marketingSource", "channel": [5]})", "channel[0]"},
        BadCondition{"ProfileMarketingOfNothing", R"({"type": "marketingSource"})", ""},
        BadCondition{"ProfileMarketingOfEmptyLists", R"({"type": "marketingSource", "channel": [], "affiliate": []})",
                     ""},
        BadCondition{"ProfileGeoOfNothing", R"({"type": "geo"})", ""},
        BadCondition{"ProfileVisitor", R"({"type": "visitor", "is": "old"})", "is"},
        BadCondition{"ProfileVisitorIs", R"({"type": "visitor"})", "is"},
        BadCondition{"ProfileCustomerOfNothing", R"({"type": "customerInfo"})", ""},
        BadCondition{"ProfileAgeBackwards", R"({"type": "age", "from": 30, "to": 29})", "to"},
        BadCondition{"ProfileAgeFraction", R"({"type": "age", "from": 30.5})", "from"},
        BadCondition{"ProfileBalanceText", R"({"type": "balance", "from": "100"})", "from"},
        BadCondition{"ProfileDaysNegative", R"({"type": "timeSinceLastPayment", "fromDays": -1})", "fromDays"},
        BadCondition{"ProfileGender", R"({"type": "gender", "in": ["male"]})", "in[0]"},
        BadCondition{"ProfileRole", R"({"type": "role", "in": [7]})", "in[0]"},
        BadCondition{"BehaviorLocation", R"({"type": "visitedLocation", "location": 9})", "location"},
        BadCondition{"BehaviorNoLocation", R"({"type": "visitedLocation"})", "location"},
        BadCondition{"BehaviorNoSeconds", R"({"type": "timeOnLocation", "location": 1})", "seconds"},
        BadCondition{"BehaviorFlowMode", R"({"type": "flow", "mode": "left", "steps": [{"location": 1},
                                            {"location": 2}]})",
                     "mode"},
        BadCondition{"BehaviorFlowNoSteps", R"({"type": "flow", "mode": "abandoned"})", "steps"},
        BadCondition{"BehaviorFlowOneStep", R"({"type": "flow", "mode": "abandoned", "steps": [{"location": 1}]})",
                     "steps"},
        BadCondition{"BehaviorFlowStep", R"({"type": "flow", "mode": "abandoned", "steps": [{"location": 1},
                                            {"location": 3}]})",
                     "steps[1].location"},
        BadCondition{"BehaviorFlowAllOptional", R"({"type": "flow", "mode": "abandoned", "steps": [
            {"location": 1, "required": false}, {"location": 2, "required": false}]})",
                     "steps"},
        BadCondition{"BehaviorCartChange", R"({"type": "cartValue", "change": "grown"})", "change"},
        BadCondition{"BehaviorCartBoth", R"({"type": "cartValue", "change": "emptied", "to": 5})", ""},
        BadCondition{"BehaviorCartBackwards", R"({"type": "cartValue", "from": 5.01, "to": 5})", "to"},
        BadCondition{"BehaviorProductName", R"({"type": "viewedProduct", "name": [5]})", "name[0]"},
        BadCondition{"BehaviorPrice", R"({"type": "cartProducts", "priceFrom": 1e15})", "priceFrom"},
        BadCondition{"BehaviorOrdinal", R"({"type": "visitorError", "ordinal": 0})", "ordinal"},
        BadCondition{"BehaviorEngagement", R"({"type": "engagedInSession", "state": "clicked",
                                              "engagementIds": [9]})",
                     "engagementIds[0]"},
        BadCondition{"BehaviorState", R"({"type": "engagedInSession", "state": "seen"})", "state"},
        BadCondition{"BehaviorNoTopic", R"({"type": "serviceActivity", "statuses": [0]})", "topic"},
        BadCondition{"BehaviorNoStatuses", R"({"type": "serviceActivity", "topic": "t"})", "statuses"},
        BadCondition{"BehaviorStatus", R"({"type": "serviceActivity", "topic": "t", "statuses": [14]})",
                     "statuses[0]"}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace monitor
