// Runs tests/vectors/decisions/*.json: documents and requests in, decisions out. The files are the behaviour; this only
// compares. tests/vectors/decisions/README.md describes their form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "tests/domain/deciding/scene.h"
#include "tests/domain/deciding/vector_steps.h"

namespace monitor {
namespace {

using json::Value;
using monitor::testing::CompactJson;
using monitor::testing::ExpectFoldOfEvents;
using monitor::testing::IntegerOf;
using monitor::testing::TextOf;
using ::testing::ElementsAreArray;
using ::testing::StartsWith;

using Offers = std::vector<std::pair<std::int64_t, std::int64_t>>;  // engagement, context

std::vector<std::string> TextsOf(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& item : list.items()) texts.push_back(CompactJson(item));
  return texts;
}

std::string Quoted(std::string_view text) {
  std::string out;
  json::Writer(out).String(text);
  return out;
}

template <class Data>
std::vector<const Data*> EventsOf(const Decision& decision) {
  std::vector<const Data*> found;
  for (const Event& event : decision.events) {
    if (const auto* data = std::get_if<Data>(&event.data)) found.push_back(data);
  }
  return found;
}

std::vector<std::string> IdsOf(const std::vector<Entry>& entries) {
  std::vector<std::string> ids;
  for (const Entry& entry : entries) ids.push_back(std::to_string(entry.engagement_id));
  return ids;
}

class Vector {
 public:
  explicit Vector(const Value& file) : file_(file) {}

  void Run() {
    Configure(*file_.Find("document"));
    int number = 0;
    for (const Value& step : file_.Find("steps")->items()) {
      SCOPED_TRACE("step " + std::to_string(++number) + " " + TextOf(step.Find("about")));
      RunStep(step);
    }
    for (const auto& [name, visitor] : scene_.visitors) ExpectFoldOfEvents(visitor);
  }

 private:
  void Configure(const Value& document) { scene_.Configure(CompactJson(document)); }

  void RunStep(const Value& step) {
    const std::string visitor = TextOf(step.Find("visitor"), "v1");
    if (const Value* at = step.Find("at")) now_ = ParseRfc3339(at->text()).value();
    if (const Value* document = step.Find("document")) Configure(*document);
    if (const Value* skill = step.Find("skill")) {
      scene_.SetSkill(IntegerOf(skill->Find("id")), ParseSkillState(TextOf(skill->Find("state"))).value());
    }
    if (const Value* start = step.Find("conversationStarted")) {
      scene_.Tell(visitor, monitor::testing::ReadConversationStart(*start), now_);
    }
    if (const Value* end = step.Find("conversationEnded")) {
      scene_.Tell(visitor, ConversationEnded{ConversationId(end->text())}, now_);
    }
    if (const Value* score = step.Find("abandonScore")) {
      scene_.Tell(visitor, AbandonScoreSet{Decimal::Parse(score->text()).value()}, now_);
    }
    if (const Value* body = step.Find("engagement")) Request(VisitRequest::Kind::kEngagement, visitor, step, *body);
    if (const Value* body = step.Find("report")) Request(VisitRequest::Kind::kReport, visitor, step, *body);
  }

  void Request(VisitRequest::Kind kind, const std::string& visitor, const Value& step, const Value& body) {
    VisitRequest request = scene_.Request(kind, visitor);
    if (const Value* app = step.Find("app")) request.app_installation = AppInstallationId(app->text());
    if (const Value* sid = step.Find("sid")) {
      request.session.reset();
      if (!sid->text().empty()) request.session = SessionId(sid->text());
    }
    request.user_agent = TextOf(step.Find("userAgent"));
    request.address = TextOf(step.Find("address"));
    monitor::testing::ReadBody(body, request);
    const Value& expected = *step.Find("expect");
    if (const Value* reasons = expected.Find("verdicts")) ExpectVerdicts(scene_.Explain(request, now_), *reasons);
    const auto decision = scene_.Run(request, now_);
    if (!decision) {
      EXPECT_EQ(decision.error().status, IntegerOf(expected.Find("status"))) << decision.error().message;
      EXPECT_EQ(decision.error().internal_code, 5);
      EXPECT_THAT(decision.error().message, StartsWith(TextOf(expected.Find("message"))));
      return;
    }
    EXPECT_EQ(decision->new_session ? 201 : 200, IntegerOf(expected.Find("status")));
    ExpectAnswer(*decision, expected);
    ExpectEvents(*decision, expected);
  }

