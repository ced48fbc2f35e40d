#include "eventstore/relay/kafka_ack_store.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <new>
#include <thread>

#include "server/drain.h"
#include "tests/api/node_fixture.h"
#include "tests/api/public_api_fixture.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

// A port of this machine to which one can connect, and that says nothing: for a while nobody knows whether a broker is
// there.
class SilentBroker {
 public:
  SilentBroker() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentBroker() { ::close(fd_); }

  RelayOptions options() const {
    RelayOptions options;
    options.client.bootstrap_servers = address_;
    return options;
  }

 private:
  int fd_;
  std::string address_;
};

AppendRequest OneEvent() {
  AppendRequest request;
  request.key = "demo/";
  request.streams.push_back({StreamName("account/demo"), 0, {{"account-configured", "{}"}}});
  return request;
}

TEST(KafkaAckStore, WritesNothingOnceItWasStopped) {
  StoreFolder folder;
  const SilentBroker broker;
  const Relay relay(broker.options(), folder.store());
  KafkaAckStore store(folder.store(), relay);
  store.Stop();
  EXPECT_EQ(store.Append(OneEvent()).error(), StoreError::kUnavailable);
  EXPECT_EQ(store.waiting(), 0);
  EXPECT_EQ(folder.store().Origins().back().last, 0u);
}

TEST(KafkaAckStore, WritesNothingWhileTheBrokerIsAway) {
  StoreFolder folder;
  RelayOptions options;
  options.client.bootstrap_servers = "127.0.0.1:1";  // nobody there
  const Relay relay(std::move(options), folder.store());
  KafkaAckStore store(folder.store(), relay);
  ASSERT_TRUE(WaitUntil([&] { return relay.BrokerIsAway(); }, minutes(1)));
  EXPECT_EQ(store.Append(OneEvent()).error(), StoreError::kUnavailable);
  EXPECT_EQ(folder.store().Origins().back().last, 0u);
  EXPECT_EQ(store.unacknowledged_total(), 0u);
}

TEST(KafkaAckStore, WritesNothingForWhomThereIsNoPlaceToWait) {
  StoreFolder folder;
  const SilentBroker broker;
  const Relay relay(broker.options(), folder.store());
  KafkaAckStore store(folder.store(), relay, {.max_waiting = 0});
  EXPECT_EQ(store.Append(OneEvent()).error(), StoreError::kUnavailable);
  EXPECT_EQ(folder.store().Origins().back().last, 0u);
}

TEST(KafkaAckStore, WhatFailedKeepsNoPlace) {
  struct NoMemory : ForwardingStore {
    using ForwardingStore::ForwardingStore;
    void AppendThen(AppendRequest, Done) override { throw std::bad_alloc(); }
  };
  StoreFolder folder;
  const SilentBroker broker;
  const Relay relay(broker.options(), folder.store());
  NoMemory no_memory(folder.store());
  KafkaAckStore store(no_memory, relay);
  EXPECT_THROW(store.Append(OneEvent()), std::bad_alloc);
  EXPECT_EQ(store.waiting(), 0);
}

// A node over a broker that acknowledges nothing.
class UnacknowledgedTest : public PublicApiTest {
 protected:
  // What is told waits so long; before, everything is on disk only.
  void WaitForTheBroker(milliseconds max_wait) {
    Load();
    visit_ = NewVisit();
    relay_.emplace(broker_.options(), *store_);
    told_.emplace(*store_, *relay_, KafkaAckOptions{.max_wait = max_wait});
    visits_ = std::make_unique<Visits>(*told_, *master_key_, visits_options_);
    accounts_ = std::make_unique<Accounts>(*store_, *told_);
    ASSERT_TRUE(accounts_->Start(""));
    api_ = std::make_unique<PublicApi>(PublicParts{*accounts_, *visits_, *master_key_}, api_options_);
  }
  ~UnacknowledgedTest() override {
    api_.reset();
    visits_.reset();
    accounts_.reset();
  }

  http::Reply ReportOf(const std::string& page) {
    return Send(Report(visit_, R"({"pageId":")" + page + R"(","engagementAttributes":[{"type":"searchInfo"}]})"));
  }
  // The visit as its state tells it.
  http::Reply State() {
    const std::size_t visitor = visit_.find("vid=") + 4;
    return Send(Sibling(http::Method::kGet, visit_.substr(visitor, 32), "state", visit_));
  }

  SilentBroker broker_;
  std::string visit_;
  std::optional<Relay> relay_;
  std::optional<KafkaAckStore> told_;
};

TEST_F(UnacknowledgedTest, AVisitorWhoGotNoAnswerGoesOnFromWhatIsOnDisk) {
  WaitForTheBroker(milliseconds(0));
  const std::uint64_t before = LastSeq();
  EXPECT_TRUE(ReportOf("p1").unanswered);
  EXPECT_GT(LastSeq(), before);
  EXPECT_EQ(told_->unacknowledged_total(), 1u);
  EXPECT_TRUE(ReportOf("p2").unanswered) << "and not in conflict with itself";
  const http::Reply state = State();
  EXPECT_EQ(state.status, 200);
  EXPECT_TRUE(state.body.contains(R"("p1")")) << state.body;
  EXPECT_TRUE(state.body.contains(R"("p2")")) << state.body;
}

TEST_F(UnacknowledgedTest, ADocumentAndASkillsStateAreInForceAllTheSame) {
  WaitForTheBroker(milliseconds(0));
  const auto put = accounts_->Put({AccountId("demo"), SampleDocument("demo", "told"), "admin", std::nullopt});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, PutAccountError::Code::kUnacknowledged);
  EXPECT_EQ(Demo()->account->name, "told");
  EXPECT_EQ(accounts_->SetSkill(AccountId("demo"), 3, SkillState::kBusy), AccountChange::kUnacknowledged);
  EXPECT_EQ(accounts_->SetSkill(AccountId("demo"), 3, SkillState::kBusy), AccountChange::kUnchanged) << "it is already";
  EXPECT_EQ(Demo()->StateOfSkill(3), SkillState::kBusy);
  EXPECT_EQ(Demo()->version, 3u);
}

TEST_F(UnacknowledgedTest, WhoOnlyLooksWaitsForNobody) {
  WaitForTheBroker(minutes(5));
  http::Reply reply;
  std::jthread waiting([&] { reply = ReportOf("p1"); });
  EXPECT_TRUE(WaitUntil([&] { return told_->waiting() == 1 && State().body.contains(R"("p1")"); }, minutes(1)));
  EXPECT_EQ(told_->waiting(), 1);
  told_->GiveUp();
  waiting.join();
  EXPECT_TRUE(reply.unanswered);
}

}  // namespace
}  // namespace monitor
