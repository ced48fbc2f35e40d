#include "domain/deciding/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/deciding/repeat.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

const TimeMs kNoon = FromUnixMs(1'795'000'000'000);

EventScope SessionScope(const char* session = "s1") {
  return {AccountId("demo"), VisitorId("v1"), SessionId(session), AppInstallationId("web")};
}
EventScope VisitorScope() { return {AccountId("demo"), VisitorId("v1"), {}, {}}; }

Entry ProactiveEntry(std::int64_t engagement = 11) {
  return {1, engagement, 1, Zone::kProactive, Channel::kMessaging, "en-US"};
}

ActivityReported ActivityAt(TimeMs decided_at, const char* page = "p1") {
  ActivityReported activity;
  activity.page_id = PageId(page);
  activity.decided_at = decided_at;
  return activity;
}

EngagementShown ShownOn(const char* page, std::uint32_t context, std::int64_t engagement = 11) {
  EngagementShown shown;
  shown.page_id = PageId(page);
  shown.context_id = context;
  shown.entry = ProactiveEntry(engagement);
  shown.connector_id = 900;
  return shown;
}

ImpressionReported ImpressionOf(ImpressionKind kind, std::uint32_t context, bool repeat = false) {
  ImpressionReported impression;
  impression.page_id = PageId("p1");
  impression.kind = kind;
  impression.context_id = context;
  impression.entry = ProactiveEntry();
  impression.repeat = repeat;
  return impression;
}

class SessionFold : public ::testing::Test {
 protected:
  void Fold(EventData data, TimeMs time = kNoon) { Evolve(session, Event{SessionScope(), std::move(data)}, time); }
  void Begin() {
    SessionCreated created;
    created.max_age_s = 21'600;
    Fold(created);
    Fold(ActivityAt(kNoon));
  }

  SessionState session;
};

TEST_F(SessionFold, BeginsWhenItsFirstRequestWasDecidedNotWhenItWasWritten) {
  Fold(SessionCreated{}, kNoon + milliseconds(7));
  Fold(ActivityAt(kNoon), kNoon + milliseconds(7));
  EXPECT_EQ(session.id.str(), "s1");
  EXPECT_EQ(session.created_at, kNoon);
  EXPECT_EQ(session.last_activity_at, kNoon);
  Fold(ActivityAt(kNoon + seconds(9)));
  EXPECT_EQ(session.created_at, kNoon);
  EXPECT_EQ(session.last_activity_at, kNoon + seconds(9));
  EXPECT_EQ(session.activities, 2u);
  EXPECT_EQ(session.version, 3u);
}

TEST_F(SessionFold, KnowsPagesByFirstAppearanceAndTheirEntryPointsOnce) {
  Begin();
  ActivityReported second = ActivityAt(kNoon + seconds(1), "p2");
  second.entry_points = {"https://shop.example/a", "sec://Sport"};
  Fold(second);
  second.entry_points = {"sec://Sport", "lang://en"};
  second.decided_at = kNoon + seconds(2);
  Fold(second);
  EXPECT_EQ(session.newest_page, 1u);
  ASSERT_THAT(session.pages, SizeIs(2));
  EXPECT_EQ(session.pages[1].first_seen, kNoon + seconds(1));
  EXPECT_THAT(session.pages[1].entry_points, ElementsAre("https://shop.example/a", "sec://Sport", "lang://en"));
  Fold(ActivityAt(kNoon + seconds(3), "p1"));
  EXPECT_EQ(session.newest_page, 0u);
  EXPECT_THAT(session.pages, SizeIs(2));
}

TEST_F(SessionFold, TakesReferrersFromEntryPointsAndClientProperties) {
  ActivityReported activity = ActivityAt(kNoon);
  activity.entry_points = {"Ref://https://search.example/?q=a", "ref://"};
  activity.client_properties = ClientProperties{DeviceFamily::kTablet, "https://news.example/", R"({"a":1})"};
  Fold(activity);
  EXPECT_THAT(session.referrers, ElementsAre("https://search.example/?q=a", "https://news.example/"));
  EXPECT_EQ(session.device_family, DeviceFamily::kTablet);
}