  // Every verdict must be named; "outdrawn", "offered" or the reason of the refusal ("conversation": one is open).
  void ExpectVerdicts(const std::vector<Judgement>& judgements, const Value& expected) {
    std::map<std::string, std::string> wanted, got;
    for (const json::Member& member : expected.members()) wanted[std::string(member.name)] = member.value.text();
    for (const Judgement& one : judgements) {
      std::string text(one.verdict == Verdict::kRefused ? ToText(one.reason) : ToText(one.verdict));
      got[std::to_string(one.engagement_id)] = text.empty() ? "conversation" : text;
    }
    EXPECT_EQ(got, wanted);
  }

  void ExpectAnswer(const Decision& decision, const Value& expected) {
    if (const Value* offers = expected.Find("offers")) {
      Offers got, wanted;
      for (const EngagementDetail& detail : decision.details) {
        got.emplace_back(detail.entry.engagement_id, detail.context_id);
      }
      for (const Value& pair : offers->items()) {
        wanted.emplace_back(IntegerOf(&pair.items()[0]), IntegerOf(&pair.items()[1]));
      }
      EXPECT_EQ(got, wanted);
    }
    const Value* conversation = expected.Find("conversation");
    EXPECT_EQ(decision.conversation ? decision.conversation->id.str() : "", TextOf(conversation));
    if (const Value* session = expected.Find("session")) {
      EXPECT_EQ(decision.session.str(), session->text());
    }
    if (const Value* page = expected.Find("page")) {
      EXPECT_EQ(decision.page.str(), page->text());
    }
    if (const Value* connectors = expected.Find("connectors")) {
      std::vector<std::string> got;
      for (const EngagementDetail& one : decision.details) got.push_back(std::to_string(one.connector_id.value_or(0)));
      EXPECT_THAT(got, ElementsAreArray(TextsOf(*connectors)));
    }
  }

  void ExpectEvents(const Decision& decision, const Value& expected) {
    if (const Value* events = expected.Find("events")) {
      std::vector<std::string> types;
      for (const Event& event : decision.events) types.push_back(Quoted(TypeName(event.data)));
      EXPECT_THAT(types, ElementsAreArray(TextsOf(*events)));
    }
    if (const Value* created = expected.Find("returning")) {
      EXPECT_EQ(EventsOf<SessionCreated>(decision).at(0)->returning, created->boolean());
    }
    ExpectRepeats(decision, expected);
    ExpectGoals(decision, expected);
    ExpectCounted(decision, expected);
    ExpectDraws(decision, expected);
  }

  // `repeat` of the activity, then of each impression.
  void ExpectRepeats(const Decision& decision, const Value& expected) {
    const Value* repeats = expected.Find("repeats");
    if (!repeats) return;
    std::vector<std::string> got;
    for (const auto* activity : EventsOf<ActivityReported>(decision))
      got.push_back(activity->repeat ? "true" : "false");
    for (const auto* one : EventsOf<ImpressionReported>(decision)) got.push_back(one->repeat ? "true" : "false");
    EXPECT_THAT(got, ElementsAreArray(TextsOf(*repeats)));
  }

  void ExpectGoals(const Decision& decision, const Value& expected) {
    const Value* goals = expected.Find("goals");
    if (!goals) return;
    std::vector<std::string> got;
    for (const GoalReached& goal : EventsOf<ActivityReported>(decision).at(0)->goals) {
      std::string text;
      json::Writer out(text);
      out.BeginObject().Key("campaignId").Int(goal.campaign_id).Key("goalId").Int(goal.goal_id);
      out.Key("type").String(ToText(goal.type)).Key("attribute").UInt(goal.attribute);
      if (goal.key) out.Key("key").String(*goal.key);
      if (goal.value) out.Key("value").String(goal.value->ToString());
      if (!goal.currency.empty()) out.Key("currency").String(goal.currency);
      out.EndObject();
      got.push_back(text);
    }
    EXPECT_THAT(got, ElementsAreArray(TextsOf(*goals)));
  }

