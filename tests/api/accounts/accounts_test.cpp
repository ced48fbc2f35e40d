#include "api/accounts/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "domain/account/account_snapshot.h"
#include "domain/events/event_codec.h"
#include "eventstore/keys/visitor_keys.h"
#include "server/drain.h"
#include "tests/api/node_fixture.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const AccountId kDemo("demo");

class AccountsTest : public testing::Test {
 protected:
  AccountsTest() { Restart(); }

  // A new process over the same data.
  void Restart() {
    accounts_.reset();
    folder_.Close();
    folder_.Open();
    accounts_ = std::make_unique<Accounts>(folder_.store());
    ASSERT_TRUE(accounts_->Start(folder_.accounts()));
  }
  std::expected<PutAccountResult, PutAccountError> Put(const std::string& document,
                                                       std::optional<std::string> if_match = std::nullopt,
                                                       AccountId id = kDemo) {
    return accounts_->Put({id, document, "admin", std::move(if_match)});
  }
  std::string NameInForce(const AccountId& id = kDemo) {
    const auto state = accounts_->Find(id);
    return state ? state->account->name : "";
  }
  std::vector<Event> Events(const AccountId& id = kDemo) {
    std::vector<Event> events;
    const auto stored = folder_.store().ReadStream(AccountStream(id), 1);
    EXPECT_TRUE(stored);
    for (const StoredEvent& event : *stored) {
      auto decoded = DecodeEventData({event.type, event.schema_version}, event.data, NoKey());
      EXPECT_TRUE(decoded);
      if (decoded) events.push_back(*decoded);
      EXPECT_EQ(event.key, id.str() + "/");
    }
    return events;
  }

  StoreFolder folder_;
  std::unique_ptr<Accounts> accounts_;
};

TEST_F(AccountsTest, AnEmptyStoreTakesAllOfTheFolder) {
  folder_.WriteAccountFile("a.json", SampleDocument("demo"));
  folder_.WriteAccountFile("b.json", SampleDocument("other", "second"));
  folder_.WriteAccountFile("notes.txt", "no document");
  Restart();
  EXPECT_EQ(NameInForce(), "first");
  EXPECT_EQ(NameInForce(AccountId("other")), "second");
  const auto list = accounts_->List();
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_EQ(list[0].id, kDemo);
  EXPECT_EQ(list[0].revision, RevisionOf(SampleDocument("demo")));
  EXPECT_EQ(std::get<AccountConfigured>(Events()[0].data).by, "file:a.json");
}

TEST_F(AccountsTest, FindsNothingWhileLoading) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  Accounts unstarted(folder_.store());
  EXPECT_TRUE(unstarted.loading());
  EXPECT_EQ(unstarted.Find(kDemo), nullptr);
  ASSERT_TRUE(unstarted.Start(""));
  EXPECT_FALSE(unstarted.loading());
  EXPECT_NE(unstarted.Find(kDemo), nullptr);
}

TEST_F(AccountsTest, APutIsAnEventAndInForceAfterARestart) {
  const auto created = Put(SampleDocument("demo"));
  ASSERT_TRUE(created);
  EXPECT_TRUE(created->created);
  const auto changed = Put(SampleDocument("demo", "second"));
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->created);
  EXPECT_TRUE(changed->changed);
  Restart();
  EXPECT_EQ(NameInForce(), "second");
  EXPECT_EQ(accounts_->Find(kDemo)->version, 2);
  const auto events = Events();
  ASSERT_THAT(events, SizeIs(2));
  const auto& configured = std::get<AccountConfigured>(events[1].data);
  EXPECT_EQ(configured.revision, changed->revision);
  EXPECT_EQ(configured.document, SampleDocument("demo", "second"));
  EXPECT_EQ(configured.by, "admin");
}

TEST_F(AccountsTest, TheSameBytesAgainAreNoEvent) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  const auto again = Put(SampleDocument("demo"));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  EXPECT_THAT(Events(), SizeIs(1));
}

TEST_F(AccountsTest, AFileWinsAgainOnlyWhenItsContentChanges) {
  folder_.WriteAccountFile("a.json", SampleDocument("demo", "file"));
  Restart();
  ASSERT_TRUE(Put(SampleDocument("demo", "admin")));
  folder_.WriteAccountFile("a.json", SampleDocument("demo", "file"));  // touched, the same content
  Restart();
  EXPECT_EQ(NameInForce(), "admin");
  std::filesystem::rename(folder_.accounts() + "/a.json", folder_.accounts() + "/b.json");  // names do not matter
  Restart();
  EXPECT_EQ(NameInForce(), "admin");
  folder_.WriteAccountFile("b.json", SampleDocument("demo", "newer file"));
  Restart();
  EXPECT_EQ(NameInForce(), "newer file");
  std::filesystem::remove(folder_.accounts() + "/b.json");
  Restart();
  EXPECT_EQ(NameInForce(), "newer file");
}

