#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <list>
#include <thread>

#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing_http::Answer;
using testing_http::Client;

TEST_F(AdminTest, TheLogIsReadFromAPositionOn) {
  PutDemo();
  Visit("v1");
  const std::string origin = folder_.store().Origins().back().origin.ToString();
  const Answer all = Do("GET", "/admin/log?from=" + origin + ":1");
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.Header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(Do("GET", "/admin/log").body, all.body);
  EXPECT_EQ(Do("GET", "/admin/log?from=").body, all.body);
  EXPECT_EQ(Do("GET", "/admin/log?from=1").body, all.body);
  EXPECT_EQ(Do("GET", "/admin/log?limit=1").body + Do("GET", "/admin/log?from=2").body, all.body);
  EXPECT_THAT(all.body, StartsWith(R"({"specversion":"1.0")"));
  const std::string last = std::to_string(folder_.store().Origins().back().last);
  EXPECT_EQ(Do("GET", "/admin/log?from=" + std::to_string(std::stoull(last) + 1)).body, "");
  EXPECT_THAT(Do("GET", "/admin/position").body,
              AllOf(HasSubstr(R"("origin":")" + origin + R"(","first":"1","last":")" + last + R"(","relayed":"0")"),
                    HasSubstr(R"("origins":[{"origin":")" + origin)));
  EXPECT_EQ(Code(Do("GET", "/admin/log?from=" + origin + ":0")), "410/5");
  EXPECT_EQ(Code(Do("GET", "/admin/log?from=00000000.1:1")), "404/12");
  for (const char* query : {"from=x", "limit=0", "limit=x", "waitMs=-1", "waitMs=x"}) {
    EXPECT_EQ(Code(Do("GET", std::string("/admin/log?") + query)), "400/5") << query;
  }
}

TEST_F(AdminTest, APollIsAnsweredByTheNextEvent) {
  PutDemo();
  Client poll(server_.port());
  poll.Send("GET /admin/log?from=3&waitMs=60000 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + std::string(kToken) +
            "\r\n\r\n");
  EXPECT_EQ(Do("PUT", "/admin/accounts/demo/skills/3", R"({"state":"busy"})").status, 200);
  EXPECT_THAT(poll.Receive().body, HasSubstr("monitor.skill-availability-changed"));
}

TEST_F(AdminTest, PollsAreBoundedAndEndWithTheServer) {
  const std::string request = "GET /admin/log?from=1&waitMs=60000 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
                              std::string(kToken) + "\r\n\r\n";
  Client first(server_.port()), second(server_.port());
  first.Send(request);
  second.Send(request);
  ASSERT_TRUE(WaitUntil([&] { return server_.pending() == 2; }, std::chrono::seconds(20)));
  // Pending is counted a moment before the poll waits: the third is refused once both do.
  Answer third;
  ASSERT_TRUE(WaitUntil(
      [&] {
        third = Do("GET", "/admin/log?from=1&waitMs=1");
        return third.status == 503;
      },
      std::chrono::seconds(20)));
  EXPECT_EQ(Code(third), "503/18");
  EXPECT_NE(third.Header("Retry-After"), std::nullopt);
  EXPECT_EQ(testing_http::Do(server_.port(), "GET", "/livez").status, 200);
  admin_.Stop();
  EXPECT_EQ(first.Receive().body, "");
  EXPECT_EQ(second.Receive().status, 200);
}

// At most two wait at a time: the place of one that has gone is free again.
TEST_F(AdminTest, APollEndsWithItsClient) {
  const auto third_waits = [&] { return Do("GET", "/admin/log?from=1&waitMs=1").status == 200; };
  {
    // One more at a time until no place is left: a probe may hold the place that a poll would have
    // taken, and that poll is refused then.
    std::list<Client> polls;
    ASSERT_TRUE(WaitUntil(
        [&] {
          polls.emplace_back(server_.port())
              .Send("GET /admin/log?from=1&waitMs=60000 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
                    std::string(kToken) + "\r\n\r\n");
          return !third_waits();
        },
        std::chrono::seconds(20)));
  }
  EXPECT_TRUE(WaitUntil(third_waits, std::chrono::seconds(20)));
}

}  // namespace
}  // namespace monitor
