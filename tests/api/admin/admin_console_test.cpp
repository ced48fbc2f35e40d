// The campaign console's files: there for anybody who reaches the listener, and nothing else with them.
#include <gmock/gmock.h>

#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_http::Answer;

class AdminConsoleTest : public AdminTest {
 protected:
  Answer Get(std::string_view path, std::string_view headers = {}) {
    return testing_http::Do(server_.port(), "GET", path, "", headers);
  }
};

TEST_F(AdminConsoleTest, ItsFilesNeedNoTokenAndHaveThePolicy) {
  const std::pair<const char*, const char*> files[] = {
      {"/console/", "text/html; charset=utf-8"},
      {"/console/index.html", "text/html; charset=utf-8"},
      {"/console/main.js", "text/javascript; charset=utf-8"},
      {"/console/console.css", "text/css; charset=utf-8"},
      {"/console/icon.svg", "image/svg+xml"},
      {"/console/codemirror/codemirror.js", "text/javascript; charset=utf-8"},
      {"/console/account.schema.json", "application/json"},
      {"/console/sample.json", "application/json"},
  };
  for (const auto& [path, type] : files) {
    SCOPED_TRACE(path);
    const Answer answer = Get(path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.body.empty());
    EXPECT_EQ(answer.Header("Content-Type"), type);
    EXPECT_EQ(answer.Header("Content-Security-Policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    EXPECT_EQ(answer.Header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.Header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(answer.Header("Cache-Control"), "no-cache");
    EXPECT_THAT(answer.head, Not(HasSubstr("no-store")));
    EXPECT_EQ(testing_http::Do(server_.port(), "HEAD", path).Header("ETag"), answer.Header("ETag"));
  }
}

TEST_F(AdminConsoleTest, AFileThatIsKnownIsNotSentAgain) {
  const std::string tag = Get("/console/main.js").Header("ETag").value_or("");
  ASSERT_FALSE(tag.empty());
  const Answer same = Get("/console/main.js", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.Header("ETag"), tag);
  EXPECT_EQ(Get("/console/dom.js", "If-None-Match: " + tag + "\r\n").status, 200);
}

TEST_F(AdminConsoleTest, WhatIsNotThereIsRefusedInTheDocumentedForm) {
  for (const char* path : {"/console/nowhere", "/console/nowhere.js", "/console/codemirror/nowhere.js",
                           "/console/..%2Fmain.js", "/console/page/main.js"}) {
    EXPECT_EQ(Code(Get(path)), "404/5") << path;
  }
  const Answer posted = testing_http::Do(server_.port(), "POST", "/console/");
  EXPECT_EQ(Code(posted), "405/5");
  EXPECT_EQ(posted.Header("Allow"), "GET, HEAD");
  EXPECT_EQ(Code(Get("/consoles/")), "401/10");
}

TEST_F(AdminConsoleTest, TheFolderWithoutItsSlashLeadsToIt) {
  const Answer moved = Get("/console");
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(moved.Header("Location"), "/console/");
}

TEST_F(AdminConsoleTest, WhatTheOperatorsAskAllTheTimeDoesNotWaitForIt) {
  EXPECT_EQ(Admin::AtOnce(), (std::vector<std::string_view>{"/livez", "/readyz", "/metrics"}));
}

}  // namespace
}  // namespace monitor
