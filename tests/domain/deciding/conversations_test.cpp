// What the use cases do not show (tests/api/visits).
#include "domain/deciding/conversations.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

const EventScope kScope{.account = AccountId("demo"), .visitor = VisitorId("v1")};
const TimeMs kNow = FromUnixMs(1'000'000);

TEST(VisitorCommands, RepeatedYieldNoEvents) {
  const auto account = ParseAccount(R"({"accountId": "demo"})").value();
  VisitorState visitor;
  EXPECT_FALSE(DecideErasure(kScope, visitor)) << "never heard of";
  ConversationStart start;
  start.id = ConversationId("c1");
  const auto said = [&](const std::optional<Event>& event) {
    if (event) Evolve(visitor, *event, kNow);
    return event.has_value();
  };
  const auto started = [&] { return said(DecideConversationStart(kScope, *account, start, visitor, nullptr)); };
  EXPECT_TRUE(started());
  EXPECT_FALSE(started());
  EXPECT_TRUE(said(DecideConversationEnd(kScope, start.id, visitor)));
  EXPECT_FALSE(said(DecideConversationEnd(kScope, start.id, visitor)));
  EXPECT_TRUE(said(DecideAbandonScore(kScope, *Decimal::Parse("1.5"), visitor)));
  EXPECT_FALSE(said(DecideAbandonScore(kScope, *Decimal::Parse("1.5"), visitor)));
  EXPECT_TRUE(said(DecideErasure(kScope, visitor)));
  EXPECT_FALSE(said(DecideErasure(kScope, visitor)));
}

TEST(VisitorCommands, AnErasureClosesLiveSessionsOnly) {
  SessionState session;
  EXPECT_FALSE(DecideErasedSession(kScope, session, {}, kNow));
  session.id = SessionId("s1");
  session.created_at = session.last_activity_at = kNow;
  session.max_age_s = 60;
  const auto closed = DecideErasedSession(kScope, session, {}, kNow);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->scope.session, session.id);
  EXPECT_FALSE(DecideErasedSession(kScope, session, {}, kNow + std::chrono::hours(1)));
}

}  // namespace
}  // namespace monitor
