#include "api/inbound/inbound_commands.h"

#include <gtest/gtest.h>

#include "tests/api/node_fixture.h"

namespace monitor {
namespace {

std::string ComplaintAbout(std::string_view message) {
  const auto command = ReadInboundCommand(message);
  return command ? "" : command.error();
}

TEST(InboundCommands, AStartHoldsTheAdminApisBodyAndItsIds) {
  const auto read = ReadInboundCommand(
      R"({"type":"conversation-started","accountId":"demo","conversationId":"c1","visitorId":"v1","sessionId":"s1",)"
      R"("identity":{"iss":"shop","sub":"ada"},"campaignId":41,"engagementId":"4101","contextId":2,"more":[]})");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->account, AccountId("demo"));
  const auto& start = std::get<ConversationStart>(read->command);
  EXPECT_EQ(start.id, ConversationId("c1"));
  EXPECT_EQ(start.visitor, VisitorId("v1"));
  EXPECT_EQ(start.session, SessionId("s1"));
  EXPECT_EQ(start.identity->iss, "shop");
  EXPECT_EQ(start.identity->sub, "ada");
  EXPECT_EQ(start.campaign_id, 41);
  EXPECT_EQ(start.engagement_id, 4101);
  EXPECT_EQ(start.context_id, 2u);
}

TEST(InboundCommands, AnEndAndASkillsState) {
  const auto end = ReadInboundCommand(R"({"type":"conversation-ended","accountId":"demo","conversationId":"c1"})");
  ASSERT_TRUE(end) << end.error();
  EXPECT_EQ(std::get<ConversationEnd>(end->command).id, ConversationId("c1"));
  const auto skill =
      ReadInboundCommand(R"({"type":"skill-availability-changed","accountId":"demo","skillId":3,"state":"busy"})");
  ASSERT_TRUE(skill) << skill.error();
  EXPECT_EQ(std::get<SkillChange>(skill->command).skill, 3);
  EXPECT_EQ(std::get<SkillChange>(skill->command).state, SkillState::kBusy);
}

TEST(InboundCommands, WhatIsWrongIsNamed) {
  EXPECT_TRUE(ComplaintAbout("garbage").starts_with("body: "));
  EXPECT_EQ(ComplaintAbout("[]"), "body: must be an object");
  EXPECT_EQ(ComplaintAbout(""), "type: is required");
  EXPECT_EQ(ComplaintAbout(R"({"type":"conversation-ended"})"), "accountId: is required");
  EXPECT_EQ(ComplaintAbout(R"({"type":"hello","accountId":"demo"})"),
            "type: must be conversation-started, conversation-ended or skill-availability-changed");
  EXPECT_EQ(ComplaintAbout(R"({"type":"conversation-ended","accountId":"demo"})"), "conversationId: is required");
  EXPECT_EQ(ComplaintAbout(R"({"type":"conversation-started","accountId":"demo","conversationId":"c1"})"),
            "visitorId: it or an identity is required");
  EXPECT_EQ(ComplaintAbout(R"({"type":"skill-availability-changed","accountId":"demo","state":"busy"})"),
            "skillId: is required");
  EXPECT_EQ(ComplaintAbout(R"({"type":"skill-availability-changed","accountId":"demo","skillId":3,"state":"away"})"),
            "state: must be online, busy or offline");
  EXPECT_EQ(ComplaintAbout(std::string(65'537, ' ')), "body: is too large");
}

class ApplyingInboundMessages : public testing::Test {
 protected:
  std::string Apply(std::string_view message) {
    const auto applied = ApplyInboundMessage(message, accounts_, visits_);
    if (applied) return "applied";
    const bool refused = applied.error().code == InboundFailure::Code::kRefused;
    return (refused ? "refused: " : "unavailable: ") + applied.error().message;
  }
  void Load() {
    ASSERT_TRUE(accounts_.Start(""));
    ASSERT_TRUE(accounts_.Put({AccountId("demo"), SampleDocument("demo"), "test", std::nullopt}));
  }
  std::uint64_t LastSeq() { return folder_.store().Statistics().last_seq; }

  StoreFolder folder_;
  MasterKey master_key_ = *MasterKey::Load(folder_.path() + "/master.key", true);
  Accounts accounts_{folder_.store()};
  Visits visits_{folder_.store(), master_key_};
};

constexpr const char* kStart =
    R"({"type":"conversation-started","accountId":"demo","conversationId":"c1","visitorId":"v1"})";
constexpr const char* kEnd = R"({"type":"conversation-ended","accountId":"demo","conversationId":"c1"})";
constexpr const char* kBusy = R"({"type":"skill-availability-changed","accountId":"demo","skillId":3,"state":"busy"})";

TEST_F(ApplyingInboundMessages, ToldTwiceAppendNothingTwice) {
  Load();
  for (const char* message : {kStart, kBusy, kEnd}) {
    const std::uint64_t before = LastSeq();
    EXPECT_EQ(Apply(message), "applied");
    EXPECT_EQ(Apply(message), "applied");
    EXPECT_EQ(LastSeq(), before + 1) << message;
  }
  EXPECT_EQ(accounts_.Find(AccountId("demo"))->StateOfSkill(3), SkillState::kBusy);
}

TEST_F(ApplyingInboundMessages, WhatCanNeverBeDoneIsRefused) {
  Load();
  const std::uint64_t before = LastSeq();
  EXPECT_EQ(Apply("garbage").substr(0, 15), "refused: body: ");
  EXPECT_EQ(Apply(R"({"type":"conversation-ended","accountId":"nobody","conversationId":"c1"})"),
            "refused: accountId: the account does not exist");
  EXPECT_EQ(Apply(R"({"type":"skill-availability-changed","accountId":"demo","skillId":9,"state":"busy"})"),
            "refused: skillId: the account has no such skill");
  EXPECT_EQ(Apply(R"({"type":"conversation-started","accountId":"demo","conversationId":"c1",)"
                  R"("identity":{"sub":"nobody"}})"),
            "refused: no visitor has presented this identity");
  EXPECT_EQ(LastSeq(), before);
}

TEST_F(ApplyingInboundMessages, UntilTheAccountsAreLoadedNothingIsJudged) {
  EXPECT_EQ(Apply(kStart), "unavailable: accounts are loading");
  EXPECT_EQ(Apply("garbage").substr(0, 15), "refused: body: ");
  Load();
  EXPECT_EQ(Apply(kStart), "applied");
}

}  // namespace
}  // namespace monitor
