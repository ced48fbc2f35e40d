#include "domain/account/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "domain/values/hash.h"

namespace monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// `members` are put beside a well-formed accountId.
std::string Document(const std::string& members) { return R"({"accountId": "demo", )" + members + "}"; }

std::string WithEngagement(const std::string& members) {
  return Document(R"("campaigns": [{"id": 1, "engagements": [{"id": 11, "channel": "messaging", )" + members + "}]}]");
}

std::shared_ptr<const Account> Parsed(const std::string& document) {
  auto account = ParseAccount(document);
  if (account) return *account;
  for (const DocumentError& error : account.error()) ADD_FAILURE() << error.path << ": " << error.message;
  return nullptr;
}

std::vector<DocumentError> ErrorsOf(const std::string& document) {
  auto account = ParseAccount(document);
  if (account) return {};
  return account.error();
}

std::vector<std::string> ErrorPathsOf(const std::string& document) {
  std::vector<std::string> paths;
  for (const DocumentError& error : ErrorsOf(document)) paths.push_back(error.path);
  return paths;
}

TEST(AccountDocument, NeedsNothingButItsId) {
  auto account = Parsed(R"({"accountId": "demo"})");
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->id, AccountId("demo"));
  EXPECT_EQ(account->time_zone, "UTC");
  EXPECT_EQ(account->currency, "USD");
  EXPECT_THAT(account->campaigns, IsEmpty());
}

