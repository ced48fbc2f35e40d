#include "server/known_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/raw_http_client.h"

namespace monitor::http {
namespace {

using testing::HasSubstr;
using testing_http::Client;

const std::vector<std::string> kHosts = {"monitord", "Funnel.example.net"};

TEST(KnownHosts, AreAddressesLocalhostAndTheListed) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:8081", "10.1.2.3:", "[::1]", "[::1]:8090", "[fe80::1:2]", "localhost", "LocalHost:8090",
        "monitord", "MONITORD:8081", "funnel.example.net", "funnel.EXAMPLE.net:443"}) {
    EXPECT_TRUE(IsKnownHost(host, kHosts)) << host;
  }
}

TEST(KnownHosts, AreNoOthers) {
  for (const char* host : {"",
                           ":",
                           ":8081",
                           "evil.example",
                           "evil.example:8081",
                           "localhost.evil.example",
                           "localhost.",
                           "monitord.",
                           "127.0.0.1.evil.example",
                           "127.0.0.1.",
                           "127.1",
                           "2130706433",
                           "256.0.0.1",
                           "::1",
                           "[::1",
                           "[::1]x",
                           "[::1]:x",
                           "[]",
                           "[127.0.0.1]",
                           "[evil.example]",
                           "localhost:x",
                           "localhost:80:80",
                           "evil@localhost",
                           "localhost,evil",
                           "monitord evil",
                           "onitord"}) {
    EXPECT_FALSE(IsKnownHost(host, kHosts)) << host;
  }
  EXPECT_FALSE(IsKnownHost("monitord", {}));
}

TEST(KnownHosts, AreListedWithoutSchemeAndPort) {
  EXPECT_EQ(HostsFault(kHosts), std::nullopt);
  EXPECT_EQ(HostsFault({}), std::nullopt);
  EXPECT_EQ(HostsFault({"monitord", "a:80"}), "a:80: must be a name, without scheme and port");
  EXPECT_TRUE(HostsFault({"http://monitord"}));
  EXPECT_TRUE(HostsFault({"*"}));
}

TEST(KnownHosts, AreAllThatIsAnswered) {
  Server server({.handler_threads = 1, .at_once = {"/livez"}},
                ForKnownHosts(kHosts, [](const Request&) { return Reply{.body = "{}"}; }));
  const auto status = [&](std::string_view path, std::string_view head) {
    Client client(server.port());
    client.Send("GET " + std::string(path) + " HTTP/1." + std::string(head) + "\r\n\r\n");
    const auto answer = client.Receive();
    if (answer.status == 421) EXPECT_THAT(answer.body, HasSubstr("\"message\":\"Host: is not a name of this server"));
    if (answer.status == 421) EXPECT_THAT(answer.body, HasSubstr("\"internalCode\":5"));
    return answer.status;
  };
  for (const char* path : {"/livez", "/api/accounts"}) {
    EXPECT_EQ(status(path, "1\r\nHost: monitord:1"), 200);
    EXPECT_EQ(status(path, "1\r\nHost: evil.example"), 421);
    EXPECT_EQ(status(path, "1\r\nHost:"), 421);
    EXPECT_EQ(status(path, "0\r\nConnection: close"), 421);  // no Host at all, as HTTP/1.0 may
    EXPECT_EQ(status(path, "1\r\nConnection: close"), 400);
  }
}

}  // namespace
}  // namespace monitor::http