TEST_F(SessionFold, CountsImpressionsWithoutRepeats) {
  Begin();
  Fold(ShownOn("p1", 1));
  Fold(ImpressionOf(ImpressionKind::kDisplay, 1));
  Fold(ImpressionOf(ImpressionKind::kDisplay, 1, true));
  Fold(ImpressionOf(ImpressionKind::kAccept, 1));
  Fold(ImpressionOf(ImpressionKind::kAccept, 1, true));
  EXPECT_EQ(session.proactive_displays, 1u);
  EXPECT_EQ(session.offers[0].displays, 1u);
  EXPECT_EQ(session.offers[0].accepts, 1u);
  EXPECT_TRUE(session.displayed.contains(11));
  EXPECT_TRUE(session.clicked.contains(11));
  EXPECT_FALSE(session.proactive_declined);
}

TEST_F(SessionFold, TakesAClosedProactiveOfferForADecline) {
  Begin();
  Fold(ShownOn("p1", 1));
  Fold(ImpressionOf(ImpressionKind::kClose, 1));
  EXPECT_TRUE(session.offers[0].closed);
  EXPECT_TRUE(session.closed_engagements.contains(11));
  EXPECT_TRUE(session.proactive_declined);
}

TEST_F(SessionFold, RemembersWhichPagesAnOfferCameAfter) {
  Begin();
  Fold(ActivityAt(kNoon, "p2"));
  Fold(ActivityAt(kNoon, "p1"));
  Fold(ShownOn("p1", 1));
  EXPECT_EQ(session.offers[0].page_index, 0u);
  EXPECT_EQ(session.offers[0].pages_known, 2u);
  EXPECT_EQ(session.offered[session.offers[0].offered].app_installation.str(), "web");
  EXPECT_TRUE(session.established.contains({1, 11}));
}

TEST_F(SessionFold, LetsAWithdrawnOfferStandNoMore) {
  Begin();
  Fold(ShownOn("p1", 1));
  ActivityReported again = ActivityAt(kNoon + seconds(1));
  again.withdrawn_contexts = {1, 77};
  Fold(again);
  EXPECT_TRUE(session.offers[0].withdrawn);
}

TEST_F(SessionFold, KeepsControlGroupsApartByScope) {
  Begin();
  Fold(ControlGroupAssigned{ControlScope::kAccount, 0, {ProactiveEntry(11)}, Revision("r")});
  Fold(ControlGroupAssigned{ControlScope::kCampaign, 1, {ProactiveEntry(12)}, Revision("r")});
  Fold(EligibilityEstablished{{ProactiveEntry(13)}});
  EXPECT_THAT(session.withheld_account, ElementsAre(EngagementKeys::Key{1, 11}));
  EXPECT_THAT(session.withheld_campaign, ElementsAre(EngagementKeys::Key{1, 12}));
  EXPECT_THAT(session.established,
              ElementsAre(EngagementKeys::Key{1, 11}, EngagementKeys::Key{1, 12}, EngagementKeys::Key{1, 13}));
}

TEST_F(SessionFold, IsSilentOnEventsOfOtherStreamsAndUnknownContexts) {
  Fold(ImpressionOf(ImpressionKind::kClose, 5));
  Fold(VisitorErased{});
  Fold(SessionClosed{"erased"});
  EXPECT_TRUE(session.closed);
  EXPECT_EQ(session.version, 3u);
}

TEST(EngagementKeys, ContainWhatWasInsertedInAnyOrder) {
  for (std::int64_t size = 0; size < 40; ++size) {
    EngagementKeys keys;
    for (std::int64_t i = 0; i < size; ++i) keys.insert({(size - 1 - i) % 5, (size - 1 - i) * 2});
    for (std::int64_t i = 0; i < size; ++i) EXPECT_TRUE(keys.contains({i % 5, i * 2})) << i << " of " << size;
    for (std::int64_t i = -1; i <= size; ++i) EXPECT_FALSE(keys.contains({i % 5, i * 2 + 1})) << i << " of " << size;
    EXPECT_TRUE(std::ranges::is_sorted(keys));
  }
}

