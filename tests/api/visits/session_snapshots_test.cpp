// Sessions that left memory: from their snapshot and the few events since, whatever happened to either.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "api/visits/visits.h"
#include "domain/deciding/snapshots.h"
#include "eventstore/forwarding_store.h"
#include "eventstore/session_row.h"
#include "tests/api/public_api_fixture.h"

namespace monitor {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;

const VisitorId kDevice("device");

// Notes how many events each reading of a session's stream brought.
class WatchedStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  std::expected<std::vector<StoredEvent>, StoreError> ReadStream(const StreamName& stream, std::uint64_t from_version,
                                                                 std::size_t max_events) const override {
    auto events = ForwardingStore::ReadStream(stream, from_version, max_events);
    if (events && stream.str().starts_with("session/")) read.push_back(events->size());
    return events;
  }
  mutable std::vector<std::size_t> read;
};

class SessionSnapshots : public PublicApiTest {
 protected:
  // Visitors who keep nothing in memory, over a store that is watched.
  void KeepNothing() {
    watched_ = std::make_unique<WatchedStore>(*store_);
    api_.reset();
    visits_ = std::make_unique<Visits>(*watched_, *master_key_, VisitorRooms::Options{.max_bytes = 0});
    api_ = std::make_unique<PublicApi>(PublicParts{*accounts_, *visits_, *master_key_}, api_options_);
  }
  std::string Begin(const std::string& body = R"({"pageId":"p1"})") {
    http::Reply reply = Send(Engagement("v=1&vid=device", body));
    session_ = Text(reply, "sessionId");
    return "v=1&vid=device&sid=" + session_;
  }
  std::string Key() const { return "demo/device/" + session_; }
  std::optional<std::string> Stored() const { return *store_->ReadState(StateTable::kSession, Key()); }
  void Store(std::optional<std::string> value) {
    AppendRequest request;
    request.states.push_back({StateTable::kSession, Key(), std::move(value)});
    ASSERT_TRUE(store_->Append(std::move(request)));
  }
  // One event a request, and none of them a repeat.
  void ReportTimes(const std::string& visit, int times) {
    for (int i = 0; i < times; ++i) {
      const std::string cart =
          R"({"engagementAttributes":[{"type":"cart","numItems":1,"total":)" + std::to_string(++said_) + "}]}";
      const http::Reply reply = Send(Report(visit, cart));
      ASSERT_EQ(reply.status, 200) << reply.body;
    }
  }

  std::unique_ptr<WatchedStore> watched_;
  std::string session_;
  int said_ = 0;
};

TEST_F(SessionSnapshots, AreWrittenWhenASessionLeavesMemoryWithEnoughThatIsNew) {
  Load();
  KeepNothing();
  const std::string visit = Begin();  // 4 events
  ReportTimes(visit, 5);
  EXPECT_EQ(Stored(), std::nullopt) << "9 events are folded soon enough";
  ReportTimes(visit, 2);  // the append of the second takes it along
  ASSERT_TRUE(Stored());
  ReportTimes(visit, 80);
  EXPECT_THAT(watched_->read, Each(Le(12u)));
}

TEST_F(SessionSnapshots, AreWrittenEveryFewEventsOfASessionThatStays) {
  Load();
  const std::string visit = Begin();
  ReportTimes(visit, 90);
  ASSERT_TRUE(Stored());
  Restart();
  KeepNothing();
  EXPECT_EQ(Send(Engagement(visit, R"({"pageId":"p1"})")).status, 200);
  EXPECT_THAT(watched_->read, Not(IsEmpty()));
  EXPECT_THAT(watched_->read, Each(Le(32u)));
}

TEST_F(SessionSnapshots, HoldWhatTheSessionSaid) {
  Load();
  KeepNothing();
  const std::string visit = Begin();
  ReportTimes(visit, 20);
  http::Reply again = Send(Engagement(visit, R"({"pageId":"p1"})"));
  EXPECT_THAT(again.body, HasSubstr(R"("engagementId":4101,"engagementRevision":7,"contextId":"1")"));
  const std::string click =
      R"({"pageId":"p1","engagementAttributes":[{"type":"impAccept","campaign":41,"engId":4101}]})";
  EXPECT_EQ(Send(Report(visit, click)).status, 200);
  EXPECT_EQ(Send(Report(visit, click)).status, 200);
  EXPECT_THAT(ReadAll(*store_).back().data, HasSubstr(R"("repeat":true)")) << "said again within the window";
}

TEST_F(SessionSnapshots, AreSealedWithTheVisitorsKey) {
  Load();
  KeepNothing();
  const std::string visit =
      Begin(R"({"pageId":"p1","engagementAttributes":[{"type":"searchInfo","keywords":["diagnosis-4711"]}]})");
  ReportTimes(visit, 20);
  ASSERT_TRUE(Stored());
  EXPECT_TRUE(ParseSessionRow(*Stored())->sealed);
  EXPECT_THAT(*Stored(), Not(HasSubstr("diagnosis")));
}

TEST_F(SessionSnapshots, WrittenBeforeRowsToldTheirTimeAreRead) {
  Load();
  KeepNothing();
  const std::string visit = Begin();
  ReportTimes(visit, 20);
  const std::string stored = *Stored();
  const SessionRow row = *ParseSessionRow(stored);
  ASSERT_TRUE(row.written);
  Store(MakeSessionRow({.sealed = row.sealed, .snapshot = row.snapshot}));
  watched_->read.clear();
  EXPECT_EQ(Send(Engagement(visit, R"({"pageId":"p1"})")).status, 200);
  EXPECT_THAT(watched_->read, Each(Le(12u)));
}

