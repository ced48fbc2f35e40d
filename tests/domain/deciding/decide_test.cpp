#include "domain/deciding/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/domain/deciding/random_scene.h"
#include "tests/domain/deciding/scene.h"

namespace monitor {
namespace {

using monitor::testing::ExpectFoldOfEvents;
using monitor::testing::ExpectSameSession;
using monitor::testing::RandomScene;
using monitor::testing::Scene;
using monitor::testing::TestSeed;
using ::testing::SizeIs;
using Kind = VisitRequest::Kind;

const TimeMs kTuesdayMorning = FromUnixMs(1'795'514'400'000);  // 2026-11-24T10:00:00Z

constexpr int kAccounts = 40;
constexpr int kRequestsPerAccount = 150;

// Runs random sessions on random accounts; `check` sees each request with what explain said just before.
template <class Check>
void ForRandomRequests(Check check) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE("MONITOR_TEST_SEED=" + std::to_string(seed));
  for (int account = 0; account < kAccounts; ++account) {
    SCOPED_TRACE("account " + std::to_string(account));
    RandomScene random(seed + static_cast<std::uint64_t>(account));
    Scene scene;
    scene.Configure(random.Document());
    TimeMs now = kTuesdayMorning;
    for (int i = 0; i < kRequestsPerAccount; ++i) {
      now = random.Later(now);
      random.Disturb(scene, now);
      const VisitRequest request = random.Request(scene);
      check(scene, request, now);
      if (::testing::Test::HasFailure()) {
        ADD_FAILURE() << "at request " << i << " of document\n" << scene.account.account->document;
        return;
      }
    }
  }
}

std::set<std::int64_t> OfferedIn(const std::vector<Judgement>& judgements) {
  std::set<std::int64_t> offered;
  for (const Judgement& one : judgements) {
    if (one.verdict == Verdict::kOffered) offered.insert(one.engagement_id);
  }
  return offered;
}

std::set<std::int64_t> OfferedIn(const Decision& decision) {
  std::set<std::int64_t> offered;
  for (const EngagementDetail& detail : decision.details) offered.insert(detail.entry.engagement_id);
  return offered;
}

std::set<std::int64_t> RefusedIn(const std::vector<Judgement>& judgements) {
  std::set<std::int64_t> refused;
  for (const Judgement& one : judgements) {
    if (one.verdict == Verdict::kRefused) refused.insert(one.engagement_id);
  }
  return refused;
}

TEST(Explain, SaysExactlyWhatALiveSessionGetsNext) {
  std::size_t offers = 0;
  ForRandomRequests([&](Scene& scene, const VisitRequest& request, TimeMs now) {
    const auto explained = scene.Explain(request, now);
    const auto decision = scene.Run(request, now);
    if (!decision || request.kind == Kind::kReport) return;
    const auto offered = OfferedIn(*decision);
    offers += offered.size();
    if (!decision->new_session) {
      EXPECT_EQ(offered, OfferedIn(explained));
      return;
    }
    // Without a session the draw is an example, but what is refused is refused, and as much is offered.
    EXPECT_EQ(offered.size(), OfferedIn(explained).size());
    for (std::int64_t refused : RefusedIn(explained)) EXPECT_FALSE(offered.contains(refused)) << refused;
  });
  EXPECT_GT(offers, 1'000u) << "the property must not hold for want of offers";
}

TEST(Explain, LeavesNoTraceAndRepeatsItself) {
  ForRandomRequests([&](Scene& scene, const VisitRequest& request, TimeMs now) {
    const auto& visitor = scene.visitors[request.visitor.str()];
    const auto before = visitor;
    const auto first = scene.Explain(request, now);
    const auto second = scene.Explain(request, now);
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(first[i].verdict, second[i].verdict);
      EXPECT_EQ(first[i].reason, second[i].reason);
    }
    EXPECT_EQ(visitor.state, before.state);
    for (const auto& [id, session] : before.sessions) ExpectSameSession(visitor.sessions.at(id), session);
    (void)scene.Run(request, now);
  });
}

TEST(Decision, LeavesTheStateThatAFoldOfItsEventsGives) {
  ForRandomRequests([&](Scene& scene, const VisitRequest& request, TimeMs now) {
    const auto before = scene.visitors[request.visitor.str()];
    const auto decision = scene.Run(request, now);
    const auto& after = scene.visitors[request.visitor.str()];
    if (!decision) {
      EXPECT_EQ(after.state, before.state) << "a refusal changes nothing";
      EXPECT_EQ(after.events.size(), before.events.size());
      return;
    }
    EXPECT_EQ(decision->visitor_changed, !(after.state == before.state));
    ExpectFoldOfEvents(after);
  });
}

// The events of a request come in the order of events.md section 1.
std::ptrdiff_t RankOf(const EventData& data) {
  constexpr std::string_view kOrder[] = {"session-created",        "activity-reported",       "impression-reported",
                                         "control-group-assigned", "eligibility-established", "engagement-shown",
                                         "session-closed"};
  return std::ranges::find(kOrder, TypeName(data)) - kOrder;
}

void ExpectOrderOfEvents(const Decision& decision, std::uint64_t version_before) {
  EXPECT_EQ(decision.expected_version, decision.new_session ? 0 : version_before);
  std::ptrdiff_t last = 0;
  for (const Event& event : decision.events) {
    EXPECT_GE(RankOf(event.data), last);
    last = RankOf(event.data);
    EXPECT_EQ(event.scope.session, decision.session);
  }
  const std::size_t activity = decision.new_session ? 1 : 0;
  ASSERT_GT(decision.events.size(), activity);
  EXPECT_TRUE(std::holds_alternative<ActivityReported>(decision.events[activity].data));
}

void ExpectOrderOfDetails(const Decision& decision) {
  const auto place = [](const EngagementDetail& detail) {
    const bool embedded = detail.entry.zone == Zone::kEmbedded;
    return std::tuple(detail.entry.zone, embedded ? detail.entry.engagement_id : 0);
  };
  for (std::size_t i = 1; i < decision.details.size(); ++i) {
    EXPECT_LT(place(decision.details[i - 1]), place(decision.details[i])) << "one offer a zone, in their order";
  }
}

TEST(Decision, KeepsOrderAndOneOfferAZone) {
  ForRandomRequests([&](Scene& scene, const VisitRequest& request, TimeMs now) {
    const auto& visitor = scene.visitors[request.visitor.str()];
    const std::uint64_t version = request.session ? visitor.sessions.at(request.session->str()).version : 0;
    const auto decision = scene.Run(request, now);
    if (!decision) return;
    ExpectOrderOfEvents(*decision, version);
    ExpectOrderOfDetails(*decision);
    if (request.kind == Kind::kReport || decision->conversation) {
      EXPECT_THAT(decision->details, SizeIs(0));
    }
  });
}

// What was counted in one session so far: each entry once a scope, contexts without gap.
struct Counted {
  std::set<std::tuple<ControlScope, std::int64_t, std::int64_t>> withheld;
  std::set<std::pair<std::int64_t, std::int64_t>> established;
  std::uint32_t last_context = 0;
};

void Count(const Event& event, Counted& counted) {
  if (const auto* assigned = std::get_if<ControlGroupAssigned>(&event.data)) {
    for (const Entry& entry : assigned->eligible) {
      EXPECT_TRUE(counted.withheld.insert({assigned->scope, entry.campaign_id, entry.engagement_id}).second);
      counted.established.insert({entry.campaign_id, entry.engagement_id});
    }
  } else if (const auto* established = std::get_if<EligibilityEstablished>(&event.data)) {
    for (const Entry& entry : established->eligible) {
      EXPECT_TRUE(counted.established.insert({entry.campaign_id, entry.engagement_id}).second);
    }
  } else if (const auto* shown = std::get_if<EngagementShown>(&event.data)) {
    EXPECT_EQ(shown->context_id, ++counted.last_context);
    counted.established.insert({shown->entry.campaign_id, shown->entry.engagement_id});
  }
}

TEST(Decision, CountsEachEntryOnceAScopeAndSession) {
  ForRandomRequests([&](Scene& scene, const VisitRequest& request, TimeMs now) {
    if (!scene.Run(request, now)) return;
    std::map<std::string, Counted> sessions;
    for (const auto& [event, time] : scene.visitors[request.visitor.str()].events) {
      Count(event, sessions[event.scope.session.str()]);
    }
  });
}

TEST(Decision, IsTheSameForTheSameFacts) {
  Scene twin;
  ForRandomRequests([&](Scene& scene, const VisitRequest& request, TimeMs now) {
    twin.account = scene.account;
    twin.visitors = scene.visitors;  // folded elsewhere: the memos are gone
    for (auto& [name, visitor] : twin.visitors) {
      for (auto& [id, session] : visitor.sessions) session.location_memo = {}, session.decision_memo = {};
    }
    const auto first = scene.Run(request, now);
    const auto second = twin.Run(request, now);
    ASSERT_EQ(first.has_value(), second.has_value());
    if (!first) {
      EXPECT_EQ(first.error().message, second.error().message);
      return;
    }
    ASSERT_EQ(first->details.size(), second->details.size());
    for (std::size_t i = 0; i < first->details.size(); ++i) {
      EXPECT_EQ(first->details[i].entry, second->details[i].entry);
      EXPECT_EQ(first->details[i].context_id, second->details[i].context_id);
    }
    ASSERT_EQ(first->events.size(), second->events.size());
    ExpectSameSession(twin.visitors[request.visitor.str()].sessions[first->session.str()],
                      scene.visitors[request.visitor.str()].sessions[first->session.str()]);
  });
}

// A small account for what the vectors do not name.
class SmallAccount : public ::testing::Test {
 protected:
  void SetUp() override {
    scene.Configure(R"({"accountId":"shop","name":"Shop","timeZone":"Europe/Berlin","currency":"EUR",
      "appInstallations":[{"id":"web"}],"skills":[{"id":3,"name":"sales"}],
      "settings":{"controlGroup":{"percentage":0},"attribution":"first","crossSessionPeriodDays":7,
                  "botPatterns":["bot"],"session":{"maxAge":7200}},
      "campaigns":[{"id":1,"controlGroup":{"percentage":0},"engagements":[
        {"id":11,"channel":"messaging","type":"sticky","skillId":3,"windowId":"77","connectorId":5,"language":"de-DE",
         "revision":4,"displayInstances":[{"x":1}]}]}]})");
  }