TEST(AccountDocument, TakesEveryDefaultOfTheSpecification) {
  auto account = Parsed(WithEngagement(R"("type": "embedded")"));
  ASSERT_NE(account, nullptr);
  const Settings& settings = account->settings;
  EXPECT_EQ(settings.control_percentage, 5);
  EXPECT_EQ(settings.control_salt, "demo");
  EXPECT_EQ(settings.max_displays_per_session, std::nullopt);
  EXPECT_TRUE(settings.invite_content_after_decline);
  EXPECT_FALSE(settings.invite_conversation_after_decline);
  EXPECT_THAT(settings.priority_shares, ElementsAre(70, 20, 10));
  EXPECT_EQ(settings.cross_session_period_days, 0);
  EXPECT_EQ(settings.attribution, Attribution::kLast);
  EXPECT_EQ(settings.idle_timeout_s, 1'800);
  EXPECT_EQ(settings.max_age_s, 21'600);
  EXPECT_EQ(settings.new_sessions->per_second, 200);
  EXPECT_EQ(settings.new_sessions->burst, 1'000);
  EXPECT_EQ(settings.new_sessions_per_address->per_second, 100);
  EXPECT_EQ(settings.new_sessions_per_address->burst, 500);
  EXPECT_EQ(settings.events_per_session, 1'000);
  EXPECT_FALSE(settings.keep_full_address);

  const Campaign& campaign = account->campaigns[0];
  EXPECT_TRUE(campaign.published);
  EXPECT_EQ(campaign.priority, Priority::kMedium);
  EXPECT_EQ(campaign.control_percentage, 10);
  EXPECT_EQ(campaign.hours, 0u);
  EXPECT_EQ(campaign.goal, std::nullopt);

  const Engagement& engagement = campaign.engagements[0];
  EXPECT_EQ(engagement.revision, 1);
  EXPECT_TRUE(engagement.enabled);
  EXPECT_EQ(engagement.language, "en-US");
  EXPECT_EQ(engagement.window_id, "");
  EXPECT_EQ(engagement.availability, AvailabilityPolicy::kOnline);
  EXPECT_EQ(engagement.weight, 1);
  EXPECT_EQ(engagement.follow_me_pages, 0);
  EXPECT_EQ(engagement.follow_me_time_s, 0);
  EXPECT_EQ(engagement.display_instances, "");
}

TEST(AccountDocument, DerivesTheZoneFromTheTypeUnlessGiven) {
  auto zone_of = [](const std::string& members) {
    return Parsed(WithEngagement(members))->campaigns[0].engagements[0].zone;
  };
  EXPECT_EQ(zone_of(R"("type": "embedded")"), Zone::kEmbedded);
  EXPECT_EQ(zone_of(R"("type": "app")"), Zone::kApp);
  EXPECT_EQ(zone_of(R"("type": "sticky")"), Zone::kRight);
  EXPECT_EQ(zone_of(R"("type": "slideout")"), Zone::kProactive);
  EXPECT_EQ(zone_of(R"("type": "overlay")"), Zone::kProactive);
  EXPECT_EQ(zone_of(R"("type": "toaster")"), Zone::kProactive);
  EXPECT_EQ(zone_of(R"("type": "peel")"), Zone::kProactive);
  EXPECT_EQ(zone_of(R"("type": "sticky", "zone": "left")"), Zone::kLeft);
}

TEST(AccountDocument, ResolvesReferences) {
  auto account = Parsed(R"({"accountId": "demo",
    "appInstallations": [{"id": "web", "connectorId": 900}],
    "skills": [{"id": 3, "name": "sales"}],
    "goals": [{"id": 5, "type": "lead"}, {"id": 6, "type": "purchase"}],
    "onsiteLocations": [{"id": 70}, {"id": 71}],
    "visitorProfiles": [{"id": 80}],
    "visitorBehaviors": [{"id": 90}, {"id": 91}],
    "schedules": [{"id": 60}],
    "campaigns": [
      {"id": 1, "goalId": 6, "scheduleId": 60, "visitorProfiles": [80], "engagements": [
        {"id": 11, "channel": "chat", "type": "sticky", "appInstallationIds": ["web"], "skillId": 3,
         "onsiteLocations": [71], "visitorBehaviors": [91, 90], "displayInstances": [{"w": 1.50}]}]},
      {"id": 2, "scheduleId": 60, "engagements": []}]})");
  ASSERT_NE(account, nullptr);
  const Campaign& campaign = account->campaigns[0];
  EXPECT_EQ(campaign.goal, 1u);
  EXPECT_THAT(campaign.profiles, ElementsAre(0u));
  EXPECT_EQ(campaign.hours, 1u);
  EXPECT_EQ(account->campaigns[1].hours, 1u) << "equal hours are shared";
  const Engagement& engagement = campaign.engagements[0];
  EXPECT_THAT(engagement.locations, ElementsAre(1u));
  EXPECT_THAT(engagement.behaviors, ElementsAre(1u, 0u));
  EXPECT_EQ(engagement.skill_id, 3);
  EXPECT_EQ(engagement.skill_name, "sales");
  EXPECT_EQ(engagement.display_instances, R"([{"w":1.50}])");
  EXPECT_EQ(account->FindApp(AppInstallationId("web"))->connector_id, 900);
  EXPECT_EQ(account->FindApp(AppInstallationId("shop")), nullptr);
  EXPECT_EQ(account->FindSkill(3)->name, "sales");
  EXPECT_EQ(account->FindSkill(4), nullptr);
}

TEST(AccountDocument, KeepsItsBytesAndNamesThemByRevision) {
  std::string document = "{\"accountId\": \"demo\",\n \"shoeSize\": 46}";
  auto account = Parsed(document);
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->document, document);
  EXPECT_EQ(account->revision, RevisionOf(document));
}

TEST(AccountDocument, NamesLineAndColumnOfWhatIsNoJson) {
  auto errors = ErrorsOf("{\"accountId\": \"demo\",\n  \"name\": ?}");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].path, "");
  EXPECT_THAT(errors[0].message, HasSubstr("line 2, column"));
}

TEST(AccountDocument, MustBeAnObject) { EXPECT_THAT(ErrorPathsOf("[]"), ElementsAre("")); }

