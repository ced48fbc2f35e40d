// Runs tests/vectors/conditions/*.json; their README says how to read and extend them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "domain/account/account.h"
#include "domain/deciding/conditions.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

using json::Value;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string TextOf(const Value& object, std::string_view member, std::string otherwise = "") {
  const Value* value = object.Find(member);
  return value ? std::string(value->text()) : otherwise;
}

TimeMs InstantOf(const Value& object, std::string_view member) {
  auto instant = ParseRfc3339(TextOf(object, member));
  EXPECT_TRUE(instant) << member << " must be a date";
  return instant.value_or(TimeMs{});
}

std::string JsonOf(const Value& value) {
  std::string text;
  json::Writer(text).Copy(value);
  return text;
}

// The case's rule in an account of its own: one campaign, engagement 11 carries the rule and 12 none.
std::string DocumentOf(const Value& file, const Value& vector) {
  std::string document;
  json::Writer writer(document);
  writer.BeginObject().Key("accountId").String("vectors");
  if (const Value* account = file.Find("account")) {
    for (const json::Member& member : account->members()) writer.Key(member.name).Copy(member.value);
  }
  const std::string judged = TextOf(file, "judged");
  auto rules = [&](std::string_view library, std::string_view member) {
    writer.Key(library).BeginArray().BeginObject().Key("id").Int(1);
    writer.Key(member).Copy(*vector.Find(member)).EndObject().EndArray();
  };
  if (judged == "profile") rules("visitorProfiles", "conditions");
  if (judged == "behavior") rules("visitorBehaviors", "conditions");
  if (judged == "location") {
    writer.Key("onsiteLocations").BeginArray().BeginObject().Key("id").Int(1);
    for (std::string_view member : {"include", "exclude"}) {
      if (const Value* matchers = vector.Find(member)) writer.Key(member).Copy(*matchers);
    }
    writer.EndObject().EndArray();
  }

  writer.Key("campaigns").BeginArray().BeginObject().Key("id").Int(1);
  if (judged == "profile") writer.Key("visitorProfiles").BeginArray().Int(1).EndArray();
  if (const Value* campaign = vector.Find("campaign")) {
    for (const json::Member& member : campaign->members()) writer.Key(member.name).Copy(member.value);
  }
  writer.Key("engagements").BeginArray();
  for (std::int64_t id : {11, 12}) {
    writer.BeginObject().Key("id").Int(id).Key("channel").String("messaging").Key("type").String("sticky");
    if (id == 11 && judged == "behavior") writer.Key("visitorBehaviors").BeginArray().Int(1).EndArray();
    if (id == 11 && judged == "location") writer.Key("onsiteLocations").BeginArray().Int(1).EndArray();
    writer.EndObject();
  }
  writer.EndArray().EndObject().EndArray().EndObject();
  return document;
}

// The session and the visitor, folded from the events that the case's requests would have appended.
class Story {
 public:
  explicit Story(const Value& vector) : vector_(vector) {
    const Value* requests = vector.Find("requests");
    if (requests == nullptr) return;
    Begin(requests->items().front());
    for (const Value& request : requests->items()) Report(request);
    if (const Value* conversations = vector.Find("conversations")) {
      for (const Value& engagement : conversations->items())
        StartConversation(std::stoll(std::string(engagement.text())));
    }
    if (const Value* score = vector.Find("abandonScore")) {
      Evolve(visitor, {{.account = kAccount, .visitor = kVisitor}, AbandonScoreSet{*Decimal::Parse(score->text())}},
             now);
    }
  }

  SessionState session;
  VisitorState visitor;
  TimeMs now{};

 private:
  static inline const AccountId kAccount{"vectors"};
  static inline const VisitorId kVisitor{"v"};

  void Append(EventData data) {
    Event event{{kAccount, kVisitor, SessionId("s"), AppInstallationId("web")}, std::move(data)};
    Evolve(session, event, now);
    Evolve(visitor, event, now);
  }

  static std::optional<ClientProperties> PropertiesOf(const Value& request) {
    const Value* sent = request.Find("clientProperties");
    if (sent == nullptr) return std::nullopt;
    return ClientProperties{ParseDeviceFamily(TextOf(*sent, "deviceFamily")), TextOf(*sent, "referrer"), JsonOf(*sent)};
  }

  void Begin(const Value& request) {
    now = InstantOf(request, "at");
    SessionCreated created;
    created.client_properties = PropertiesOf(request).value_or(ClientProperties{});
    created.user_agent = TextOf(request, "userAgent");
    created.device_family = created.client_properties.device_family;
    if (!created.device_family) created.device_family = DeviceFamilyOf(created.user_agent);
    const Value* returning = vector_.Find("returning");
    created.returning = returning != nullptr && returning->boolean();
    Append(created);
  }

  void Report(const Value& request) {
    now = InstantOf(request, "at");
    ActivityReported activity;
    activity.page_id = PageId(TextOf(request, "pageId", "page"));
    activity.decided_at = now;
    activity.client_properties = PropertiesOf(request);
    if (const Value* points = request.Find("entryPoints")) {
      for (const Value& point : points->items()) activity.entry_points.emplace_back(point.text());
    }
    if (const Value* attributes = request.Find("engagementAttributes")) {
      for (const Value& one : attributes->items()) {
        activity.engagement_attributes.push_back({ParseAttributeType(TextOf(one, "type")).value(), JsonOf(one)});
      }
    }
    Append(activity);
    if (const Value* impressions = request.Find("impressions")) {
      for (const Value& one : impressions->items()) Impress(one);
    }
  }

