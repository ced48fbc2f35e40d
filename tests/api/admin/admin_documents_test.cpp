// Documents that are judged, and judged by, without being put.
#include <gmock/gmock.h>

#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing_http::Answer;

using AdminDocumentsTest = AdminTest;

TEST_F(AdminDocumentsTest, ValidateSaysWhatAPutWouldSayAndRecordsNothing) {
  const std::string position = Do("GET", "/admin/position").body;
  const std::string document = SampleDocument("demo");
  const Answer valid = Do("POST", "/admin/accounts/demo/validate", document);
  EXPECT_EQ(valid.status, 200);
  EXPECT_EQ(valid.body, R"({"revision":")" + RevisionOf(document).str() + "\"}");
  for (const std::string& refused :
       {std::string(R"({"accountId":"demo","timeZone":"Mars","currency":"??","campaigns":[{}]})"),
        SampleDocument("other"), std::string("nonsense"), std::string()}) {
    const Answer judged = Do("POST", "/admin/accounts/demo/validate", refused);
    EXPECT_EQ(Code(judged), "400/5") << refused;
    const std::size_t errors = judged.body.find("\"errors\":[{");
    ASSERT_NE(errors, std::string::npos) << judged.body;
    EXPECT_EQ(judged.body.substr(errors), Do("PUT", "/admin/accounts/demo", refused).body.substr(errors));
  }
  EXPECT_EQ(Do("GET", "/admin/position").body, position);
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo")), "404/6");
}

TEST_F(AdminDocumentsTest, ExplainJudgesByTheDocumentThatComesWithIt) {
  PutDemo();
  Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"offline"})");
  const SessionId session = Visit("v1");
  std::string changed = SampleDocument("demo");
  changed.replace(changed.find("\"id\":4101"), 9, "\"enabled\":false,\"id\":4101");
  changed.replace(changed.find("\"id\":\"web\""), 10, "\"id\":\"kiosk\"");
  const std::string position = Do("GET", "/admin/position").body;
  const auto explain = [&](const std::string& app, const std::string& document) {
    return Do("POST", "/admin/accounts/demo/explain",
              R"({"visitorId":"v1","sessionId":")" + session.str() + R"(","appInstallationId":")" + app +
                  R"(","document":)" + document + "}");
  };
  const Answer judged = explain("kiosk", changed);
  EXPECT_EQ(judged.status, 200);
  EXPECT_THAT(judged.body, HasSubstr(R"("engagementId":4101,"verdict":"refused")"));
  EXPECT_THAT(judged.body, HasSubstr(R"("engagementId":4102,"verdict":"refused","reason":"unavailable")"));
  EXPECT_THAT(judged.body, HasSubstr("\"revision\":\"" + RevisionOf(changed).str() + "\""));
  EXPECT_EQ(Code(explain("web", changed)), "404/18");

  const Answer refused = explain("web", R"({"accountId":"demo","timeZone":"Mars"})");
  EXPECT_EQ(Code(refused), "400/5");
  EXPECT_THAT(refused.body, HasSubstr(R"("errors":[{"path":)"));
  EXPECT_THAT(explain("web", SampleDocument("other")).body, HasSubstr(R"("errors":[{"path":"accountId")"));
  EXPECT_EQ(Code(explain("web", "\"a text\"")), "400/5");
  EXPECT_EQ(explain("web", "null").status, 200);
  EXPECT_EQ(Do("GET", "/admin/position").body, position);
  EXPECT_EQ(Do("GET", "/admin/accounts/demo").body, SampleDocument("demo"));
}

TEST_F(AdminDocumentsTest, RevisionsAreListedTheNewestFirstAndStayReadable) {
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/revisions")), "404/6");
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/revisions/x")), "404/6");
  PutDemo();
  Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})");
  const std::string first = SampleDocument("demo"), second = SampleDocument("demo", "second");
  Do("PUT", "/admin/accounts/demo", second);
  Do("PUT", "/admin/accounts/demo", second);
  Do("PUT", "/admin/accounts/demo", first);

  const auto listed = json::Document::Parse(Do("GET", "/admin/accounts/demo/revisions").body);
  ASSERT_TRUE(listed);
  std::vector<std::string> revisions, positions;
  for (const json::Value& one : listed->root().Find("revisions")->items()) {
    revisions.emplace_back(one.Find("revision")->text());
    positions.emplace_back(one.Find("position")->text());
    EXPECT_TRUE(one.Find("at")->is_number());
    EXPECT_EQ(one.Find("by")->text(), "admin");
  }
  const std::string a = RevisionOf(first).str(), b = RevisionOf(second).str();
  EXPECT_EQ(revisions, (std::vector<std::string>{a, b, a}));
  const EventStore& store = folder_.store();
  const auto events = store.ReadStream(AccountStream(AccountId("demo"))).value();
  std::vector<std::string> configured;
  for (const StoredEvent& event : events) {
    if (event.type == "account-configured") configured.insert(configured.begin(), event.position.ToString());
  }
  EXPECT_EQ(positions, configured);
  for (const std::string& document : {first, second}) {
    const Answer then = Do("GET", "/admin/accounts/demo/revisions/" + RevisionOf(document).str());
    EXPECT_EQ(then.body, document);
    EXPECT_EQ(then.Header("ETag"), "\"" + RevisionOf(document).str() + "\"");
  }
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/revisions/0123456789abcdef")), "404/12");
}