TEST_F(SessionSnapshots, OfASessionThatTheLogDroppedMayBeMissing) {
  Load();
  KeepNothing();
  const std::string visit = Begin();
  ReportTimes(visit, 2);
  ASSERT_TRUE(store_->DropBefore(store_->Now() + std::chrono::hours(1), [](Origin) { return ~std::uint64_t{0}; }));
  Store(std::nullopt);
  EXPECT_EQ(Send(Engagement(visit, R"({"pageId":"p2"})")).status, 201) << "a new session begins";
}

TEST_F(SessionSnapshots, ThatCanNotBeOpenedAreNotMissed) {
  Load();
  KeepNothing();
  const std::string visit = Begin();
  ReportTimes(visit, 20);
  for (const char* damaged : {"", "\1nothing that opens", "\2of another kind"}) {
    Store(damaged);
    EXPECT_EQ(Send(Engagement(visit, R"({"pageId":"p1"})")).status, 200) << damaged;
  }
  EXPECT_THAT(watched_->read, Contains(::testing::Ge(24u))) << "folded from the first event on";
}

TEST_F(SessionSnapshots, OfAnErasedVisitorAreNotWrittenBehindItsErasure) {
  Load();
  KeepNothing();
  const std::string visit = Begin();
  ReportTimes(visit, 8);  // it left memory with ten events or more: a snapshot waits for the next append
  ASSERT_TRUE(visits_->commands.Erase(*Demo(), kDevice));
  EXPECT_EQ(Stored(), std::nullopt);
}

TEST_F(SessionSnapshots, OfAWarmVisitorAreNotNeededAfterARefusedRequest) {
  Load();
  const std::string visit = Begin();
  const auto folds = visits_->owner.folds();
  const std::string unknown = R"({"engagementAttributes":[{"type":"impDisplay","campaign":41,"engId":1}]})";
  EXPECT_EQ(Send(Report(visit, unknown)).status, 400);
  EXPECT_EQ(Send(Engagement(visit, R"({"pageId":"p1"})")).status, 200);
  EXPECT_EQ(visits_->owner.folds(), folds);
}

TEST_F(SessionSnapshots, GoWithTheVisitorWhenItIsErased) {
  Load();
  KeepNothing();
  const std::string visit = Begin();
  ReportTimes(visit, 20);
  ASSERT_TRUE(Stored());
  ASSERT_TRUE(visits_->commands.Erase(*Demo(), kDevice));
  EXPECT_EQ(Stored(), std::nullopt);
  EXPECT_EQ(Send(Engagement(visit)).status, 201);
}

std::string ShopDocument(const std::string& section) {
  return R"({"accountId":"demo","appInstallations":[{"id":"web"}],"settings":{"controlGroup":{"percentage":0}},)"
         R"("onsiteLocations":[{"id":1,"include":[{"section":")" +
         section +
         R"("}]}],"visitorBehaviors":[{"id":1,)"
         R"("conditions":[{"type":"visitedLocation","location":1}]}],"campaigns":[{"id":1,"controlGroup":)"
         R"({"percentage":0},"engagements":[{"id":11,"channel":"messaging","type":"sticky","visitorBehaviors":[1]}]}]})";
}

TEST_F(SessionSnapshots, OfOtherLocationsAreJudgedAnewFromTheLog) {
  Load(ShopDocument("sale"));
  const std::string visit = Begin(R"({"pageId":"p1","entryPoints":["sec://cart"]})");
  ReportTimes(visit, 40);
  const MemoryRequest asks = Engagement(visit, R"({"pageId":"p2","entryPoints":["sec://help"]})");
  EXPECT_THAT(Send(asks).body, Not(HasSubstr("\"engagementId\":11")));
  Load(ShopDocument("cart"));
  EXPECT_THAT(Send(asks).body, HasSubstr("\"engagementId\":11")) << "what was said before counts";
  const auto folds = visits_->owner.folds();
  EXPECT_THAT(Send(asks).body, HasSubstr("\"engagementId\":11"));
  EXPECT_EQ(visits_->owner.folds(), folds) << "once";
}

TEST_F(SessionSnapshots, OfANewerProgramAreRefusedInOneSentence) {
  ASSERT_TRUE(VisitorRecords::AdmitSnapshots(*store_));
  EXPECT_EQ(*store_->ReadState(StateTable::kMeta, "snapshots"), std::to_string(kSnapshotLayout));
  AppendRequest newer;
  newer.states.push_back({StateTable::kMeta, "snapshots", std::to_string(kSnapshotLayout + 1)});
  ASSERT_TRUE(store_->Append(std::move(newer)));
  const auto admitted = VisitorRecords::AdmitSnapshots(*store_);
  ASSERT_FALSE(admitted);
  EXPECT_THAT(admitted.error(), HasSubstr("layout " + std::to_string(kSnapshotLayout + 1)));
}

TEST_F(SessionSnapshots, WrittenAsJsonBeforeAreReadAndReplaced) {
  Load();
  AppendRequest request;
  request.states.push_back({StateTable::kVisitor, "demo/device", R"({"v":1,"version":0,"sessions":3})"});
  ASSERT_TRUE(store_->Append(std::move(request)));
  Begin();
  EXPECT_EQ(visits_->views.FindVisitor(*Demo(), kDevice)->sessions, 4u);
  EXPECT_NE((*store_->ReadState(StateTable::kVisitor, "demo/device"))->front(), '{');
}

TEST_F(SessionSnapshots, CountTheirMemory) {
  Load();
  EXPECT_EQ(visits_->owner.cached_bytes(), 0u);
  Begin();
  const std::uint64_t young = visits_->owner.cached_bytes();
  EXPECT_GT(young, 300u);
  EXPECT_LT(young, 1'700u);
}

}  // namespace
}  // namespace monitor