  // "withheld": by scope ("account" or the campaign's id) the newly withheld; "established": the newly eligible.
  void ExpectCounted(const Decision& decision, const Value& expected) {
    if (const Value* withheld = expected.Find("withheld")) {
      std::map<std::string, std::vector<std::string>> got, wanted;
      for (const auto* one : EventsOf<ControlGroupAssigned>(decision)) {
        const bool account = one->scope == ControlScope::kAccount;
        got[account ? "account" : std::to_string(one->campaign_id)] = IdsOf(one->eligible);
      }
      for (const json::Member& scope : withheld->members()) wanted[std::string(scope.name)] = TextsOf(scope.value);
      EXPECT_EQ(got, wanted);
    }
    if (const Value* established = expected.Find("established")) {
      std::vector<std::string> got;
      for (const auto* one : EventsOf<EligibilityEstablished>(decision)) got = IdsOf(one->eligible);
      EXPECT_THAT(got, ElementsAreArray(TextsOf(*established)));
    }
    if (const Value* withdrawn = expected.Find("withdrawn")) {
      std::vector<std::string> got;
      for (std::uint32_t context : EventsOf<ActivityReported>(decision).at(0)->withdrawn_contexts) {
        got.push_back(std::to_string(context));
      }
      EXPECT_THAT(got, ElementsAreArray(TextsOf(*withdrawn)));
    }
  }

  // The seed and its draws, computed by draws.py from the specification.
  void ExpectDraws(const Decision& decision, const Value& expected) {
    const Value* seed = expected.Find("seed");
    if (!seed) return;
    const auto shown = EventsOf<EngagementShown>(decision);
    ASSERT_FALSE(shown.empty());
    SplitMix64 draws(shown[0]->seed);
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(shown[0]->seed));
    EXPECT_EQ(text, seed->text());
    EXPECT_EQ(shown[0]->configuration_revision.str(), TextOf(expected.Find("revision")));
    for (const Value& choice : expected.Find("choices")->items()) {
      EXPECT_EQ(draws.NextShare(), std::stod(TextOf(choice.Find("share"))));
    }
  }

  const Value& file_;
  monitor::testing::Scene scene_;
  TimeMs now_;
};

std::vector<std::string> VectorNames() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(MONITOR_SOURCE_DIR "/tests/vectors/decisions")) {
    if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

class Decisions : public ::testing::TestWithParam<std::string> {};

TEST_P(Decisions, AreThoseOfTheVector) {
  std::ifstream in(MONITOR_SOURCE_DIR "/tests/vectors/decisions/" + GetParam() + ".json");
  std::stringstream text;
  text << in.rdbuf();
  const std::string content = text.str();
  const auto file = json::Document::Parse(content);
  ASSERT_TRUE(file) << file.error().message << " at " << file.error().offset;
  Vector(file->root()).Run();
}

INSTANTIATE_TEST_SUITE_P(Vectors, Decisions, ::testing::ValuesIn(VectorNames()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

// A vector for every reason that a decision can give, so that none is forgotten.
TEST(DecisionVectors, ShowEveryReason) {
  std::string all;
  for (const std::string& name : VectorNames()) {
    std::ifstream in(MONITOR_SOURCE_DIR "/tests/vectors/decisions/" + name + ".json");
    std::stringstream text;
    text << in.rdbuf();
    all += text.str();
  }
  for (int reason = 1; reason <= static_cast<int>(Reason::kControlCampaign); ++reason) {
    const std::string name(ToText(static_cast<Reason>(reason)));
    EXPECT_TRUE(all.contains(": \"" + name + "\"")) << name;
  }
}

}  // namespace
}  // namespace monitor
