#include "api/visits/visits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/public_api_fixture.h"

namespace monitor {
namespace {

using std::chrono::minutes;

const VisitorId kDevice("device");

class Sessions : public PublicApiTest {};
class Conversations : public PublicApiTest {
 protected:
  http::Reply Identified(const std::string& visitor, const std::string& consumer) {
    return Send(Engagement("v=1&vid=" + visitor, R"({"consumerId":")" + consumer + "\"}"));
  }
  ConversationStart StartOf(const char* id) {
    ConversationStart start;
    start.id = ConversationId(id);
    return start;
  }
  std::vector<StoredEvent> VisitorEvents(const VisitorId& visitor) {
    return *store_->ReadStream(VisitorStream(AccountId("demo"), visitor), 1);
  }
};
class Erasing : public Conversations {};

TEST_F(Sessions, GoOnAfterARestartWithTheirContexts) {
  Load();
  http::Reply first = Send(Engagement("v=1&vid=device", R"({"pageId":"p"})"));
  const std::string visit = "v=1&vid=device&sid=" + Text(first, "sessionId");
  Restart();
  http::Reply again = Send(Engagement(visit, R"({"pageId":"p"})"));
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(again.body.contains(R"("engagementId":4101,"engagementRevision":7,"contextId":"1")")) << again.body;
  EXPECT_EQ(Send(Report(visit, R"({"engagementAttributes":[{"type":"impDisplay","campaign":41,"engId":4101,)"
                               R"("eContext":[{"type":"engagementContext","id":"1"}]}]})"))
                .status,
            200);
}

TEST_F(Sessions, GoOnOnceTheVisitorsKeyCanBeReadAgain) {
  Load();
  const std::string key = PartitionKey(AccountId("demo"), kDevice);
  const auto write = [&](std::optional<std::string> value) {
    AppendRequest request;
    request.states.push_back({StateTable::kVisitorKey, key, std::move(value)});
    ASSERT_TRUE(store_->Append(std::move(request)));
  };
  const MemoryRequest sealed =
      Engagement("v=1&vid=device", R"({"engagementAttributes":[{"type":"personal","personal":{"firstname":"A"}}]})");
  const std::uint64_t before = LastSeq();
  write("no key");
  ExpectError(Send(sealed), 500, 18);
  EXPECT_EQ(LastSeq(), before);
  write(std::nullopt);
  EXPECT_EQ(Send(sealed).status, 201) << "what could not be written is forgotten";
}

TEST_F(Sessions, EndAfter30IdleMinutesOr6Hours) {
  Load();
  const std::string visit = NewVisit();
  now_ += minutes(30);
  EXPECT_EQ(Send(Engagement(visit)).status, 200);
  now_ += minutes(30) + std::chrono::milliseconds(1);
  EXPECT_EQ(Send(Engagement(visit)).status, 201);

  const std::string longer = NewVisit();
  for (int i = 0; i < 12; ++i) {
    now_ += minutes(29);
    ASSERT_EQ(Send(Engagement(longer)).status, 200);
  }
  now_ += minutes(13);
  EXPECT_EQ(Send(Engagement(longer)).status, 201);
}

// A clock that once jumped forward leaves the log at that time until it comes.
TEST_F(Sessions, BeginAndEndByTheClockThoughTheLogIsAheadOfIt) {
  Load();
  now_ += std::chrono::days(400);
  const std::string ahead = NewVisit();
  now_ -= std::chrono::days(400);
  ASSERT_EQ(store_->AheadOfClock(), std::chrono::days(400));
  EXPECT_EQ(Send(Engagement(ahead)).status, 201) << "it does not live until that time comes";

  const std::string visit = NewVisit();
  now_ += minutes(30);
  EXPECT_EQ(Send(Engagement(visit)).status, 200);
  now_ += minutes(30) + std::chrono::milliseconds(1);
  Restart();
  EXPECT_EQ(Send(Engagement(visit)).status, 201);
  auto times = std::set<TimeMs>();
  for (const StoredEvent& event : ReadAll(*store_)) times.insert(event.time);
  EXPECT_EQ(times.size(), 2u) << "the log's own times never go back";
}

TEST_F(Sessions, RefusedRequestsDoNotExtendThem) {
  Load();
  const std::string visit = NewVisit();
  now_ += minutes(20);
  EXPECT_EQ(Send(Engagement(visit, "[]")).status, 400);
  now_ += minutes(11);
  EXPECT_EQ(Send(Engagement(visit)).status, 201);
}

TEST_F(Sessions, AForeignSessionIsSimplyNotFound) {
  Load();
  const std::string sid = Text(Send(Engagement("v=1&vid=a")), "sessionId");
  http::Reply foreign = Send(Engagement("v=1&vid=b&sid=" + sid));
  http::Reply unknown = Send(Engagement("v=1&vid=c&sid=0123456789abcdef0123456789abcdef"));
  for (const http::Reply& reply : {foreign, unknown, Send(Engagement("v=1&sid=" + sid))}) {
    EXPECT_EQ(reply.status, 201);
    EXPECT_NE(Text(reply, "sessionId"), sid);
  }
  EXPECT_EQ(Text(foreign, "visitorId"), "b");
}

TEST_F(Sessions, AtTheEventCapTheNextRequestBeginsANewOne) {
  Load(TestDocument(R"(,"caps":{"eventsPerSession":5})"));
  const std::string visit = NewVisit();  // created, activity, two shown
  EXPECT_EQ(Send(Engagement(visit)).status, 200);
  EXPECT_EQ(Send(Engagement(visit)).status, 201);
}

TEST_F(Sessions, ARefusedReportLeavesNoTrace) {
  Load();
  const std::uint64_t last = LastSeq();
  ExpectError(Send(Report("v=1&vid=device", R"({"engagementAttributes":[{"type":"lead"},{"type":"impAccept",)"
                                            R"("campaign":41,"engId":4101}]})")),
              400, 5, "engagementAttributes[1]");
  EXPECT_EQ(LastSeq(), last);
  EXPECT_FALSE(visits_->views.FindVisitor(*Demo(), kDevice));
}

TEST_F(Sessions, AStateThatIsStaleIsFoldedAnewOnce) {
  Load();
  const std::string visit = NewVisit();
  Visits other(*store_, *master_key_);  // a second owner, as behind a failed-over edge
  PublicApi second({*accounts_, other, *master_key_}, {});
  EXPECT_EQ(Send(second, Engagement(visit)).status, 200);
  EXPECT_EQ(Send(Engagement(visit)).status, 200);
  EXPECT_EQ(Send(second, Engagement(visit)).status, 200);
}

TEST_F(Sessions, RequestsOfOneVisitorWaitForOneAnotherAndAllSucceed) {
  visits_options_.max_waiting = 100;
  Restart();
  Load();
  const std::string visit = NewVisit();
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) done += Send(Engagement(visit)).status == 200;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 160);
}