TEST(Repeat, IsTheSameSaidAtMost150SecondsAgo) {
  std::vector<Utterance> said;
  Say(said, 1, kNoon);
  EXPECT_TRUE(WasSaid(said, 1, kNoon + milliseconds(150'000)));
  EXPECT_FALSE(WasSaid(said, 1, kNoon + milliseconds(150'001)));
  EXPECT_TRUE(WasSaid(said, 1, kNoon - milliseconds(150'000))) << "the clock was set back in between";
  EXPECT_FALSE(WasSaid(said, 1, kNoon - milliseconds(150'001)));
  EXPECT_FALSE(WasSaid(said, 2, kNoon));
  Say(said, 2, kNoon + milliseconds(150'001));
  EXPECT_THAT(said, SizeIs(1)) << "what can not be repeated any more is forgotten";
}

TEST(Repeat, IsAllOfWhatIsSaidAgainTogetherAtTheLastMoment) {
  std::vector<Utterance> said;
  Say(said, 1, kNoon);
  Say(said, 2, kNoon);
  const TimeMs last = kNoon + milliseconds(150'000);
  Say(said, 1, last);
  EXPECT_TRUE(WasSaid(said, 2, last));
}

TEST(Repeat, ComparesPageEntryPointsAndAttributesAsSent) {
  ActivityReported activity = ActivityAt(kNoon);
  EXPECT_FALSE(FingerprintOf(activity)) << "without attributes it is never a repeat";
  activity.engagement_attributes = {{AttributeType::kSearchInfo, R"({"type":"searchInfo","keywords":["a"]})"}};
  const auto print = FingerprintOf(activity);
  ActivityReported other = activity;
  other.identities = {{"", "somebody", "loa1", IdentityHash("h")}};
  other.decided_at += seconds(1);
  EXPECT_EQ(FingerprintOf(other), print);
  other.page_id = PageId("p2");
  EXPECT_NE(FingerprintOf(other), print);
  other.page_generated = true;
  const auto absent = FingerprintOf(other);
  other.page_id = PageId("p3");
  EXPECT_EQ(FingerprintOf(other), absent) << "an absent page id equals an absent one";
  other.entry_points = {"ab", "c"};
  const auto points = FingerprintOf(other);
  other.entry_points = {"a", "bc"};
  EXPECT_NE(FingerprintOf(other), points);
}

TEST(Repeat, TellsAnImpressionWithoutContextFromOneWithIt) {
  ImpressionReported impression = ImpressionOf(ImpressionKind::kDisplay, 1);
  const auto named = FingerprintOf(impression, true);
  impression.context_sent = false;
  const auto unnamed = FingerprintOf(impression, true);
  EXPECT_NE(named, unnamed);
  impression.context_id = 2;
  EXPECT_EQ(FingerprintOf(impression, true), unnamed) << "compared as sent, not as resolved";
  impression.page_id = PageId("p2");
  EXPECT_NE(FingerprintOf(impression, true), unnamed);
  impression.page_id = PageId("p1");
  impression.reported_revision = 0;
  EXPECT_NE(FingerprintOf(impression, true), unnamed);
}

class VisitorFold : public ::testing::Test {
 protected:
  bool Fold(EventScope scope, EventData data, TimeMs time = kNoon) {
    return Evolve(visitor, Event{std::move(scope), std::move(data)}, time);
  }
  bool Start(const char* id, const char* identity = "") {
    ConversationStarted started;
    started.conversation_id = ConversationId(id);
    if (*identity) started.identity = Identity{"", "x", "loa1", IdentityHash(identity)};
    started.entry = ProactiveEntry();
    started.session_id = SessionId("s1");
    return Fold(VisitorScope(), started);
  }

  VisitorState visitor;
};

TEST_F(VisitorFold, ChangesWithWhatOutlivesASessionOnly) {
  EXPECT_TRUE(Fold(SessionScope("s1"), SessionCreated{}));
  EXPECT_TRUE(Fold(SessionScope("s2"), SessionCreated{}));
  EXPECT_FALSE(Fold(SessionScope("s2"), ImpressionOf(ImpressionKind::kDisplay, 1)));
  EXPECT_FALSE(Fold(SessionScope("s2"), SessionClosed{"event-cap"}));
  EXPECT_EQ(visitor.sessions, 2u);
  EXPECT_EQ(visitor.newest_session.str(), "s2");
  EXPECT_EQ(visitor.version, 0u) << "its own stream has no event yet";
}

TEST_F(VisitorFold, TellsToADayWhenItWasSeen) {
  EXPECT_TRUE(Fold(SessionScope("s1"), ActivityAt(kNoon)));
  EXPECT_FALSE(Fold(SessionScope("s1"), ActivityAt(kNoon + std::chrono::hours(23))));
  EXPECT_EQ(visitor.seen_at, kNoon);
  EXPECT_FALSE(Fold(SessionScope("s1"), ActivityAt(kNoon - std::chrono::days(3)))) << "by a clock that was set back";
  EXPECT_TRUE(Fold(SessionScope("s1"), ActivityAt(kNoon + std::chrono::hours(24))));
  EXPECT_EQ(visitor.seen_at, kNoon + std::chrono::hours(24));
}

TEST_F(VisitorFold, KeepsTheNewestOfferOfEachEngagement) {
  Fold(SessionScope("s1"), ShownOn("p1", 1));
  Fold(SessionScope("s1"), ShownOn("p1", 2, 12));
  Fold(SessionScope("s2"), ShownOn("p1", 3));
  const NewestOffer* offer = visitor.FindNewestOffer(11, std::nullopt);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->session.str(), "s2");
  EXPECT_EQ(offer->context_id, 3u);
  EXPECT_EQ(offer->app_installation.str(), "web");
  EXPECT_EQ(offer->connector_id, 900);
  EXPECT_TRUE(visitor.FindNewestOffer(12, 1));
  EXPECT_FALSE(visitor.FindNewestOffer(12, 2));
  for (int i = 0; i < 100; ++i) Fold(SessionScope("s2"), ShownOn("p1", 10, 100 + i));
  EXPECT_THAT(visitor.newest_offers, SizeIs(kMaxNewestOffers));
  EXPECT_TRUE(visitor.FindNewestOffer(199, 1));
  EXPECT_FALSE(visitor.FindNewestOffer(11, 1)) << "the oldest goes first";
}

TEST_F(VisitorFold, OpensAConversationOnceAndEndsIt) {
  Start("c1");
  Start("c1");
  EXPECT_THAT(visitor.conversations, SizeIs(1));
  EXPECT_THAT(visitor.interactions, SizeIs(1));
  Fold(VisitorScope(), ConversationEnded{ConversationId("c1")});
  EXPECT_THAT(visitor.conversations, SizeIs(0));
  EXPECT_THAT(visitor.interactions, SizeIs(1)) << "that it was started is not undone";
  EXPECT_EQ(visitor.version, 3u);
}

TEST_F(VisitorFold, IsBounded) {
  for (int i = 0; i < 200; ++i) Start(("c" + std::to_string(i)).c_str());
  EXPECT_THAT(visitor.conversations, SizeIs(kMaxOpenConversations));
  EXPECT_THAT(visitor.interactions, SizeIs(kMaxInteractions));
  EXPECT_EQ(visitor.conversations.back().id.str(), "c199");
}

TEST_F(VisitorFold, ForgetsEverythingWhenErasedButItsStream) {
  Fold(SessionScope(), SessionCreated{});
  Start("c1");
  Fold(VisitorScope(), VisitorErased{});
  VisitorState erased;
  erased.version = 2;
  erased.erased = true;
  erased.seen_at = visitor.seen_at;
  EXPECT_EQ(visitor, erased);
  EXPECT_NE(visitor.seen_at, TimeMs{});
  Start("c2");
  EXPECT_FALSE(visitor.erased);
}

}  // namespace
}  // namespace monitor