TEST(AccountDocument, ListsEveryErrorInTheDocumentsOrder) {
  EXPECT_THAT(ErrorPathsOf(R"({
      "campaigns": [{"id": 1, "scheduleId": 7, "engagements": [
        {"id": 11, "channel": "messaging", "type": "sticky", "zone": "top"},
        {"channel": "pigeon", "type": "sticky"},
        {"id": 11, "channel": "chat", "type": "sticky", "onsiteLocations": [1, 2], "weight": 0}]}],
      "timeZone": "Mars/Olympus",
      "settings": {"controlGroup": {"percentage": 26}, "botPatterns": ["ok", "("]},
      "onsiteLocations": [{"id": 1}]})"),
              ElementsAre("accountId",  //
                          "campaigns[0].scheduleId", "campaigns[0].engagements[0].zone",
                          "campaigns[0].engagements[1].id", "campaigns[0].engagements[1].channel",
                          "campaigns[0].engagements[2].id", "campaigns[0].engagements[2].onsiteLocations[1]",
                          "campaigns[0].engagements[2].weight",  //
                          "timeZone",                            //
                          "settings.controlGroup.percentage", "settings.botPatterns[1]"));
}

TEST(AccountDocument, RefusesEngagementIdsUsedTwiceAnywhere) {
  EXPECT_THAT(ErrorPathsOf(Document(R"("campaigns": [
      {"id": 1, "engagements": [{"id": 11, "channel": "chat", "type": "sticky"}]},
      {"id": 1, "engagements": [{"id": 11, "channel": "chat", "type": "sticky"}]}])")),
              ElementsAre("campaigns[1].id", "campaigns[1].engagements[0].id"));
}

struct BadDocument {
  std::string name;
  std::string members;
  std::string path;
};

class BadDocuments : public ::testing::TestWithParam<BadDocument> {};

TEST_P(BadDocuments, AreRefusedAtThePlace) {
  EXPECT_THAT(ErrorPathsOf(Document(GetParam().members)), ElementsAre(GetParam().path));
}

