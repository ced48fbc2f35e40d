// What tokens with a name and scopes may do, and that what they did is theirs.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_http::Answer;
using enum AdminScope;

struct TokensFile {
  TokensFile() { Write(AllTokens()); }

  // One for each scope, named as it; the token is its name behind "t-".
  static std::string AllTokens() {
    std::string text;
    for (const std::string_view word : ScopeWords()) text += Entry(word, {*ParseScope(word)}, std::nullopt);
    return text + Entry("over", AllScopesThatAreGiven(), FromUnixMs(1'600'000'000'000)) +
           Entry("ends", {kRead}, FromUnixMs(4'000'000'000'000));
  }
  static AdminScopes AllScopesThatAreGiven() {
    AdminScopes scopes = AllScopes();
    scopes.erase(kNode);
    return scopes;
  }
  static std::string Entry(std::string_view name, const AdminScopes& scopes, std::optional<TimeMs> expires) {
    const auto hash = Sha256("t-" + std::string(name));
    return TokenTableEntry(std::string(name), Hex({reinterpret_cast<const char*>(hash.data()), hash.size()}), scopes,
                           expires);
  }
  void Write(const std::string& text) { std::ofstream(tokens_file()) << text; }
  std::string tokens_file() const { return tokens_folder_.path() + "/tokens.toml"; }

  TemporaryFolder tokens_folder_;
};

class AdminScopesTest : public TokensFile, public AdminTest {
 protected:
  AdminScopesTest() : AdminTest(tokens_file()) {}

  Answer As(std::string_view name, std::string_view method, std::string_view path, std::string_view body = {}) {
    return testing_http::Do(server_.port(), method, path, body,
                            "Authorization: Bearer t-" + std::string(name) + "\r\n");
  }
  // Of the newest act: "NAME ACTION".
  std::string LastAct() {
    const auto audit = json::Document::Parse(Do("GET", "/admin/audit?limit=1").body);
    const auto& acts = audit->root().Find("actions")->items();
    if (acts.empty()) return "";
    return std::string(acts[0].Find("by")->text()) + " " + std::string(acts[0].Find("action")->text());
  }
};

struct Act {
  const char* scope;
  const char* method;
  std::string path;
  std::string body = {};
};

TEST_F(AdminScopesTest, EachRouteIsForTheTokensOfItsScope) {
  PutDemo();
  const std::string session = Visit("v1").str();
  const std::string demo = "/admin/accounts/demo", first = RevisionOf(SampleDocument("demo")).str();
  const std::vector<Act> acts = {
      {"read", "GET", "/admin/accounts"},
      {"read", "HEAD", "/admin/accounts"},
      {"read", "GET", demo},
      {"read", "GET", demo + "/revisions"},
      {"read", "GET", demo + "/revisions/" + first},
      {"read", "GET", demo + "/revisions/" + first + "/changes?since=" + first},
      {"read", "POST", demo + "/changes", SampleDocument("demo")},
      {"read", "GET", demo + "/skills"},
      {"read", "POST", demo + "/validate", SampleDocument("demo")},
      {"read", "POST", demo + "/explain", R"({"appInstallationId":"web"})"},
      {"read", "POST", demo + "/what-if", R"({"document":)" + SampleDocument("demo") + "}"},
      {"read", "GET", demo + "/visitors/v1"},
      {"read", "GET", demo + "/visitors/v1/sessions/" + session + "/events"},
      {"read", "POST", demo + "/identities/find", R"({"sub":"s"})"},
      {"read", "GET", "/admin/log"},
      {"read", "GET", "/admin/position"},
      {"read", "GET", "/admin/audit"},
      {"skills", "PUT", demo + "/skills/3", R"({"state":"busy"})"},
      {"conversations", "PUT", demo + "/conversations/c1", R"({"visitorId":"v1"})"},
      {"conversations", "DELETE", demo + "/conversations/c1"},
      {"conversations", "PUT", demo + "/visitors/v1/abandon-score", R"({"score":1})"},
      {"publish", "PUT", demo, SampleDocument("demo", "second")},
      {"erase", "POST", demo + "/identities/erase", R"({"sub":"s"})"},
      {"erase", "DELETE", demo + "/visitors/v1"},
      {"erase", "DELETE", demo + "?confirm=demo"},
  };
  for (const Act& act : acts) {
    SCOPED_TRACE(std::string(act.method) + " " + act.path);
    for (const std::string_view other : ScopeWords()) {
      if (other == act.scope) continue;
      const Answer refused = As(other, act.method, act.path, act.body);
      EXPECT_EQ(refused.status, 403) << other;
      EXPECT_EQ(refused.Header("WWW-Authenticate"),
                "Bearer error=\"insufficient_scope\", scope=\"" + std::string(act.scope) + "\"");
      if (std::string_view(act.method) == "HEAD") continue;
      EXPECT_EQ(Code(refused), "403/10");
      EXPECT_THAT(refused.body,
                  HasSubstr("\"message\":\"Authorization: the token lacks the scope " + std::string(act.scope) + "\""));
    }
    EXPECT_EQ(As(act.scope, act.method, act.path, act.body).status, 200);
  }
}