TEST_F(Sessions, AreFoldedAnewWhenTheCacheIsSmall) {
  visits_options_.max_bytes = 0;
  Restart();
  Load();
  const std::string a = NewVisit(), b = NewVisit();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Send(Engagement(a)).status, 200);
    EXPECT_EQ(Send(Engagement(b)).status, 200);
  }
  EXPECT_EQ(visits_->owner.cached(), 0u);
  EXPECT_GE(visits_->owner.folds(), 6u);
}

TEST_F(Sessions, PersonalFieldsAreSealedInTheLog) {
  Load();
  MemoryRequest request =
      Engagement("v=1&vid=device", R"({"consumerId":"consumer-4711","entryPoints":["https://a/?secret=42"],)"
                                   R"("engagementAttributes":[{"type":"personal","personal":{"firstname":"Ada"}}]})");
  request.header_values["User-Agent"] = "agent-name";
  request.header_values["X-Forwarded-For"] = "192.0.2.77";
  EXPECT_EQ(Send(request).status, 201);
  for (const StoredEvent& event : ReadAll(*store_)) {
    if (event.type == "account-configured") continue;
    for (const char* secret : {"consumer-4711", "secret=42", "Ada", "agent-name", "192.0.2.77"}) {
      EXPECT_FALSE(event.data.contains(secret)) << event.data;
    }
  }
}

