#include "tests/domain/deciding/random_scene.h"

#include <cstdlib>

namespace monitor::testing {
namespace {

constexpr const char* kChannels[] = {"messaging", "chat", "content"};
constexpr const char* kTypes[] = {"embedded", "sticky", "slideout", "overlay", "app"};
constexpr const char* kPolicies[] = {"online", "onlineOrBusy", "always"};
constexpr const char* kPriorities[] = {"high", "medium", "low"};
constexpr const char* kSections[] = {"sec://start", "sec://sale", "sec://help"};

constexpr const char* kLibraries = R"(
  "skills": [{"id": 1}, {"id": 2}],
  "goals": [{"id": 1, "type": "purchase"}, {"id": 2, "type": "service"}],
  "onsiteLocations": [{"id": 1, "include": [{"section": "start"}]}, {"id": 2, "exclude": [{"section": "sale"}]}],
  "visitorProfiles": [{"id": 1, "conditions": [{"type": "visitor", "is": "returning"}]},
                      {"id": 2, "conditions": [{"type": "platform", "in": ["DESKTOP"]}]},
                      {"id": 3, "conditions": [{"type": "referral", "contains": "a.example"}]}],
  "visitorBehaviors": [{"id": 1, "conditions": [{"type": "cartValue", "from": 50}]},
                       {"id": 2, "conditions": [{"type": "engagedInSession", "state": "exposed", "exclude": true}]},
                       {"id": 3, "conditions": [{"type": "visitorError", "code": "e", "ordinal": 2}]},
                       {"id": 4, "conditions": [{"type": "serviceActivity", "topic": "t", "statuses": [0]}]}],
  "schedules": [{"id": 1, "shifts": [{"days": ["MON", "TUE", "WED", "THU", "FRI"], "from": "08:00", "to": "20:00"}]}])";

std::string Number(const char* name, std::int64_t value) {
  return ", \"" + std::string(name) + "\": " + std::to_string(value);
}

std::string Word(const char* name, const char* word) { return ", \"" + std::string(name) + "\": \"" + word + "\""; }

}  // namespace