TEST_F(AdminScopesTest, TheNodeItselfIsForTheTokenWithAllScopes) {
  for (const char* path : {"/admin/backup", "/admin/drain"}) {
    for (const std::string_view scope : ScopeWords()) {
      const Answer refused = As(scope, "POST", path, "{}");
      EXPECT_EQ(Code(refused), "403/10");
      EXPECT_THAT(refused.body, HasSubstr("Authorization: only the token admin may do this"));
    }
  }
  EXPECT_FALSE(drain_.begun());
  EXPECT_EQ(Code(Do("POST", "/admin/backup", "{}")), "400/5");
  EXPECT_EQ(Do("POST", "/admin/drain").status, 200);
}

TEST_F(AdminScopesTest, WhoIsUnknownOrOverLearnsNothingElse) {
  for (const char* path : {"/admin/accounts", "/admin/nowhere", "/admin/accounts/demo/skills/3"}) {
    EXPECT_EQ(Code(As("nobody", "GET", path)), "401/10");
    const Answer over = As("over", "GET", path);
    EXPECT_EQ(Code(over), "401/10");
    EXPECT_THAT(over.body, HasSubstr("\"message\":\"Authorization: the admin token has expired\""));
    EXPECT_EQ(over.Header("WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(Code(As("skills", "GET", "/admin/nowhere")), "404/5");
  EXPECT_EQ(Code(As("skills", "GET", "/admin/accounts/demo/skills/3")), "405/5");
  EXPECT_EQ(As("ends", "GET", "/admin/accounts").status, 200);
}

TEST_F(AdminScopesTest, WhatWasDoneHasTheNameOfItsToken) {
  ASSERT_EQ(As("publish", "PUT", "/admin/accounts/demo", SampleDocument("demo")).status, 201);
  EXPECT_EQ(LastAct(), "publish put-account");
  EXPECT_THAT(Do("GET", "/admin/accounts/demo/revisions").body, HasSubstr(R"("by":"publish")"));
  Visit("v1");
  const std::string demo = "/admin/accounts/demo";
  As("skills", "PUT", demo + "/skills/3", R"({"state":"busy"})");
  EXPECT_EQ(LastAct(), "skills set-skill");
  As("conversations", "PUT", demo + "/conversations/c1", R"({"visitorId":"v1"})");
  EXPECT_EQ(LastAct(), "conversations start-conversation");
  As("conversations", "DELETE", demo + "/conversations/c1");
  EXPECT_EQ(LastAct(), "conversations end-conversation");
  As("read", "GET", demo + "/visitors/v1");
  EXPECT_EQ(LastAct(), "read show-visitor");
  As("read", "GET", demo);
  EXPECT_EQ(LastAct(), "read show-account");
  As("read", "DELETE", demo + "/visitors/v1");  // is refused: no act
  EXPECT_EQ(LastAct(), "read show-account");
  As("erase", "DELETE", demo + "/visitors/v1");
  EXPECT_EQ(LastAct(), "erase erase-visitor");
  As("erase", "DELETE", demo + "?confirm=demo");
  EXPECT_EQ(LastAct(), "erase remove-account");
  Do("POST", "/admin/drain");
  EXPECT_EQ(LastAct(), "admin drain");
}

TEST_F(AdminScopesTest, AChangedFileIsInForceAndOneWithAMistakeIsTold) {
  const auto ready = [&] { return testing_http::Do(server_.port(), "GET", "/readyz"); };
  EXPECT_THAT(ready().body, HasSubstr(R"("tokens":"ok")"));
  Write(AllTokens() + "[admin]\n");
  const Answer degraded = ready();
  EXPECT_EQ(degraded.status, 200);
  EXPECT_THAT(degraded.body, HasSubstr(R"("status":"degraded")"));
  EXPECT_THAT(degraded.body,
              HasSubstr(": admin: this name is that of the token with all scopes; the tokens are those"));
  EXPECT_EQ(As("read", "GET", "/admin/accounts").status, 200);
  Write(Entry("other", {kRead}, std::nullopt));
  EXPECT_EQ(Code(As("read", "GET", "/admin/accounts")), "401/10");
  EXPECT_EQ(As("other", "GET", "/admin/accounts").status, 200);
  EXPECT_THAT(ready().body, HasSubstr(R"("status":"ready")"));
}

}  // namespace
}  // namespace monitor