TEST_F(AccountsTest, AFileThatBroughtWhatWasInForceHasBroughtIt) {
  ASSERT_TRUE(Put(SampleDocument("demo", "same")));
  folder_.WriteAccountFile("a.json", SampleDocument("demo", "same"));
  Restart();
  ASSERT_TRUE(Put(SampleDocument("demo", "admin")));
  Restart();
  EXPECT_EQ(NameInForce(), "admin");
  EXPECT_THAT(Events(), SizeIs(2));
}

TEST_F(AccountsTest, TheFolderIsWatched) {
  folder_.WriteAccountFile("a.json", SampleDocument("demo", "one"));
  EXPECT_TRUE(WaitUntil([&] { return NameInForce() == "one"; }, std::chrono::seconds(20)));
  folder_.WriteAccountFile("a.json", "{\"accountId\":\"demo\"");
  folder_.WriteAccountFile("b.json", SampleDocument("other", "two"));
  EXPECT_TRUE(WaitUntil([&] { return NameInForce(AccountId("other")) == "two"; }, std::chrono::seconds(20)));
  EXPECT_EQ(NameInForce(), "one");
}

TEST_F(AccountsTest, OfTwoFilesForOneAccountTheFirstByNameCounts) {
  folder_.WriteAccountFile("b.json", SampleDocument("demo", "b"));
  folder_.WriteAccountFile("a.json", SampleDocument("demo", "a"));
  testing::internal::CaptureStderr();
  Restart();
  Restart();
  EXPECT_EQ(NameInForce(), "a");
  EXPECT_THAT(Events(), SizeIs(testing::Le(2)));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("account_file_ignored"));
}

TEST_F(AccountsTest, ARefusedDocumentLeavesTheOldOneInForceAndTellsEveryError) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  const auto refused = Put(R"({"accountId":"demo","timeZone":"Mars/Olympus","appInstallations":[{}],"campaigns":[]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, PutAccountError::Code::kInvalid);
  ASSERT_THAT(refused.error().errors, SizeIs(2));
  EXPECT_THAT(refused.error().message, testing::StartsWith(refused.error().errors[0].path));
  EXPECT_EQ(NameInForce(), "first");
  EXPECT_THAT(Events(), SizeIs(1));
}

TEST_F(AccountsTest, TheDocumentMustBeTheAccounts) {
  const auto refused = Put(SampleDocument("demo"), std::nullopt, AccountId("other"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, PutAccountError::Code::kInvalid);
  EXPECT_EQ(refused.error().errors.at(0).path, "accountId");
}

TEST_F(AccountsTest, IfMatchMustNameTheRevisionInForce) {
  const auto code = [](const auto& result) { return result.error().code; };
  const auto absent = Put(SampleDocument("demo"), "*");
  ASSERT_FALSE(absent);
  EXPECT_EQ(code(absent), PutAccountError::Code::kPreconditionFailed);
  const auto first = Put(SampleDocument("demo"));
  const std::string tag = "\"" + first->revision.str() + "\"";
  const auto stale = Put(SampleDocument("demo", "second"), "\"0123456789abcdef\"");
  ASSERT_FALSE(stale);
  EXPECT_EQ(code(stale), PutAccountError::Code::kPreconditionFailed);
  EXPECT_FALSE(Put(SampleDocument("demo", "second"), "W/" + tag));  // a weak tag never matches
  EXPECT_FALSE(Put(SampleDocument("demo", "second"), first->revision.str()));
  EXPECT_TRUE(Put(SampleDocument("demo", "second"), "\"x\", " + tag));
  EXPECT_TRUE(Put(SampleDocument("demo", "third"), "*"));
}

TEST_F(AccountsTest, SkillStatesAreEventsAndOutliveDocuments) {
  EXPECT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kBusy), AccountChange::kUnknownAccount);
  ASSERT_TRUE(Put(SampleDocument("demo")));
  EXPECT_EQ(accounts_->SetSkill(kDemo, 4, SkillState::kBusy), AccountChange::kUnknownSkill);
  EXPECT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kOnline), AccountChange::kUnchanged);  // it was: no event
  EXPECT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kBusy), AccountChange::kDone);
  EXPECT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kBusy), AccountChange::kUnchanged);
  EXPECT_THAT(Events(), SizeIs(2));
  ASSERT_TRUE(Put(SampleDocument("demo", "second")));
  Restart();
  EXPECT_EQ(accounts_->Find(kDemo)->StateOfSkill(3), SkillState::kBusy);
  EXPECT_EQ(accounts_->Find(kDemo)->version, 3);
  EXPECT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kOnline), AccountChange::kDone);
  EXPECT_THAT(Events(), SizeIs(4));
}

