#include "api/visits/visitor_retention.h"

#include <gmock/gmock.h>

#include "domain/deciding/snapshots.h"
#include "tests/api/public_api_fixture.h"

namespace monitor {
namespace {

using ::testing::IsEmpty;

class VisitorRetentionTest : public PublicApiTest {
 protected:
  void Visit(const std::string& visitor) {
    ASSERT_EQ(Send(Engagement("v=1&vid=" + visitor, R"({"pageId":"p"})")).status, 201);
  }
  std::uint64_t SweepAfter(std::chrono::milliseconds time) {
    now_ += time;
    return VisitorRetention(visits_->owner, std::chrono::days(400)).Sweep({});
  }
  std::size_t Rows(StateTable table) { return store_->ReadStates(table, "", 1'000, "")->size(); }
};

TEST_F(VisitorRetentionTest, WhoIsNotSeenIsForgottenWithAllThatIsKept) {
  Load();
  Visit("device");
  const std::string personal =
      R"({"pageId":"p","identities":[{"iss":"i","acr":"loa1","sub":"s"}],"engagementAttributes":[)"
      R"({"type":"searchInfo","keywords":["shoes"]}]})";
  ASSERT_EQ(Send(Engagement("v=1&vid=device", personal)).status, 201);
  const auto account = Demo();
  ConversationStart start;
  start.id = ConversationId("c");
  start.visitor = VisitorId("device");
  ASSERT_TRUE(visits_->commands.StartConversation(*account, start));
  ASSERT_GT(Rows(StateTable::kVisitor), 2u);
  ASSERT_EQ(Rows(StateTable::kVisitorKey), 1u);

  EXPECT_EQ(SweepAfter(std::chrono::days(400)), 0u);
  EXPECT_EQ(SweepAfter(std::chrono::days(2)), 1u);
  EXPECT_EQ(SweepAfter(std::chrono::days(0)), 0u);
  EXPECT_EQ(Rows(StateTable::kVisitor), 0u);
  EXPECT_EQ(Rows(StateTable::kVisitorKey), 0u);
  EXPECT_EQ(Rows(StateTable::kSession), 0u);

  // Comes back as a new one, whose own stream goes on where it was.
  Visit("device");
  start.id = ConversationId("d");
  EXPECT_TRUE(visits_->commands.StartConversation(*account, start));
  EXPECT_TRUE(visits_->commands.EndConversation(*account, start.id));
  const auto verified = store_->Verify({});
  EXPECT_TRUE(verified) << verified.error();
}

TEST_F(VisitorRetentionTest, WhoComesBackInTimeStays) {
  Load();
  Visit("device");
  now_ += std::chrono::days(300);
  Visit("device");
  EXPECT_EQ(SweepAfter(std::chrono::days(300)), 0u);
  EXPECT_EQ(SweepAfter(std::chrono::days(102)), 1u);
}

TEST_F(VisitorRetentionTest, WhoWasKeptBeforeTimesWereCountsFromTheFirstSweep) {
  Load();
  VisitorState old;
  old.sessions = 3;
  AppendRequest request;
  request.states.push_back({StateTable::kVisitor, "demo/device", PackVisitor(old)});
  ASSERT_TRUE(store_->Append(std::move(request)));
  EXPECT_EQ(SweepAfter(std::chrono::days(1'000)), 0u);
  EXPECT_EQ(SweepAfter(std::chrono::days(399)), 0u);
  EXPECT_EQ(SweepAfter(std::chrono::days(2)), 1u);
}

}  // namespace
}  // namespace monitor
