#include "server/slow_sendings.h"

#include <gtest/gtest.h>

#include <future>
#include <list>
#include <string>

#include "tests/server/raw_http_client.h"

namespace monitor::http {
namespace {

using testing_http::Client;
using testing_http::SocketPair;

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n";
const std::string kBody(4 << 20, 'x');  // more than a socket holds

// A client that has not taken all of its reply, which is kept for it.
struct SlowClient {
  explicit SlowClient(SlowSendings& sendings) : SlowClient(sendings, SocketPair()) {}
  SlowClient(SlowSendings& sendings, std::array<int, 2> fds) : client(Client::Over(fds[1])), fd(fds[0]) {
    Sending sending(fd, kHead, kBody);
    EXPECT_EQ(sending.Continue(), Sending::Outcome::kFull);
    sendings.Take(sending, [this](bool sent) { told.set_value(sent); });
  }
  ~SlowClient() { ::close(fd); }

  bool Sent() { return told.get_future().get(); }
  void ExpectAll() {
    EXPECT_EQ(client.Receive().body.size(), kBody.size());
    EXPECT_TRUE(Sent());
  }

  Client client;
  const int fd;
  std::promise<bool> told;
};

class SlowSendingsTest : public testing::Test {
 protected:
  ~SlowSendingsTest() override { stopping_ = true; }
  SlowClient& Begin() { return clients_.emplace_back(sendings_); }

  std::atomic<bool> stopping_ = false;
  std::list<SlowClient> clients_;
  SlowSendings sendings_{stopping_, 2 * (kHead.size() + kBody.size())};
};

TEST_F(SlowSendingsTest, EachClientGetsAllInItsOwnTime) {
  SlowClient &first = Begin(), &second = Begin();
  second.ExpectAll();
  first.ExpectAll();
}

TEST_F(SlowSendingsTest, BeyondItsBoundTheLongestKeptIsGivenUp) {
  SlowClient &first = Begin(), &second = Begin(), &third = Begin();
  EXPECT_FALSE(first.Sent());
  second.ExpectAll();
  Begin();  // what is over no longer counts
  third.ExpectAll();
}

TEST_F(SlowSendingsTest, AClientThatIsGoneIsNotWaitedFor) {
  SlowClient &leaves = Begin(), &stays = Begin();
  leaves.client.Leave();
  EXPECT_FALSE(leaves.Sent());
  stays.ExpectAll();
}

TEST_F(SlowSendingsTest, TheEndWaitsForNobodyWhoTakesNothing) {
  SlowClient& slow = Begin();
  stopping_ = true;
  sendings_.Stop();
  EXPECT_FALSE(slow.Sent());
}

}  // namespace
}  // namespace monitor::http
