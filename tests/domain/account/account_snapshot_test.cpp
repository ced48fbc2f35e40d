#include "domain/account/account_snapshot.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

std::shared_ptr<const Account> Document(const std::string& name) {
  return ParseAccount(R"({"accountId": "demo", "name": ")" + name + R"(", "skills": [{"id": 7, "name": "sales"}]})")
      .value();
}

TEST(AccountSnapshot, ReadsWhatItWrote) {
  const AccountSnapshot snapshot{
      7, "{\"a\": \"\\u0000é\"}", {{3, SkillState::kBusy}, {-4, SkillState::kOffline}}, Revision("0123456789abcdef")};
  const auto read = AccountSnapshot::FromJson(snapshot.ToJson());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, 7);
  EXPECT_EQ(read->document, snapshot.document);
  EXPECT_EQ(read->skills, snapshot.skills);
  EXPECT_EQ(read->file, snapshot.file);
  EXPECT_FALSE(AccountSnapshot::FromJson("{}"));
  EXPECT_FALSE(AccountSnapshot::FromJson("nonsense"));
}

TEST(AccountDecision, TheSameDocumentAgainIsNoEventButAFileHasBroughtIt) {
  const auto account = Document("first");
  const auto put = DecideDocument({}, *account, "admin", std::nullopt).value();
  ASSERT_TRUE(put.event && put.after);
  EXPECT_EQ(put.after->version, 1);
  EXPECT_EQ(put.after->document, account->document);
  const auto again = DecideDocument(*put.after, *account, "admin", std::nullopt).value();
  EXPECT_FALSE(again.event || again.after);
  const auto brought = DecideDocument(*put.after, *account, "file:a.json", std::nullopt).value();
  EXPECT_FALSE(brought.event);
  ASSERT_TRUE(brought.after);
  EXPECT_EQ(brought.after->version, 1);
  EXPECT_EQ(brought.after->file, account->revision);
}

TEST(AccountDecision, IfMatchIsJudgedByWhatIsKept) {
  const auto first = Document("first");
  const auto second = Document("second");
  EXPECT_EQ(DecideDocument({}, *first, "admin", "*").error(), AccountRefusal::kPreconditionFailed);
  const AccountSnapshot kept{1, first->document, {}, {}};
  EXPECT_EQ(DecideDocument(kept, *second, "admin", "\"other\"").error(), AccountRefusal::kPreconditionFailed);
  EXPECT_TRUE(DecideDocument(kept, *second, "admin", "\"other\", \"" + first->revision.str() + "\""));
}

TEST(AccountDecision, AStateToldAgainIsNoEvent) {
  const auto account = Document("first");
  const AccountSnapshot kept{1, account->document, {}, {}};
  EXPECT_FALSE(DecideSkill(kept, *account, 7, SkillState::kOnline)->event) << "as if told";
  const auto told = DecideSkill(kept, *account, 7, SkillState::kBusy).value();
  ASSERT_TRUE(told.event && told.after);
  EXPECT_EQ(told.after->version, 2);
  EXPECT_FALSE(DecideSkill(*told.after, *account, 7, SkillState::kBusy)->event);
  EXPECT_EQ(DecideSkill(kept, *account, 8, SkillState::kBusy).error(), AccountRefusal::kUnknownSkill);
}

}  // namespace
}  // namespace monitor