  void Impress(const Value& impression) {
    ImpressionReported reported{};
    reported.kind = ParseImpressionKind(TextOf(impression, "kind")).value();
    reported.context_id = 1;
    reported.entry = EntryOf(std::stoll(TextOf(impression, "engagementId")));
    Append(reported);
  }

  static Entry EntryOf(std::int64_t engagement) {
    return {1, engagement, 1, Zone::kRight, Channel::kMessaging, "en-US"};
  }

  void StartConversation(std::int64_t engagement) {
    ConversationStarted started;
    started.conversation_id = ConversationId("c");
    started.entry = EntryOf(engagement);
    started.session_id = SessionId("s");
    Evolve(visitor, {{.account = kAccount, .visitor = kVisitor}, started}, now);
  }

  const Value& vector_;
};

bool Judged(const Value& file, const Value& vector, const Account& account) {
  Story story(vector);
  RequestFacts facts{story.now};
  if (vector.Find("now") != nullptr) facts.now = InstantOf(vector, "now");
  std::string address = TextOf(vector, "address");
  facts.address = address;
  if (const Value* geo = vector.Find("geo")) {
    facts.geo = {TextOf(*geo, "country"), TextOf(*geo, "region"), TextOf(*geo, "city")};
  }
  ConditionEvaluator judge(account, story.session, story.visitor, facts);
  const Campaign& campaign = account.campaigns.front();
  const Engagement& engagement = campaign.engagements.front();
  std::string judged = TextOf(file, "judged");
  if (judged == "profile") return judge.ProfilesMatch(campaign);
  if (judged == "behavior") return judge.BehaviorsMatch(engagement);
  if (judged == "location") return judge.LocationsMatch(engagement);
  EXPECT_EQ(judged, "hours");
  return judge.InHours(campaign);
}

std::vector<std::string> VectorFiles() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(MONITOR_SOURCE_DIR "/tests/vectors/conditions")) {
    if (file.path().extension() == ".json") names.push_back(file.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

class ConditionVectors : public ::testing::TestWithParam<std::string> {};

TEST_P(ConditionVectors, AreJudgedAsExpected) {
  std::string text = ReadFile(MONITOR_SOURCE_DIR "/tests/vectors/conditions/" + GetParam() + ".json");
  auto document = json::Document::Parse(text);
  ASSERT_TRUE(document) << document.error().message << " at byte " << document.error().offset;
  const Value& file = document->root();
  ASSERT_NE(file.Find("cases"), nullptr);
  for (const Value& vector : file.Find("cases")->items()) {
    SCOPED_TRACE(TextOf(vector, "name"));
    auto account = ParseAccount(DocumentOf(file, vector));
    if (!account) {
      for (const DocumentError& error : account.error()) ADD_FAILURE() << error.path << " " << error.message;
      continue;
    }
    ASSERT_NE(vector.Find("expected"), nullptr);
    EXPECT_EQ(Judged(file, vector, **account), vector.Find("expected")->boolean());
  }
}

// Every `type` in the conditions of all vectors of that kind.
std::set<std::string> TypesInVectors(std::string_view judged) {
  std::set<std::string> types;
  for (const std::string& name : VectorFiles()) {
    const auto document =
        json::Document::Parse(ReadFile(MONITOR_SOURCE_DIR "/tests/vectors/conditions/" + name + ".json"));
    if (!document || TextOf(document->root(), "judged") != judged) continue;
    for (const Value& vector : document->root().Find("cases")->items()) {
      for (const Value& condition : vector.Find("conditions")->items()) types.insert(TextOf(condition, "type"));
    }
  }
  return types;
}

// As the error about an unknown one lists them.
std::set<std::string> KnownTypes(const std::string& library) {
  const auto account =
      ParseAccount(R"({"accountId": "a", ")" + library + R"(": [{"id": 1, "conditions": [{"type": "?"}]}]})");
  constexpr std::string_view kBegin = "must be one of ";
  if (account || !account.error().front().message.starts_with(kBegin)) return {};
  std::istringstream list(account.error().front().message.substr(kBegin.size()));
  std::set<std::string> types;
  for (std::string type; std::getline(list >> std::ws, type, ',');) types.insert(type);
  return types;
}

// tests/schemas judges every vector by the published schema, so a type with a vector is in the schema, too.
TEST(AllConditionVectors, ShowEveryTypeOfCondition) {
  EXPECT_THAT(KnownTypes("visitorProfiles"), testing::SizeIs(testing::Gt(10u)));
  EXPECT_EQ(KnownTypes("visitorProfiles"), TypesInVectors("profile"));
  EXPECT_EQ(KnownTypes("visitorBehaviors"), TypesInVectors("behavior"));
}

// Test names take no hyphens.
std::string TestName(const ::testing::TestParamInfo<std::string>& file) {
  std::string name = file.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Every, ConditionVectors, ::testing::ValuesIn(VectorFiles()), TestName);

}  // namespace
}  // namespace monitor
