#include "consumers/alerts/webhook_sender.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "server/http_server.h"

namespace monitor {
namespace {

const WebhookKey kKey = *WebhookKey::Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

struct Call {
  std::string path, id, timestamp, signature, type, body;
};

// Who is called: answers what the test says, in order; then 204.
class WebhookSenderTest : public testing::Test {
 protected:
  http::Reply Answer(const http::Request& request) {
    const auto header = [&](std::string_view name) { return std::string(request.Header(name).value_or("")); };
    std::lock_guard lock(mutex_);
    calls_.push_back({std::string(request.path()), header("webhook-id"), header("webhook-timestamp"),
                      header("webhook-signature"), header("Content-Type"), std::string(request.body())});
    called_.notify_all();
    http::Reply reply{.status = 204};
    if (calls_.size() <= answers_.size()) reply.status = answers_[calls_.size() - 1];
    if (reply.status == 302) reply.headers.Add("Location", "/elsewhere");
    return reply;
  }

  std::vector<Call> AfterCalls(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(called_.wait_for(lock, std::chrono::seconds(30), [&] { return calls_.size() >= count; }));
    return calls_;
  }

  AlertNotice Notice(const std::string& id, const std::string& alert = "low") const {
    return {.id = id,
            .of = {"demo", alert},
            .url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/hook",
            .body = R"({"test": 2432232314})",
            .made = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
  }

  void Tell(const AlertNotice& notice) { book_.Put(notice.of, {.definition = notice.id}, notice); }

  void WaitUntilAllIsTold() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!book_.Notices().empty()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // polls with a deadline
    }
  }

  std::string Metric(const std::string& result) const {
    const std::string text = registry_.Text(), name = "funneld_alert_webhooks_total{result=\"" + result + "\"} ";
    const std::size_t at = text.find(name);
    return at == text.npos ? "" : text.substr(at + name.size(), text.find('\n', at) - at - name.size());
  }

  std::mutex mutex_;
  std::condition_variable called_;
  std::vector<Call> calls_;
  std::vector<int> answers_;
  AlertBook book_;
  metrics::Registry registry_;
  http::Server server_{{.handler_threads = 1}, [this](const http::Request& request) { return Answer(request); }};
};

TEST_F(WebhookSenderTest, TriesAgainUntilItIsTakenAndSignsEveryTry) {
  answers_ = {500, 404, 204};
  Tell(Notice("msg_1"));
  WebhookSender sender(book_, kKey, registry_, std::chrono::milliseconds(1));
  WaitUntilAllIsTold();
  const auto calls = AfterCalls(3);
  ASSERT_EQ(calls.size(), 3u);
  for (const Call& call : calls) {
    EXPECT_EQ(call.path, "/hook");
    EXPECT_EQ(call.id, "msg_1");
    EXPECT_EQ(call.type, "application/cloudevents+json; charset=utf-8");
    EXPECT_EQ(call.body, R"({"test": 2432232314})");
    EXPECT_EQ(call.signature, kKey.Sign(call.id, std::stoll(call.timestamp), call.body));
  }
  EXPECT_EQ(Metric("delivered"), "1");
  EXPECT_EQ(Metric("failed"), "2");
}

TEST_F(WebhookSenderTest, FollowsNoRedirect) {
  answers_ = {302, 204};
  Tell(Notice("msg_1"));
  WebhookSender sender(book_, kKey, registry_, std::chrono::milliseconds(1));
  WaitUntilAllIsTold();
  for (const Call& call : AfterCalls(2)) EXPECT_EQ(call.path, "/hook");
}

TEST_F(WebhookSenderTest, TellsOfAnAlertInOrderAndLetsOthersPass) {
  answers_ = {500};
  Tell(Notice("msg_1"));
  Tell(Notice("msg_2"));
  Tell(Notice("msg_3", "other"));
  WebhookSender sender(book_, kKey, registry_, std::chrono::milliseconds(1));
  WaitUntilAllIsTold();
  std::vector<std::string> ids;
  for (const Call& call : AfterCalls(4)) ids.push_back(call.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"msg_1", "msg_3", "msg_1", "msg_2"}));
}

TEST_F(WebhookSenderTest, AnAddressThatDoesNotAnswerKeepsNobodyWaiting) {
  AlertNotice lost = Notice("msg_1", "lost");
  lost.url = "http://127.0.0.1:1/";  // nobody listens there
  Tell(lost);
  Tell(Notice("msg_2"));
  WebhookSender sender(book_, kKey, registry_, std::chrono::hours(1));
  EXPECT_EQ(AfterCalls(1)[0].id, "msg_2");
  Tell(Notice("msg_3"));
  EXPECT_EQ(AfterCalls(2)[1].id, "msg_3");
}

TEST_F(WebhookSenderTest, GivesUpAfterADay) {
  AlertNotice old = Notice("msg_1");
  old.made -= std::chrono::hours(25);
  Tell(old);
  Tell(Notice("msg_2"));
  WebhookSender sender(book_, kKey, registry_, std::chrono::milliseconds(1));
  EXPECT_EQ(AfterCalls(1)[0].id, "msg_2");
  WaitUntilAllIsTold();
  EXPECT_EQ(Metric("given_up"), "1");
}

}  // namespace
}  // namespace monitor