std::uint64_t TestSeed() {
  const char* given = std::getenv("MONITOR_TEST_SEED");
  return given && *given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

std::string RandomScene::Engagement(int id) {
  std::string text =
      "{\"id\": " + std::to_string(id) + Word("channel", kChannels[Pick(3)]) + Word("type", kTypes[Pick(5)]);
  if (Chance(15)) text += Word("zone", "left");
  if (Chance(40)) text += Number("skillId", 1 + Pick(2)) + Word("availabilityPolicy", kPolicies[Pick(3)]);
  if (Chance(30)) text += ", \"onsiteLocations\": [" + std::to_string(1 + Pick(2)) + "]";
  if (Chance(25)) text += ", \"visitorBehaviors\": [" + std::to_string(1 + Pick(4)) + "]";
  if (Chance(10)) text += ", \"appInstallationIds\": [\"mobile\"]";
  if (Chance(25)) text += Number("followMePages", 1 + Pick(3));
  if (Chance(25)) text += Number("followMeTime", 1 + Pick(600));
  if (Chance(5)) text += ", \"enabled\": false";
  return text + Number("weight", 1 + Pick(5)) + "}";
}

std::string RandomScene::Campaign(int id) {
  std::string text = "{\"id\": " + std::to_string(id) + Word("priority", kPriorities[Pick(3)]);
  if (Chance(10)) text += Word("status", "unpublished");
  if (Chance(20)) text += ", \"visitorProfiles\": [" + std::to_string(1 + Pick(3)) + "]";
  if (Chance(20)) text += Number("scheduleId", 1);
  if (Chance(40)) text += Number("goalId", 1 + Pick(2));
  if (Chance(60)) text += ", \"controlGroup\": {\"percentage\": " + std::to_string(Pick(40)) + "}";
  text += ", \"engagements\": [";
  for (int i = 0, count = 1 + Pick(5); i < count; ++i) text += (i ? ", " : "") + Engagement(id * 100 + i);
  return text + "]}";
}

std::string RandomScene::Document() {
  std::string text = "{\"accountId\": \"random\", \"appInstallations\": [{\"id\": \"web\"}, {\"id\": \"mobile\"}],";
  text += kLibraries;
  text += ", \"settings\": {\"controlGroup\": {\"percentage\": " + std::to_string(Pick(26)) + "}";
  if (Chance(50)) text += ", \"proactive\": {\"maxDisplaysPerSession\": " + std::to_string(1 + Pick(3)) + "}";
  if (Chance(30)) text += ", \"caps\": {\"eventsPerSession\": " + std::to_string(5 + Pick(60)) + "}";
  text += "}, \"campaigns\": [";
  for (int i = 0, count = 1 + Pick(6); i < count; ++i) text += (i ? ", " : "") + Campaign(i + 1);
  return text + "]}";
}

VisitRequest RandomScene::Request(Scene& scene) {
  const auto kind = Chance(60) ? VisitRequest::Kind::kEngagement : VisitRequest::Kind::kReport;
  const std::string visitor = "v" + std::to_string(Pick(3));
  VisitRequest request = scene.Request(kind, visitor);
  if (Chance(5)) request.session.reset();
  if (Chance(80)) request.page = PageId("p" + std::to_string(Pick(6)));
  if (Chance(15)) request.app_installation = AppInstallationId("mobile");
  if (Chance(60)) request.entry_points.push_back(kSections[Pick(3)]);
  if (Chance(30)) request.user_agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/115.0";
  if (Chance(20)) request.client_properties = ClientProperties{DeviceFamily::kMobile, "https://a.example/", "{}"};
  if (Chance(10)) request.identities.push_back({"", "ann", "loa1", IdentityHash("ann")});
  AddAttributes(request);
  const auto& held = scene.visitors[visitor];
  if (kind == VisitRequest::Kind::kReport && request.session && Chance(70)) {
    AddImpressions(held.sessions.at(held.newest_session), request);
  }
  return request;
}

void RandomScene::AddAttributes(VisitRequest& request) {
  if (Chance(25)) {
    const std::string total = std::to_string(Pick(4) * 25);
    request.attributes.push_back({AttributeType::kCart, R"({"type":"cart","total":")" + total + R"(","numItems":1})"});
  }
  if (Chance(10)) {
    request.attributes.push_back({AttributeType::kPurchase, R"({"type":"purchase","total":"9.5","orderId":"o1"})"});
  }
  if (Chance(10)) {
    request.attributes.push_back(
        {AttributeType::kService, R"({"type":"service","service":{"topic":"T","status":0,"serviceId":"x"}})"});
  }
  if (Chance(10)) {
    request.attributes.push_back({AttributeType::kError, R"({"type":"error","error":{"code":"E","message":"m"}})"});
  }
}

// Most name an offer of the session, some none.
void RandomScene::AddImpressions(const SessionState& session, VisitRequest& request) {
  for (std::uint32_t i = 0; i < 1 + static_cast<std::uint32_t>(Pick(3)) && !session.offers.empty(); ++i) {
    const Offer& offer = session.offers[static_cast<std::size_t>(Pick(static_cast<int>(session.offers.size())))];
    SentImpression impression{static_cast<ImpressionKind>(Chance(70) ? 0 : Pick(5)), session.EntryOf(offer).campaign_id,
                              session.EntryOf(offer).engagement_id};
    if (Chance(70)) impression.context_id = std::to_string(Chance(95) ? offer.context_id : offer.context_id + 1);
    if (Chance(30)) impression.revision = 1;
    impression.index = static_cast<std::uint32_t>(request.attributes.size()) + i;
    request.impressions.push_back(std::move(impression));
  }
}

TimeMs RandomScene::Later(TimeMs now) {
  if (Chance(3)) return now + std::chrono::minutes(25 + Pick(10));
  if (Chance(40)) return now + std::chrono::seconds(Pick(300));
  return now + std::chrono::milliseconds(Pick(2'000));
}

void RandomScene::Disturb(Scene& scene, TimeMs now) {
  if (Chance(10)) scene.SetSkill(1 + Pick(2), static_cast<SkillState>(Pick(3)));
  if (Chance(2)) scene.Configure(Document());
  const std::string visitor = "v" + std::to_string(Pick(3));
  if (Chance(3)) {
    ConversationStarted started;
    started.conversation_id = ConversationId("c" + std::to_string(++conversations_));
    if (Chance(50)) started.identity = Identity{"", "ann", "loa1", IdentityHash("ann")};
    scene.Tell(visitor, started, now);
  }
  if (Chance(20) && conversations_ > 0) {
    const ConversationId id("c" + std::to_string(conversations_));
    for (int i = 0; i < 3; ++i) scene.Tell("v" + std::to_string(i), ConversationEnded{id}, now);
  }
}

}  // namespace monitor::testing