INSTANTIATE_TEST_SUITE_P(
    AccountDocument, BadDocuments,
    ::testing::Values(
        BadDocument{"Name", R"("name": 7)", "name"},  //
        BadDocument{"Currency", R"("currency": "usd")", "currency"},
        BadDocument{"TimeZone", R"("timeZone": "Berlin")", "timeZone"},
        BadDocument{"AppWithoutId", R"("appInstallations": [{}])", "appInstallations[0].id"},
        BadDocument{"AppTwice", R"("appInstallations": [{"id": "a"}, {"id": "a"}])", "appInstallations[1].id"},
        BadDocument{"AppNoObject", R"("appInstallations": ["web"])", "appInstallations[0]"},
        BadDocument{"AppsNoArray", R"("appInstallations": {})", "appInstallations"},
        BadDocument{"SkillTwice", R"("skills": [{"id": 1}, {"id": 1}])", "skills[1].id"},
        BadDocument{"SkillIdText", R"("skills": [{"id": "1"}])", "skills[0].id"},
        BadDocument{"SkillIdFraction", R"("skills": [{"id": 1.5}])", "skills[0].id"},
        BadDocument{"SkillIdNegative", R"("skills": [{"id": -1}])", "skills[0].id"},
        BadDocument{"GoalType", R"("goals": [{"id": 1, "type": "fame"}])", "goals[0].type"},
        BadDocument{"GoalNoType", R"("goals": [{"id": 1}])", "goals[0].type"},
        BadDocument{"GoalStatus", R"("goals": [{"id": 1, "type": "service", "serviceStatuses": [14]}])",
                    "goals[0].serviceStatuses[0]"},
        BadDocument{"ControlGroupNegative", R"("settings": {"controlGroup": {"percentage": -0.1}})",
                    "settings.controlGroup.percentage"},
        BadDocument{"MaxDisplays", R"("settings": {"proactive": {"maxDisplaysPerSession": 4}})",
                    "settings.proactive.maxDisplaysPerSession"},
        BadDocument{"Invite", R"("settings": {"proactive": {"inviteAfterDecline": {"content": 1}}})",
                    "settings.proactive.inviteAfterDecline.content"},
        BadDocument{"NegativeShare", R"("settings": {"priorityShares": {"low": -1}})", "settings.priorityShares.low"},
        BadDocument{"NoShare", R"("settings": {"priorityShares": {"high": 0, "medium": 0, "low": 0}})",
                    "settings.priorityShares"},
        BadDocument{"Period", R"("settings": {"crossSessionPeriodDays": 2})", "settings.crossSessionPeriodDays"},
        BadDocument{"Attribution", R"("settings": {"attribution": "any"})", "settings.attribution"},
        BadDocument{"IdleTimeout", R"("settings": {"session": {"idleTimeout": 0}})", "settings.session.idleTimeout"},
        BadDocument{"Burst", R"("settings": {"caps": {"newSessions": {"burst": 0}}})",
                    "settings.caps.newSessions.burst"},
        BadDocument{"PerSecond", R"("settings": {"caps": {"newSessionsPerAddress": {"perSecond": 0}}})",
                    "settings.caps.newSessionsPerAddress.perSecond"},
        BadDocument{"EventCap", R"("settings": {"caps": {"eventsPerSession": 0}})", "settings.caps.eventsPerSession"},
        BadDocument{"EventCapTooHigh", R"("settings": {"caps": {"eventsPerSession": 10001}})",
                    "settings.caps.eventsPerSession"},
        BadDocument{"Token", R"("settings": {"apiTokenSha256": ["abc"]})", "settings.apiTokenSha256[0]"},
        BadDocument{"CampaignWithoutEngagements", R"("campaigns": [{"id": 1}])", "campaigns[0].engagements"},
        BadDocument{"CampaignStatus", R"("campaigns": [{"id": 1, "status": "draft", "engagements": []}])",
                    "campaigns[0].status"},
        BadDocument{"CampaignPriority", R"("campaigns": [{"id": 1, "priority": "top", "engagements": []}])",
                    "campaigns[0].priority"},
        BadDocument{"DateWithoutOffset",
                    R"("campaigns": [{"id": 1, "startDate": "2026-01-01T00:00:00", "engagements": []}])",
                    "campaigns[0].startDate"},
        BadDocument{"DateThatIsNone",
                    R"("campaigns": [{"id": 1, "startDate": "2026-02-30T00:00:00Z", "engagements": []}])",
                    "campaigns[0].startDate"},
        BadDocument{"ExpiresBeforeItStarts", R"("campaigns": [{"id": 1, "startDate": "2026-01-01T00:00:00Z",
                    "expirationDate": "2026-01-01T01:00:00+01:00", "engagements": []}])",
                    "campaigns[0].expirationDate"},
        BadDocument{"UnknownGoal", R"("campaigns": [{"id": 1, "goalId": 9, "engagements": []}])",
                    "campaigns[0].goalId"},
        BadDocument{"UnknownProfile", R"("campaigns": [{"id": 1, "visitorProfiles": [9], "engagements": []}])",
                    "campaigns[0].visitorProfiles[0]"},
        BadDocument{"UnknownOccasion", R"("campaigns": [{"id": 1, "specialOccasionIds": [9], "engagements": []}])",
                    "campaigns[0].specialOccasionIds[0]"},
        BadDocument{"CampaignPercentage",
                    R"("campaigns": [{"id": 1, "controlGroup": {"percentage": 101}, "engagements": []}])",
                    "campaigns[0].controlGroup.percentage"},
        BadDocument{"ShiftBackwards", R"("schedules": [{"id": 1, "shifts": [{"from": "17:00", "to": "09:00"}]}])",
                    "schedules[0].shifts[0].to"},
        BadDocument{"ShiftEmpty", R"("schedules": [{"id": 1, "shifts": [{"from": "09:00", "to": "09:00"}]}])",
                    "schedules[0].shifts[0].to"},
        BadDocument{"ShiftTime", R"("schedules": [{"id": 1, "shifts": [{"from": "9:00", "to": "17:00"}]}])",
                    "schedules[0].shifts[0].from"},
        BadDocument{"ShiftPast24", R"("schedules": [{"id": 1, "shifts": [{"from": "09:00", "to": "24:01"}]}])",
                    "schedules[0].shifts[0].to"},
        BadDocument{"ShiftDay",
                    R"("schedules": [{"id": 1, "shifts": [{"days": ["MO"], "from": "09:00", "to": "10:00"}]}])",
                    "schedules[0].shifts[0].days[0]"},
        BadDocument{"ScheduleZone", R"("schedules": [{"id": 1, "timeZone": "X"}])", "schedules[0].timeZone"},
        BadDocument{"OccasionWithoutEnd", R"("specialOccasions": [{"id": 1, "from": "2026-12-24T00:00:00Z"}])",
                    "specialOccasions[0].to"},
        BadDocument{"OccasionBackwards",
                    R"("specialOccasions": [{"id": 1, "from": "2026-12-24T00:00:00Z", "to": "2026-12-24T00:00:00Z"}])",
                    "specialOccasions[0].to"}),
    [](const auto& parameter) { return parameter.param.name; });

