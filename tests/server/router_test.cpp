#include "server/router.h"

#include <gtest/gtest.h>

namespace monitor::http {
namespace {

struct TestRoute {
  Method method;
  std::string_view pattern;
  std::string_view name;
  bool quick = false;
};

const std::vector<TestRoute> kRoutes = {
    {Method::kGet, "/", "page", true},
    {Method::kGet, "/a/*", "read"},
    {Method::kPut, "/a/*", "write"},
    {Method::kPost, "/a/*/b/*", "deep"},
    {Method::kGet, "/a/fixed/b", "last", true},
};

class RouterTest : public testing::Test {
 protected:
  // The route's name; "405 ALLOW" or "404".
  std::string Find(Method method, std::string_view path) {
    match_ = router_.Find(method, path);
    if (match_.route != nullptr) return std::string(match_.route->name);
    return match_.path != nullptr ? "405 " + std::string(match_.allowed) : "404";
  }

  Router<TestRoute> router_{kRoutes};
  Router<TestRoute>::Match match_;
};

TEST_F(RouterTest, MethodAndPathMeanARoute) {
  EXPECT_EQ(Find(Method::kGet, "/"), "page");
  EXPECT_EQ(Find(Method::kGet, "/a/x"), "read");
  EXPECT_EQ(Find(Method::kHead, "/a/x"), "read");
  EXPECT_EQ(Find(Method::kPut, "/a/x"), "write");
  EXPECT_EQ(Find(Method::kPost, "/a/x/b/y"), "deep");
  EXPECT_EQ(match_.arguments[0], "x");
  EXPECT_EQ(match_.arguments[1], "y");
  EXPECT_EQ(Find(Method::kGet, "/a/fixed/b"), "last");
}

TEST_F(RouterTest, ATrailingSlashOrAnEmptySegmentIsAnotherPath) {
  for (const char* path : {"", "*", "a/x", "/a", "/a/", "/a//", "/a/x/", "//a/x", "/a//x", "//", "/a//b/y", "/a/x/b/",
                           "/a/x/b/y/", "/a/x/c/y", "/A/x", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15"}) {
    EXPECT_EQ(Find(Method::kGet, path), "404") << path;
  }
}

TEST_F(RouterTest, EachSegmentIsDecodedOnceAfterThePathIsSplit) {
  EXPECT_EQ(Find(Method::kGet, "/%61/x%20y"), "read");
  EXPECT_EQ(match_.arguments[0], "x y");
  EXPECT_EQ(Find(Method::kGet, "/a/x%2Fb"), "read");
  EXPECT_EQ(match_.arguments[0], "x/b");
  EXPECT_EQ(Find(Method::kGet, "/a/x%2541"), "read");
  EXPECT_EQ(match_.arguments[0], "x%41");
  EXPECT_EQ(Find(Method::kGet, "/%2561/x"), "404");
  EXPECT_EQ(Find(Method::kGet, "%2Fa/x"), "404");
}

TEST_F(RouterTest, ASegmentThatCanNotBeDecodedIsKeptAsSent) {
  EXPECT_EQ(Find(Method::kPost, "/a/x%2/b/%zz"), "deep");
  EXPECT_EQ(match_.arguments[0], "x%2");
  EXPECT_EQ(match_.arguments[1], "%zz");
}

TEST_F(RouterTest, ArgumentsMoveWithWhatWasDecoded) {
  EXPECT_EQ(Find(Method::kPost, "/a/%41/b/%42"), "deep");
  const Arguments moved = std::move(match_.arguments);
  EXPECT_EQ(moved[0], "A");
  EXPECT_EQ(moved[1], "B");
}

TEST_F(RouterTest, AllowNamesWhatIsServed) {
  EXPECT_EQ(Find(Method::kDelete, "/a/x"), "405 GET, HEAD, PUT");
  EXPECT_EQ(Find(Method::kHead, "/a/x/b/y"), "405 POST");
  EXPECT_EQ(Find(Method::kOther, "/"), "405 GET, HEAD");
  const Router<TestRoute> browsers(kRoutes, {.post_for_put = true, .options = true});
  EXPECT_EQ(browsers.Find(Method::kDelete, "/a/x").allowed, "GET, HEAD, PUT, POST, OPTIONS");
  EXPECT_EQ(browsers.Find(Method::kGet, "/a/x/b/y").allowed, "POST, OPTIONS");
}

TEST_F(RouterTest, PatternsAreToldByAPropertyOfTheirRoutes) {
  EXPECT_EQ(router_.PatternsOf(&TestRoute::quick), (std::vector<std::string_view>{"/", "/a/fixed/b"}));
}

}  // namespace
}  // namespace monitor::http