TEST_F(AccountsTest, WithoutASnapshotTheStreamAloneGivesTheSameState) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  ASSERT_TRUE(Put(SampleDocument("demo", "second")));
  ASSERT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kOffline), AccountChange::kDone);
  AppendRequest forget;
  forget.states.push_back({StateTable::kAccount, "demo", std::nullopt});
  ASSERT_TRUE(folder_.store().Append(forget));
  Restart();
  EXPECT_EQ(NameInForce(), "second");
  EXPECT_EQ(accounts_->Find(kDemo)->StateOfSkill(3), SkillState::kOffline);
  EXPECT_EQ(accounts_->Find(kDemo)->version, 3);
}

TEST_F(AccountsTest, VersionsGoOnOverTheStoresEpochs) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  ASSERT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kOffline), AccountChange::kDone);
  accounts_.reset();
  folder_.BeginEpoch(2);
  Restart();
  ASSERT_TRUE(Put(SampleDocument("demo", "second")));
  AppendRequest forget;
  forget.states.push_back({StateTable::kAccount, "demo", std::nullopt});
  ASSERT_TRUE(folder_.store().Append(forget));
  ASSERT_TRUE(Put(SampleDocument("demo", "third")));
  ASSERT_TRUE(folder_.store().Append(forget));
  Restart();
  EXPECT_EQ(accounts_->Find(kDemo)->version, 4);
  EXPECT_EQ(accounts_->Find(kDemo)->StateOfSkill(3), SkillState::kOffline);
  EXPECT_EQ(accounts_->AtVersion(kDemo, 3)->name, "second");
  ASSERT_TRUE(Put(SampleDocument("demo", "fourth")));
  EXPECT_EQ(accounts_->Find(kDemo)->version, 5);
}

TEST_F(AccountsTest, KnowsTheDocumentOfEveryVersion) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  ASSERT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kOffline), AccountChange::kDone);
  ASSERT_TRUE(Put(SampleDocument("demo", "second")));
  ASSERT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kOnline), AccountChange::kDone);
  Restart();
  EXPECT_EQ(accounts_->AtVersion(kDemo, 1)->name, "first");
  EXPECT_EQ(accounts_->AtVersion(kDemo, 2)->name, "first");
  EXPECT_EQ(accounts_->AtVersion(kDemo, 2), accounts_->AtVersion(kDemo, 2)) << "kept";
  EXPECT_EQ(accounts_->AtVersion(kDemo, 3), accounts_->Find(kDemo)->account);
  EXPECT_EQ(accounts_->AtVersion(kDemo, 4), accounts_->Find(kDemo)->account);
  EXPECT_EQ(accounts_->AtVersion(kDemo, 0), nullptr);
  EXPECT_EQ(accounts_->AtVersion(kDemo, 5), nullptr);
  EXPECT_EQ(accounts_->AtVersion(AccountId("other"), 1), nullptr);
}

// A document that was in force once, and that a newer server's stricter rules refuse.
class RefusedAccountTest : public AccountsTest {
 protected:
  void RestartWithARefusedDocument() {
    ASSERT_TRUE(Put(SampleDocument("demo")));
    ASSERT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kBusy), AccountChange::kDone);
    accounts_.reset();
    StoreRefusedDocument(folder_.store(), {2, {}, {{3, SkillState::kBusy}}, file_});
    testing::internal::CaptureStderr();
    Restart();
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("account_document_refused"));
  }

  Revision file_;  // of the content that a file last brought
};

TEST_F(RefusedAccountTest, IsNotServedButKnown) {
  RestartWithARefusedDocument();
  EXPECT_EQ(accounts_->Find(kDemo), nullptr);
  EXPECT_TRUE(accounts_->IsRefused(kDemo));
  const auto list = accounts_->List();
  ASSERT_THAT(list, SizeIs(1));
  EXPECT_EQ(list[0].revision, RevisionOf(kRefusedDocument));
  EXPECT_THAT(list[0].refused, HasSubstr("appInstallations[0].id"));
  EXPECT_EQ(accounts_->Refused().at(kDemo)->kept.document, kRefusedDocument);
}