TEST_F(AdminDocumentsTest, ChangesBetweenRevisionsAreTold) {
  PutDemo();
  const std::string first = SampleDocument("demo"), second = SampleDocument("demo", "second");
  Do("PUT", "/admin/accounts/demo", second);
  const std::string a = RevisionOf(first).str(), b = RevisionOf(second).str();
  const auto changes = [&](const std::string& of, const std::string& since) {
    return Do("GET", "/admin/accounts/demo/revisions/" + of + "/changes?since=" + since);
  };
  EXPECT_EQ(changes(b, a).body, R"({"changes":[{"path":"name","before":"first","after":"second",)"
                                R"("text":"name: \"first\" -> \"second\""}]})");
  EXPECT_THAT(changes(a, b).body, HasSubstr(R"("before":"second","after":"first")"));
  EXPECT_EQ(changes(b, b).body, R"({"changes":[]})");
  EXPECT_EQ(Code(changes(b, "0123456789abcdef")), "404/12");
  EXPECT_EQ(Code(changes("0123456789abcdef", a)), "404/12");
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/demo/revisions/" + b + "/changes")), "400/5");
  EXPECT_EQ(Code(Do("GET", "/admin/accounts/other/revisions/" + b + "/changes?since=" + a)), "404/6");
  EXPECT_THAT(Do("GET", "/admin/audit?limit=1").body,
              HasSubstr(R"("action":"show-changes","target":"revisions/)" + b + "/changes\""));
}

TEST_F(AdminDocumentsTest, ADocumentIsComparedWithTheOneInForce) {
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/changes", SampleDocument("demo"))), "404/6");
  PutDemo();
  EXPECT_EQ(Do("POST", "/admin/accounts/demo/changes", SampleDocument("demo")).body, R"({"changes":[]})");
  // One with mistakes, too.
  const std::string document = Do("GET", "/admin/accounts/demo").body;
  const Answer told = Do("POST", "/admin/accounts/demo/changes", R"({"timeZone":"Mars",)" + document.substr(1));
  EXPECT_EQ(told.body, R"({"changes":[{"path":"timeZone","before":null,"after":"Mars",)"
                       R"("text":"timeZone: not set -> \"Mars\""}]})");
  EXPECT_THAT(Do("GET", "/admin/audit?limit=1").body, HasSubstr(R"("action":"show-changes","target":"")"));
  EXPECT_EQ(Code(Do("POST", "/admin/accounts/demo/changes", "nonsense")), "400/5");
  EXPECT_EQ(Do("GET", "/admin/accounts/demo").body, SampleDocument("demo"));
}

TEST_F(AdminDocumentsTest, RevisionsOfAnOlderStoreAreListedAfterAStart) {
  PutDemo();
  Do("PUT", "/admin/accounts/demo", SampleDocument("demo", "second"));
  const std::string listed = Do("GET", "/admin/accounts/demo/revisions").body;
  AppendRequest forget;
  const EventStore& store = folder_.store();
  const auto index = store.ReadStates(StateTable::kAccount, "@revision/", 10).value();
  for (const auto& [key, value] : index) {
    forget.states.push_back({StateTable::kAccount, key, std::nullopt});
  }
  ASSERT_EQ(forget.states.size(), 2u);
  ASSERT_TRUE(folder_.store().Append(forget));
  Accounts started_anew(folder_.store());
  ASSERT_TRUE(started_anew.Start(""));
  EXPECT_EQ(Do("GET", "/admin/accounts/demo/revisions").body, listed);
}

}  // namespace
}  // namespace monitor