TEST_F(Conversations, AreReturnedInsteadOfOffersUntilTheyEnd) {
  Load();
  const std::string visit = "v=1&vid=device&sid=" + Text(Send(Engagement("v=1&vid=device")), "sessionId");
  ConversationStart start = StartOf("c1");
  start.visitor = kDevice;
  start.engagement_id = 4101;
  ASSERT_TRUE(visits_->commands.StartConversation(*Demo(), start));
  http::Reply reply = Send(Engagement(visit));
  EXPECT_TRUE(reply.body.contains(R"("engagementDetails":[{"status":"conversation","conversationId":"c1",)"
                                  R"("campaignId":41,"engagementId":4101,"engagementRevision":7,"connectorId":900}])"))
      << reply.body;
  ASSERT_TRUE(visits_->commands.EndConversation(*Demo(), ConversationId("c1")));
  EXPECT_TRUE(Send(Engagement(visit)).body.contains("\"status\":\"expose\""));
}

TEST_F(Conversations, AStartIsCompletedFromTheNewestOfferOfItsEngagement) {
  Load();
  http::Reply created = Send(Engagement("v=1&vid=device"));
  ConversationStart start = StartOf("c1");
  start.visitor = kDevice;
  start.engagement_id = 4101;
  ASSERT_TRUE(visits_->commands.StartConversation(*Demo(), start));
  const auto events = VisitorEvents(kDevice);
  ASSERT_EQ(events.size(), 1u);
  for (const std::string& part :
       {std::string(R"("campaignId":41)"), std::string(R"("contextId":"1")"),
        R"("sessionId":")" + Text(created, "sessionId"), std::string(R"("appInstallationId":"web")")}) {
    EXPECT_TRUE(events[0].data.contains(part)) << part << " " << events[0].data;
  }
}

TEST_F(Conversations, ToldTwiceIsRecordedOnce) {
  Load();
  ConversationStart start = StartOf("c1");
  start.visitor = kDevice;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(visits_->commands.StartConversation(*Demo(), start));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(visits_->commands.EndConversation(*Demo(), ConversationId("c1")));
  ASSERT_TRUE(visits_->commands.EndConversation(*Demo(), ConversationId("never")));
  EXPECT_EQ(VisitorEvents(kDevice).size(), 2u);
}

TEST_F(Conversations, AreKnownAsTheFoldOfTheLogKnowsThem) {
  Load();
  now_ += minutes(7);
  NewVisit();
  now_ -= minutes(7);  // the log is ahead: it gives another time than the decision's
  for (const char* id : {"c1", "c2"}) {
    ConversationStart start = StartOf(id);
    start.visitor = kDevice;
    ASSERT_TRUE(visits_->commands.StartConversation(*Demo(), start));
    now_ += std::chrono::milliseconds(3);
  }
  ASSERT_TRUE(visits_->commands.SetAbandonScore(*Demo(), kDevice, *Decimal::Parse("1.5")));
  VisitorState folded;
  for (const StoredEvent& stored : VisitorEvents(kDevice)) {
    Evolve(folded, *DecodeEventData({stored.type, stored.schema_version}, stored.data, NoKey()), stored.time);
  }
  EXPECT_EQ(*visits_->views.FindVisitor(*Demo(), kDevice), folded);
  Restart();
  EXPECT_EQ(*visits_->views.FindVisitor(*Demo(), kDevice), folded);
}