TEST_F(RefusedAccountTest, APutGoesOnFromWhatIsKept) {
  RestartWithARefusedDocument();
  const auto put = Put(SampleDocument("demo", "mended"));
  ASSERT_TRUE(put);
  EXPECT_FALSE(put->created);
  EXPECT_FALSE(accounts_->IsRefused(kDemo));
  AppendRequest forget;
  forget.states.push_back({StateTable::kAccount, "demo", std::nullopt});
  for (const bool from_stream : {false, false, true}) {  // at once, from the snapshot, from the stream alone
    EXPECT_EQ(NameInForce(), "mended");
    EXPECT_EQ(accounts_->Find(kDemo)->version, 4u);
    EXPECT_EQ(accounts_->Find(kDemo)->StateOfSkill(3), SkillState::kBusy);
    if (from_stream) ASSERT_TRUE(folder_.store().Append(forget));
    Restart();
  }
  EXPECT_EQ(accounts_->Find(kDemo)->StateOfSkill(3), SkillState::kBusy);
  EXPECT_EQ(accounts_->Find(kDemo)->version, 4u);
}

TEST_F(RefusedAccountTest, IfMatchNamesTheRefusedRevision) {
  RestartWithARefusedDocument();
  EXPECT_FALSE(Put(SampleDocument("demo"), "\"" + RevisionOf(SampleDocument("demo")).str() + "\""));
  EXPECT_TRUE(Put(SampleDocument("demo"), "\"" + RevisionOf(kRefusedDocument).str() + "\""));
}

TEST_F(RefusedAccountTest, ItsFileIsTakenAgain) {
  file_ = RevisionOf(SampleDocument("demo", "file"));
  folder_.WriteAccountFile("a.json", SampleDocument("other"));
  RestartWithARefusedDocument();
  EXPECT_TRUE(accounts_->IsRefused(kDemo));
  folder_.WriteAccountFile("b.json", SampleDocument("demo", "file"));
  Restart();
  EXPECT_EQ(NameInForce(), "file");
  EXPECT_EQ(accounts_->Find(kDemo)->StateOfSkill(3), SkillState::kBusy);
  ASSERT_TRUE(Put(SampleDocument("demo", "admin")));
  Restart();
  EXPECT_EQ(NameInForce(), "admin") << "a file wins again only when its content changes";
}

TEST_F(AccountsTest, AChangeIsDecidedAgainOnWhatCameFromElsewhere) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  Accounts other(folder_.store());
  ASSERT_TRUE(other.Start(""));
  ASSERT_TRUE(other.Put({kDemo, SampleDocument("demo", "second"), "admin", std::nullopt}));
  EXPECT_EQ(accounts_->SetSkill(kDemo, 3, SkillState::kBusy), AccountChange::kDone);
  EXPECT_EQ(NameInForce(), "second");
  EXPECT_EQ(accounts_->Find(kDemo)->version, 3);
  Restart();
  EXPECT_EQ(NameInForce(), "second");
  EXPECT_EQ(accounts_->Find(kDemo)->StateOfSkill(3), SkillState::kBusy);
}

TEST_F(AccountsTest, AnEventThatCanNotBeReadIsDamageAndNamed) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  accounts_.reset();
  AppendRequest request;
  request.key = "demo/";
  request.streams = {{AccountStream(kDemo), 1, {{"skill-availability-changed", R"({"accountId":"demo"})"}}}};
  const auto appended = folder_.store().Append(std::move(request));
  ASSERT_TRUE(appended);
  Accounts accounts(folder_.store());
  const auto started = accounts.Start("");
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error(), HasSubstr(appended->last.ToString() + ": skill-availability-changed of account/demo"));
}

TEST_F(AccountsTest, ReadersSeeWholeStatesWhileDocumentsChange) {
  ASSERT_TRUE(Put(SampleDocument("demo")));
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        std::uint64_t last = 0;
        while (!stop) {
          const auto state = accounts_->Find(kDemo);
          if (!state || state->version < last || state->account->revision != RevisionOf(state->account->document)) {
            ++wrong;
          }
          if (state) last = state->version;
        }
      });
    }
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(Put(SampleDocument("demo", std::to_string(i))));
    stop = true;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(NameInForce(), "29");
}

}  // namespace
}  // namespace monitor