  Scene scene;
};

TEST_F(SmallAccount, GivesASessionWhatItsConsumersNeed) {
  VisitRequest request = scene.Request(Kind::kEngagement, "v1");
  request.user_agent = "GoogleBot/2.1";
  request.address = "192.0.2.77";
  request.stored_address = "192.0.2.0";
  const auto decision = scene.Run(request, kTuesdayMorning);
  ASSERT_TRUE(decision);
  const auto& created = std::get<SessionCreated>(decision->events[0].data);
  EXPECT_EQ(created.time_zone, "Europe/Berlin");
  EXPECT_EQ(created.currency, "EUR");
  EXPECT_EQ(created.attribution, Attribution::kFirst);
  EXPECT_EQ(created.attribution_period_days, 7);
  EXPECT_EQ(created.max_age_s, 7'200);
  EXPECT_TRUE(created.bot);
  EXPECT_EQ(created.ip_address, "192.0.2.0");
  EXPECT_EQ(created.device_family, DeviceFamilyOf(request.user_agent));
}

TEST_F(SmallAccount, DescribesAnOfferInFull) {
  const auto decision = scene.Run(scene.Request(Kind::kEngagement, "v1"), kTuesdayMorning);
  ASSERT_TRUE(decision);
  ASSERT_THAT(decision->details, SizeIs(1));
  const EngagementDetail& detail = decision->details[0];
  EXPECT_EQ(detail.entry, (Entry{1, 11, 4, Zone::kRight, Channel::kMessaging, "de-DE"}));
  EXPECT_EQ(detail.connector_id, 5);
  EXPECT_EQ(detail.window_id, "77");
  EXPECT_EQ(detail.skill_id, 3);
  EXPECT_EQ(detail.skill_name, "sales");
  EXPECT_EQ(detail.display_instances, R"([{"x":1}])");
}

TEST_F(SmallAccount, IsExplainedWithoutSessionAndVisitorAsAnExample) {
  VisitRequest request = scene.Request(Kind::kReport, "");
  request.session.reset();
  request.fresh_session = SessionId();
  const auto judgements = scene.Explain(request, kTuesdayMorning);
  ASSERT_THAT(judgements, SizeIs(1));
  EXPECT_EQ(judgements[0].verdict, Verdict::kOffered);
}

TEST_F(SmallAccount, KeepsTheMaximumAgeASessionBeganWith) {
  ASSERT_TRUE(scene.Run(scene.Request(Kind::kEngagement, "v1"), kTuesdayMorning));
  SessionState session = scene.visitors["v1"].sessions["s1"];
  session.last_activity_at = kTuesdayMorning + std::chrono::hours(2);
  Settings settings = scene.account.account->settings;
  settings.max_age_s = 1;
  EXPECT_TRUE(IsLive(session, settings, kTuesdayMorning + std::chrono::hours(2)));
  EXPECT_FALSE(IsLive(session, settings, kTuesdayMorning + std::chrono::hours(2) + std::chrono::milliseconds(1)));
  session.last_activity_at = kTuesdayMorning;
  EXPECT_TRUE(IsLive(session, settings, kTuesdayMorning - std::chrono::milliseconds(5))) << "the clock was corrected";
  EXPECT_FALSE(IsLive(session, settings, kTuesdayMorning - std::chrono::days(400))) << "the clock had jumped ahead";
}

}  // namespace
}  // namespace monitor