TEST_F(Conversations, ByIdentityTheVisitorThatLastPresentedItIsMeant) {
  Load();
  ConversationStart start = StartOf("c1");
  start.identity = Identity{.sub = "ada"};
  auto nobody = visits_->commands.StartConversation(*Demo(), start);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, VisitFailure::Code::kNotFound);
  Identified("phone", "ada");
  Identified("laptop", "ada");
  ASSERT_TRUE(visits_->commands.StartConversation(*Demo(), start));
  EXPECT_EQ(VisitorEvents(VisitorId("laptop")).size(), 1u);
}

TEST_F(Conversations, OfAnIdentityAreSeenFromItsOtherDevicesAndNotByTheBareVisitorId) {
  Load();
  Identified("laptop", "ada");
  ConversationStart start = StartOf("c1");
  start.identity = Identity{.sub = "ada"};
  ASSERT_TRUE(visits_->commands.StartConversation(*Demo(), start));
  EXPECT_TRUE(Identified("phone", "ada").body.contains("\"conversationId\":\"c1\""));
  EXPECT_FALSE(Identified("phone", "bob").body.contains("conversation"));
  http::Reply unproved = Send(Engagement("v=1&vid=phone", R"({"identities":[{"acr":"0","sub":"ada"}]})"));
  EXPECT_FALSE(unproved.body.contains("conversation"));
  EXPECT_FALSE(Send(Engagement("v=1&vid=laptop")).body.contains("conversation"));
  ASSERT_TRUE(visits_->commands.EndConversation(*Demo(), ConversationId("c1")));
  EXPECT_FALSE(Identified("phone", "ada").body.contains("conversation"));
}

TEST_F(Conversations, NeedAVisitorOrAnIdentity) {
  Load();
  auto refused = visits_->commands.StartConversation(*Demo(), StartOf("c1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, VisitFailure::Code::kInvalid);
}

TEST_F(Erasing, ClosesSessionsAndForgetsTheVisitor) {
  Load();
  http::Reply created = Identified("device", "ada");
  const std::string visit = "v=1&vid=device&sid=" + Text(created, "sessionId");
  ASSERT_TRUE(visits_->commands.Erase(*Demo(), kDevice));
  EXPECT_FALSE(visits_->views.FindVisitor(*Demo(), kDevice));
  EXPECT_EQ(*visits_->views.KeyOf(AccountId("demo"), kDevice), std::nullopt);
  auto again = visits_->commands.Erase(*Demo(), kDevice);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, VisitFailure::Code::kNotFound);
  ConversationStart start = StartOf("c1");
  start.identity = Identity{.sub = "ada"};
  EXPECT_FALSE(visits_->commands.StartConversation(*Demo(), start));
  EXPECT_EQ(Send(Engagement(visit, R"({"consumerId":"ada"})")).status, 201);  // the same vid, with a new key
  EXPECT_TRUE(visits_->views.KeyOf(AccountId("demo"), kDevice)->has_value());
}

TEST_F(Erasing, LeavesAnIdentityToTheVisitorThatPresentedItSince) {
  Load();
  Identified("phone", "ada");
  Identified("laptop", "ada");
  ASSERT_TRUE(visits_->commands.Erase(*Demo(), VisitorId("phone")));
  ConversationStart start = StartOf("c1");
  start.identity = Identity{.sub = "ada"};
  ASSERT_TRUE(visits_->commands.StartConversation(*Demo(), start));
  EXPECT_EQ(VisitorEvents(VisitorId("laptop")).size(), 1u);
}

TEST_F(Erasing, OfAnUnknownVisitorFindsNothing) {
  Load();
  auto refused = visits_->commands.Erase(*Demo(), kDevice);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, VisitFailure::Code::kNotFound);
  EXPECT_EQ(LastSeq(), 1u);
}

}  // namespace
}  // namespace monitor