class BadEngagements : public ::testing::TestWithParam<BadDocument> {};

TEST_P(BadEngagements, AreRefusedAtThePlace) {
  EXPECT_THAT(ErrorPathsOf(WithEngagement(GetParam().members)),
              ElementsAre("campaigns[0].engagements[0]." + GetParam().path));
}

INSTANTIATE_TEST_SUITE_P(
    AccountDocument, BadEngagements,
    ::testing::Values(BadDocument{"NoType", R"("revision": 2)", "type"},  //
                      BadDocument{"Type", R"("type": "balloon")", "type"},
                      BadDocument{"Zone", R"("type": "peel", "zone": "centre")", "zone"},
                      BadDocument{"Enabled", R"("type": "peel", "enabled": "yes")", "enabled"},
                      BadDocument{"App", R"("type": "peel", "appInstallationIds": ["x"])", "appInstallationIds[0]"},
                      BadDocument{"Skill", R"("type": "peel", "skillId": 3)", "skillId"},
                      BadDocument{"Location", R"("type": "peel", "onsiteLocations": [3])", "onsiteLocations[0]"},
                      BadDocument{"Behavior", R"("type": "peel", "visitorBehaviors": [3])", "visitorBehaviors[0]"},
                      BadDocument{"Policy", R"("type": "peel", "availabilityPolicy": "never")", "availabilityPolicy"},
                      BadDocument{"Language", R"("type": "peel", "language": "")", "language"},
                      BadDocument{"WindowId", R"("type": "peel", "windowId": 77)", "windowId"},
                      BadDocument{"WeightZero", R"("type": "peel", "weight": 0)", "weight"},
                      BadDocument{"WeightText", R"("type": "peel", "weight": "1")", "weight"},
                      BadDocument{"FollowMePages", R"("type": "peel", "followMePages": -1)", "followMePages"},
                      BadDocument{"FollowMeTime", R"("type": "peel", "followMeTime": 0.5)", "followMeTime"}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(AccountDocument, AcceptsTheBoundariesOfItsRanges) {
  auto account = Parsed(Document(R"("settings": {"controlGroup": {"percentage": 25, "salt": "pepper"},
      "priorityShares": {"high": 0, "medium": 0, "low": 1}, "crossSessionPeriodDays": 31, "attribution": "first",
      "proactive": {"maxDisplaysPerSession": 3, "inviteAfterDecline": {"conversation": true}}},
    "campaigns": [{"id": 0, "controlGroup": {"percentage": 100}, "engagements": []},
                  {"id": 2.0, "controlGroup": {"percentage": 0}, "engagements": []}],
    "schedules": [{"id": 1, "shifts": [{"days": ["SUN"], "from": "00:00", "to": "24:00"}]}])"));
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->settings.control_percentage, 25);
  EXPECT_EQ(account->settings.control_salt, "pepper");
  EXPECT_EQ(account->settings.max_displays_per_session, 3);
  EXPECT_TRUE(account->settings.invite_content_after_decline);
  EXPECT_TRUE(account->settings.invite_conversation_after_decline);
  EXPECT_EQ(account->campaigns[0].control_percentage, 100);
  EXPECT_EQ(account->campaigns[1].id, 2);
  EXPECT_EQ(account->campaigns[1].control_percentage, 0);
}

TEST(AccountDocument, TakesNullCapsForNoneButForASessionsEvents) {
  auto account = Parsed(Document(R"("settings": {"caps": {"newSessions": null, "eventsPerSession": null,
                                                          "newSessionsPerAddress": {"perSecond": 0.5}}})"));
  ASSERT_NE(account, nullptr);
  EXPECT_FALSE(account->settings.new_sessions.has_value());
  EXPECT_EQ(account->settings.events_per_session, 10'000);
  EXPECT_EQ(account->settings.new_sessions_per_address->per_second, 0.5);
  EXPECT_EQ(account->settings.new_sessions_per_address->burst, 500);

  account = Parsed(Document(R"("settings": {"caps": null})"));
  ASSERT_NE(account, nullptr);
  EXPECT_FALSE(account->settings.new_sessions.has_value());
  EXPECT_FALSE(account->settings.new_sessions_per_address.has_value());
  EXPECT_EQ(account->settings.events_per_session, 10'000);
}

TEST(AccountDocument, TakesNullElsewhereForAbsent) {
  auto account = Parsed(Document(R"("settings": {"proactive": {"maxDisplaysPerSession": null}}, "skills": null,
    "campaigns": [{"id": 1, "goalId": null, "expirationDate": null, "engagements": []}])"));
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->settings.max_displays_per_session, std::nullopt);
  EXPECT_EQ(account->campaigns[0].expiration, std::nullopt);
}

TEST(AccountDocument, KeepsTokensInLowerCase) {
  std::string token(64, 'A');
  auto account = Parsed(Document(R"("settings": {"apiTokenSha256": [")" + token + R"("]})"));
  ASSERT_NE(account, nullptr);
  EXPECT_THAT(account->settings.api_token_sha256, ElementsAre(std::string(64, 'a')));
}

TEST(AccountDocument, TellsBotsByTheirAgent) {
  auto account = Parsed(Document(R"("settings": {"botPatterns": ["bot\\b", "^curl/"]})"));
  ASSERT_NE(account, nullptr);
  EXPECT_TRUE(account->IsBot("Mozilla/5.0 (compatible; Googlebot/2.1)"));
  EXPECT_TRUE(account->IsBot("CURL/8.0"));
  EXPECT_FALSE(account->IsBot("Mozilla/5.0 (via curl/8.0; robots)"));
  EXPECT_FALSE(account->IsBot(""));
}

TEST(AccountDocument, RefusesWhatOneEventCanNotHold) {
  const std::string document = R"({"accountId": "demo"})";
  EXPECT_THAT(ErrorPathsOf(document + std::string(kMaxDocumentBytes - document.size(), '\n')), ElementsAre());
  EXPECT_THAT(ErrorPathsOf(document + std::string(kMaxDocumentBytes - document.size() + 1, '\n')), ElementsAre(""));
}

TEST(AccountState, TakesSkillsForOnlineUntilTold) {
  AccountState state;
  state.skills[3] = SkillState::kBusy;
  EXPECT_EQ(state.StateOfSkill(3), SkillState::kBusy);
  EXPECT_EQ(state.StateOfSkill(4), SkillState::kOnline);
}

}  // namespace
}  // namespace monitor
