#include "domain/deciding/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "domain/account/library.h"
#include "domain/deciding/session_texts.h"
#include "domain/deciding/visitor_json.h"
#include "domain/values/hash.h"
#include "tests/domain/deciding/random_scene.h"
#include "tests/domain/deciding/scene.h"

namespace monitor {
namespace {

using testing::ExpectSameSession;
using testing::RandomScene;
using testing::Scene;
using testing::SceneVisitor;
using ::testing::SizeIs;

const TimeMs kNoon = FromUnixMs(1'795'000'000'000);

void ForRandomRequests(int scenes, const std::function<void(Scene&, Scene&, const VisitRequest&, TimeMs)>& run) {
  const std::uint64_t seed = testing::TestSeed();
  SCOPED_TRACE("MONITOR_TEST_SEED=" + std::to_string(seed));
  for (int i = 0; i < scenes; ++i) {
    RandomScene random(seed + static_cast<std::uint64_t>(i));
    Scene scene, twin;
    scene.Configure(random.Document());
    TimeMs now = kNoon;
    for (int request = 0; request < 60; ++request) {
      now = random.Later(now);
      random.Disturb(scene, now);
      run(scene, twin, random.Request(scene), now);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// Of one session, as whoever loads it does: texts are forgotten after each event.
SessionState FoldOf(const SceneVisitor& visitor, const SessionId& session, const Account& account,
                    SessionState state = {}, std::size_t from = 0, std::size_t to = ~std::size_t{0}) {
  std::size_t index = 0;
  for (const auto& [event, time] : visitor.events) {
    if (event.scope.session != session) continue;
    if (index >= from && index < to) {
      Evolve(state, event, time);
      ForgetTexts(account, state);
    }
    ++index;
  }
  return state;
}

SessionState Restored(const SessionState& session) {
  auto read = UnpackSession(PackSession(session));
  EXPECT_TRUE(read);
  return read.value_or(SessionState{});
}

TEST(SessionSnapshot, GivesBackEveryField) {
  ForRandomRequests(60, [](Scene& scene, Scene&, const VisitRequest& request, TimeMs now) {
    const auto decision = scene.Run(request, now);
    if (!decision) return;
    SessionState session = scene.visitors[request.visitor.str()].sessions[decision->session.str()];
    ForgetTexts(*scene.account.account, session);
    const SessionState read = Restored(session);
    ExpectSameSession(read, session);
    EXPECT_EQ(read.location_memo, session.location_memo);
    EXPECT_TRUE(read.texts_forgotten);
    EXPECT_EQ(SessionIdOf(PackSession(session)), session.id);
  });
}

// Whatever was forgotten, however often it went through bytes: each request is decided as by a session that kept all.
TEST(SessionSnapshot, DecidesAsASessionThatForgotNothing) {
  ForRandomRequests(120, [](Scene& scene, Scene& packed, const VisitRequest& request, TimeMs now) {
    const Account& account = *scene.account.account;
    packed.account = scene.account;
    for (const auto& [name, visitor] : scene.visitors) {
      SceneVisitor& twin = packed.visitors[name];
      twin.state = *UnpackVisitor(PackVisitor(visitor.state));
      twin.newest_session = visitor.newest_session;
      for (const auto& [id, session] : visitor.sessions) {
        SessionState& state = twin.sessions[id];
        const bool same_stream = state.exists() && state.version == session.version && IsJudgeable(account, state);
        state = same_stream ? Restored(state) : FoldOf(visitor, session.id, account);
      }
      std::erase_if(twin.sessions, [&](const auto& one) { return !visitor.sessions.contains(one.first); });
    }
    const auto expected = scene.Run(request, now);
    const auto actual = packed.Run(request, now);
    ASSERT_EQ(actual.has_value(), expected.has_value());
    if (!expected) return;
    ASSERT_EQ(actual->events.size(), expected->events.size());
    for (std::size_t i = 0; i < expected->details.size(); ++i) {
      EXPECT_EQ(actual->details[i].entry, expected->details[i].entry);
      EXPECT_EQ(actual->details[i].context_id, expected->details[i].context_id);
    }
    SessionState& kept = packed.visitors[request.visitor.str()].sessions[actual->session.str()];
    ForgetTexts(account, kept);
    SessionState whole = scene.visitors[request.visitor.str()].sessions[expected->session.str()];
    ForgetTexts(account, whole);
    EXPECT_EQ(PackSession(kept), PackSession(whole));
  });
}

TEST(SessionSnapshot, AndItsTailAreTheFoldFromScratchForEveryPrefix) {
  ForRandomRequests(25, [](Scene& scene, Scene&, const VisitRequest& request, TimeMs now) {
    const auto decision = scene.Run(request, now);
    if (!decision) return;
    const Account& account = *scene.account.account;
    const SceneVisitor& visitor = scene.visitors[request.visitor.str()];
    const SessionState whole = FoldOf(visitor, decision->session, account);
    SessionState prefix;
    for (std::size_t cut = 1; cut < whole.version; ++cut) {
      prefix = FoldOf(visitor, decision->session, account, std::move(prefix), cut - 1, cut);
      const SessionState read = FoldOf(visitor, decision->session, account, Restored(prefix), cut);
      ASSERT_EQ(PackSession(read), PackSession(whole)) << cut << " of " << whole.version;
    }
  });
}

// One of everything, so that a changed layout can not go unseen.
SessionState SampleSession() {
  SessionState s;
  s.id = SessionId("00112233445566778899aabbccddeeff");
  s.version = 41;
  s.created_at = kNoon;
  s.last_activity_at = kNoon + std::chrono::seconds(90);
  s.bot = true;
  s.returning = true;
  s.device_family = DeviceFamily::kTablet;
  s.ip_address = "192.0.2.0";
  s.max_age_s = 21'600;
  s.address_matches = {1, 7};
  s.address_matches_version = 3;
  s.activities = 9;
  s.last_context = 2;
  s.texts_forgotten = true;
  s.location_memo = {Revision("0123456789abcdef"), 2, {1, 0}, {5, 0}, {5}, 0, {2}};
  s.pages = {{PageId("1234567890"), kNoon, {}, 0}, {PageId("cart"), kNoon + std::chrono::seconds(60), {}, 1}};
  s.decision_memo = {Revision("fedcba9876543210"), {0, 1, -1, 1, 1, -1, -1, -1}, {}};
  s.views = {{0, 77, {}}, {1, 0, {}}};
  s.newest_page = 1;
  s.newest_page_sent = true;
  Offer offer;
  offer.context_id = 1;
  offer.pages_known = 1;
  offer.shown_at = kNoon;
  s.offered = {
      {{1'000'000'001, 11, 4, Zone::kRight, Channel::kChat, "de-DE"}, AppInstallationId("web"), 3, "sales", "77", 900}};
  offer.displays = 2;
  offer.accepts = 1;
  offer.closed = true;
  s.offers = {offer, offer};
  s.offers[1].context_id = 2;
  s.offers[1].page_index = 1;
  s.offers[1].pages_known = 2;
  s.offers[1].shown_at = kNoon + std::chrono::seconds(61);
  s.offers[1].withdrawn = true;
  s.established.insert({1'000'000'001, 11});
  s.established.insert({1'000'000'001, 12});
  s.withheld_account.insert({1'000'000'001, 12});
  s.withheld_campaign.insert({2, 21});
  s.displayed = {11};
  s.clicked = {11};
  s.closed_engagements = {11, 12};
  s.proactive_displays = 2;
  s.proactive_declined = true;
  AttributeState& a = s.attributes;
  a.cart = {Decimal::Parse("129.5"), Decimal::Parse("12"), 2};
  a.cart_products = {{"Ball", "Sport", "b-1", Decimal::Parse("9.95")}};
  a.viewed_products = {{"Net", "", "", std::nullopt}};
  a.keywords = {"tennis"};
  a.marketing_channel = 1;
  a.marketing_affiliate = "a";
  a.marketing_campaign = "b";
  a.ctype = "vip";
  a.cstatus = "c";
  a.customer_id = "d";
  a.role = "e";
  a.store_zip_code = "f";
  a.store_number = "g";
  a.balance = Decimal::Parse("-0.000001");
  a.company_size = 10;
  a.registration = {2020, 2, 29};
  a.last_payment = {2026, std::nullopt, 1};
  a.birth = {1970, 1, 1};
  a.age = 56;
  a.gender = "OTHER";
  a.service_status = {{"topic", 3}};
  a.fitting_errors = {{0x1122334455667788, 4}};
  s.utterances = {{0x99, kNoon + std::chrono::seconds(90)}};
  return s;
}

std::string Unhex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST(SessionSnapshot, OfLayoutOneIsReadForEver) {
  const std::string golden =
      "4200112233445566778899aabbccddeeff2980f8b2e5bd68a0fe0a0001010101093139322e302e322e30c0d10202010603"
      "090204220123456789abcdef0102c996e0b212004d00000005041063617274c0a907000000000000010222fedcba98765432"
      "1002890201010182a8d6b90716080201000564652d444501037765620106020573616c65730302373701880e020001000100"
      "020101000002010290b907020101010282a8d6b9071600020182a8d6b9071801042a01160116021602020101018202c0843d"
      "0118000104010442616c6c0553706f727403622d310112e0fb7301034e6574000000010674656e6e69730102010161010162"
      "010376697001016301016401016501016601016701054f54484552010001011401c81f0104013a01d41f00010201e41e0102"
      "010201700105746f706963060188776655443322110401990000000000000000";
  ASSERT_TRUE(UnpackSession(Unhex("02" + golden)));
  ExpectSameSession(*UnpackSession(Unhex("02" + golden)), SampleSession());
  std::string of_todays_rules = golden;
  of_todays_rules.replace(golden.find("09020422") + 4, 2, "06");
  EXPECT_EQ(Hex(PackSession(SampleSession())), "06" + of_todays_rules)
      << "layouts 2 and 3 are others for visitors only";
  ExpectSameSession(Restored(SampleSession()), SampleSession());
  EXPECT_EQ(Restored(SampleSession()).location_memo, SampleSession().location_memo);
  EXPECT_EQ(Restored(SampleSession()).decision_memo.member, SampleSession().decision_memo.member);
  EXPECT_EQ(Restored(SampleSession()).decision_memo.revision, SampleSession().decision_memo.revision);
}

TEST(SessionSnapshot, TellsAPagesTimeFromThePageBefore) {
  SessionState s;
  s.id = SessionId("00");
  s.created_at = kNoon;
  s.pages = {{PageId("1"), kNoon + std::chrono::seconds(1), {}, 0},
             {PageId("2"), kNoon + std::chrono::seconds(2), {}, 1},
             {PageId("3"), kNoon + std::chrono::seconds(3), {}, 2}};
  s.views = {{.page = 0}, {.page = 1}, {.page = 2}};
  EXPECT_EQ(
      Hex(PackSession(s)),
      "0606000080f8b2e5bd68fff7b2e5bd68000000000000000000000602000305d00f0000000009d00f000000000dd00f00000000000200"
      "0000000000000000000000000000");
  ExpectSameSession(Restored(s), s);
}

TEST(SessionSnapshot, CutShortOrOfAnotherLayoutIsNotRead) {
  const std::string bytes = PackSession(SampleSession());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(UnpackSession(bytes.substr(0, size))) << size;
  EXPECT_FALSE(UnpackSession(bytes + '\0'));
  std::string newer = bytes;
  newer[0] = 2 * (kSnapshotLayout + 1);
  EXPECT_FALSE(UnpackSession(newer));
}

TEST(SessionSnapshot, IsAFewHundredBytesForAYoungSession) {
  SessionState session = SampleSession();
  session.attributes = {};
  for (std::uint32_t i = 3; i <= 18; ++i) {
    Offer offer = session.offers[0];
    offer.context_id = i;
    session.offers.push_back(offer);
  }
  EXPECT_LT(PackSession(session).size(), 400u);
}

VisitorState SampleVisitor() {
  VisitorState v;
  v.version = 3;
  v.sessions = 2;
  v.newest_session = SessionId("00112233445566778899aabbccddeeff");
  const Entry entry{1'000'000'001, 11, 4, Zone::kApp, Channel::kContent, "de-DE"};
  v.conversations = {{ConversationId("c\"1"), IdentityHash("00ff"), entry, v.newest_session, 2, 900, kNoon},
                     {ConversationId("c2"), {}, {}, {}, {}, {}, kNoon}};
  v.interactions = {{v.newest_session, 11}, {v.newest_session, 12}};
  v.newest_offers = {{entry, v.newest_session, 2, AppInstallationId("web"), 900, 7},
                     {entry, v.newest_session, 3, AppInstallationId("web"), std::nullopt, 9}};
  v.offers = 9;
  v.abandon_score = Decimal::Parse("-2.5");
  return v;
}

TEST(VisitorSnapshot, OfLayoutOneIsReadForEver) {
  const std::string kOfToday =
      "0603024200112233445566778899aabbccddeeff020c6322310a00ff0182a8d6b90716080302000564652d44450142001122"
      "33445566778899aabbccddeeff010201880e80f8b2e5bd68010377656206c2020000000080f8b2e5bd680200020320303031"
      "3132323333343435353636373738383939616162626363646465656666160318090282a8d6b90716080302000302010188"
      "0e0482a8d6b907160803020003030100000103bf843d0080f8b2e5bd68";
  const std::string golden =
      "03024200112233445566778899aabbccddeeff020c6322310a00ff0182a8d6b90716080302000564652d44450142001122"
      "33445566778899aabbccddeeff010201880e80f8b2e5bd6806c2020000000080f8b2e5bd6802012030303131323233333434"
      "35353636373738383939616162626363646465656666160118090282a8d6b90716080302000102020377656201880e0482a8"
      "d6b907160803020001030200000103bf843d00";
  EXPECT_EQ(UnpackVisitor(Unhex("02" + golden)), SampleVisitor());
  VisitorState seen = SampleVisitor();
  seen.seen_at = kNoon;
  EXPECT_EQ(UnpackVisitor(Unhex("04" + golden + "80f8b2e5bd68")), seen) << "layout 2";
  seen.conversations[0].app_installation = AppInstallationId("web");
  EXPECT_EQ(UnpackVisitor(PackVisitor(seen)), seen);
  EXPECT_EQ(Hex(PackVisitor(seen)), kOfToday);
  EXPECT_EQ(UnpackVisitor(Unhex(kOfToday)), seen);
  EXPECT_EQ(UnpackVisitor(PackVisitor(SampleVisitor())), SampleVisitor());
  VisitorState erased;
  erased.version = 4;
  erased.erased = true;
  EXPECT_EQ(UnpackVisitor(PackVisitor(erased)), erased);
  EXPECT_EQ(UnpackVisitor(PackVisitor(VisitorState{})), VisitorState{});
}

TEST(VisitorSnapshot, OfLayoutZeroIsReadForEver) {
  constexpr std::string_view kWritten =
      R"({"v":1,"version":3,"sessions":2,"newestSession":"00112233445566778899aabbccddeeff","conversations":[)"
      R"({"conversationId":"c\"1","identityHash":"00ff","campaignId":1000000001,"engagementId":11,)"
      R"("engagementRevision":4,"zone":"app","channel":"content","language":"de-DE",)"
      R"("sessionId":"00112233445566778899aabbccddeeff","contextId":2,"connectorId":900,"startedAt":1795000000000},)"
      R"({"conversationId":"c2","startedAt":1795000000000}],"interactions":[)"
      R"({"sessionId":"00112233445566778899aabbccddeeff","engagementId":11},)"
      R"({"sessionId":"00112233445566778899aabbccddeeff","engagementId":12}],"newestOffers":[)"
      R"({"campaignId":1000000001,"engagementId":11,"engagementRevision":4,"zone":"app","channel":"content",)"
      R"("language":"de-DE","sessionId":"00112233445566778899aabbccddeeff","contextId":2,"appInstallationId":"web",)"
      R"("connectorId":900,"ordinal":7},{"campaignId":1000000001,"engagementId":11,"engagementRevision":4,)"
      R"("zone":"app","channel":"content","language":"de-DE","sessionId":"00112233445566778899aabbccddeeff",)"
      R"("contextId":3,"appInstallationId":"web","ordinal":9}],"offers":9,"abandonScore":"-2.5"})";
  EXPECT_EQ(UnpackVisitor(kWritten), SampleVisitor());
  EXPECT_EQ(VisitorToJson(SampleVisitor()), kWritten) << "as the admin API shows it";
  EXPECT_EQ(UnpackVisitor(R"({"v":1,"version":1,"sessions":1,"erased":true})")->erased, true);
}

TEST(VisitorSnapshot, CutShortOrOfAnotherLayoutIsNotRead) {
  const std::string bytes = PackVisitor(SampleVisitor());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(UnpackVisitor(bytes.substr(0, size))) << size;
  for (const char* text : {"[]", "{}", R"({"v":2,"version":1,"sessions":1})", R"({"v":1,"version":1})",
                           R"({"v":1,"version":"1","sessions":1})", R"({"v":1,"version":-1,"sessions":1})",
                           R"({"v":1,"version":1,"sessions":1,"conversations":[{}]})",
                           R"({"v":1,"version":1,"sessions":1,"interactions":{}})",
                           R"({"v":1,"version":1,"sessions":1,"abandonScore":"x"})"}) {
    EXPECT_FALSE(UnpackVisitor(text)) << text;
  }
}

}  // namespace
}  // namespace monitor
