// Against a real broker, whose address MONITOR_TEST_KAFKA names (`./test kafka` does); skipped without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdlib>
#include <map>

#include "api/inbound/inbound_topic.h"
#include "eventstore/random.h"
#include "kafka/producer.h"
#include "server/drain.h"
#include "tests/api/node_fixture.h"

namespace monitor {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;

struct Letter {
  std::string value;
  std::map<std::string, std::string> headers;
};

Letter ToLetter(const rd_kafka_message_t& message) {
  Letter letter{std::string(static_cast<const char*>(message.payload), message.len), {}};
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return letter;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
    letter.headers[name] = std::string(static_cast<const char*>(value), size);
  }
  return letter;
}

// What partition 0 of the topic holds now.
std::vector<Letter> ReadLetters(const std::string& broker, const std::string& topic) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"bootstrap.servers", broker}, {"group.id", "inbound-test"}, {"enable.auto.commit", "false"}}) {
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error);
  }
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  rd_kafka_poll_set_consumer(consumer);
  std::int64_t low = 0, high = 0;
  EXPECT_EQ(rd_kafka_query_watermark_offsets(consumer, topic.c_str(), 0, &low, &high, 10'000), 0);
  rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(all, topic.c_str(), 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(consumer, all);
  std::vector<Letter> letters;
  EXPECT_TRUE(WaitUntil(
      [&] {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
        if (message && !message->err) letters.push_back(ToLetter(*message));
        if (message) rd_kafka_message_destroy(message);
        return letters.size() >= static_cast<std::size_t>(high);
      },
      minutes(1)));
  rd_kafka_topic_partition_list_destroy(all);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  return letters;
}

class KafkaInboundTopic : public testing::Test {
 protected:
  void SetUp() override {
    const char* address = std::getenv("MONITOR_TEST_KAFKA");
    if (!address) GTEST_SKIP() << "MONITOR_TEST_KAFKA names no broker; ./test kafka starts one";
    const std::string unique = RandomName();
    options_.client.bootstrap_servers = address;
    options_.topic = "inbound-" + unique;
    options_.group = "group-" + unique;
    options_.dead_letter_topic = "dead-" + unique;
    options_.apply = [this](std::string_view message) {
      const auto applied = ApplyInboundMessage(message, accounts_, visits_);
      if (applied && crashing_) return Unavailable();  // as a crash between the commit and its answer
      return applied;
    };
    ASSERT_TRUE(accounts_.Start(""));
    ASSERT_TRUE(accounts_.Put({AccountId("demo"), SampleDocument("demo"), "test", std::nullopt}));
  }

  static std::string RandomName() { return GenerateSessionId().str().substr(0, 12); }
  static std::expected<void, InboundFailure> Unavailable() {
    return std::unexpected(InboundFailure{InboundFailure::Code::kUnavailable, "for the test"});
  }

  // To partition 3, so that they are read in this order. Makes the topic if that is not done yet.
  void Tell(const std::vector<std::string>& messages) {
    std::uint64_t delivered = 0;
    kafka::Producer::Options wanted;
    wanted.on_delivery = [&](const kafka::Delivery& one) { delivered += one.error.empty() ? 1 : 0; };
    auto producer = kafka::Producer::Make(options_.client, std::move(wanted));
    ASSERT_TRUE(producer) << producer.error();
    const auto made = (*producer)->EnsureTopics({{options_.topic, 16, {}}}, minutes(1));
    ASSERT_TRUE(made) << made.error();
    EXPECT_THAT(*made, ElementsAre(16));
    std::string error;
    for (const std::string& message : messages) {
      ASSERT_EQ((*producer)->Send({&options_.topic, 3, "key", message, {}, 1}, error), kafka::Sent::kQueued) << error;
    }
    ASSERT_TRUE(WaitUntil(
        [&] {
          (*producer)->Poll(std::chrono::milliseconds(20));
          return delivered == messages.size();
        },
        minutes(1)));
  }

  static testing::AssertionResult Reaches(const InboundTopic& topic, std::uint64_t applied, std::uint64_t refused = 0) {
    const bool reached = WaitUntil(
        [&] { return topic.Status().applied_total >= applied && topic.Status().refused_total >= refused; }, minutes(1));
    const InboundStatus status = topic.Status();
    return (reached ? testing::AssertionSuccess() : testing::AssertionFailure())
           << status.applied_total << " applied, " << status.refused_total << " refused";
  }

  std::uint64_t LastSeq() { return folder_.store().Statistics().last_seq; }
  std::vector<std::string> VisitorEvents() {
    std::vector<std::string> types;
    const auto events = folder_.store().ReadStream(VisitorStream(AccountId("demo"), VisitorId("v1")), 1);
    for (const StoredEvent& event : *events) types.push_back(event.type);
    return types;
  }
  SkillState Skill() { return accounts_.Find(AccountId("demo"))->StateOfSkill(3); }

  StoreFolder folder_;
  MasterKey master_key_ = *MasterKey::Load(folder_.path() + "/master.key", true);
  Accounts accounts_{folder_.store()};
  Visits visits_{folder_.store(), master_key_};
  InboundTopicOptions options_;
  std::atomic<bool> crashing_ = false;
};

constexpr const char* kStart =
    R"({"type":"conversation-started","accountId":"demo","conversationId":"c1","visitorId":"v1"})";
constexpr const char* kEnd = R"({"type":"conversation-ended","accountId":"demo","conversationId":"c1"})";
constexpr const char* kBusy = R"({"type":"skill-availability-changed","accountId":"demo","skillId":3,"state":"busy"})";

TEST_F(KafkaInboundTopic, CommandsAreAppliedInTheirOrder) {
  const InboundTopic topic(options_);
  Tell({kStart, kBusy, kEnd});
  ASSERT_TRUE(Reaches(topic, 3));
  EXPECT_THAT(VisitorEvents(), ElementsAre("conversation-started", "conversation-ended"));
  EXPECT_EQ(Skill(), SkillState::kBusy);
  EXPECT_TRUE(WaitUntil([&] { return topic.Status().partitions == 16 && topic.Status().lag == 0; }, minutes(1)));
}

TEST_F(KafkaInboundTopic, APoisonMessageGoesToTheDeadLettersAndTheRestGoesOn) {
  const std::string stranger = R"({"type":"conversation-ended","accountId":"nobody","conversationId":"c1"})";
  Tell({"{not json", kStart, stranger, "", kBusy});
  const InboundTopic topic(options_);
  ASSERT_TRUE(Reaches(topic, 2, 3));
  EXPECT_THAT(VisitorEvents(), ElementsAre("conversation-started"));
  EXPECT_EQ(Skill(), SkillState::kBusy);
  const auto letters = ReadLetters(options_.client.bootstrap_servers, options_.dead_letter_topic);
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0].value, "{not json");
  EXPECT_TRUE(letters[0].headers.at("reason").starts_with("body: "));
  EXPECT_EQ(letters[1].value, stranger);
  EXPECT_EQ(letters[1].headers, (std::map<std::string, std::string>{{"reason", "accountId: the account does not exist"},
                                                                    {"topic", options_.topic},
                                                                    {"partition", "3"},
                                                                    {"offset", "2"}}));
  EXPECT_EQ(letters[2].headers.at("reason"), "type: is required");
}

TEST_F(KafkaInboundTopic, OfAMessageTooLargeForADeadLetterTheBeginningIsKeptAndTheRestGoesOn) {
  Tell({std::string(kafka::kMaxMessageBytes - 60, '0'), kBusy});  // with the letter's headers it is over the limit
  const InboundTopic topic(options_);
  ASSERT_TRUE(Reaches(topic, 1, 1));
  EXPECT_EQ(Skill(), SkillState::kBusy);
  const auto letters = ReadLetters(options_.client.bootstrap_servers, options_.dead_letter_topic);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].value, std::string(8'000'000, '0'));
  EXPECT_EQ(letters[0].headers.at("reason"), "body: is too large; cut, it has 8388548 bytes");
}

TEST_F(KafkaInboundTopic, AfterARestartItGoesOnBehindWhatWasApplied) {
  Tell({kStart, kEnd});
  {
    const InboundTopic topic(options_);
    ASSERT_TRUE(Reaches(topic, 2));
  }
  Tell({kBusy});
  const InboundTopic topic(options_);
  ASSERT_TRUE(Reaches(topic, 1));
  EXPECT_EQ(Skill(), SkillState::kBusy);
  EXPECT_EQ(topic.Status().applied_total, 1u);
  EXPECT_THAT(VisitorEvents(), ElementsAre("conversation-started", "conversation-ended"));
}

TEST_F(KafkaInboundTopic, WhatIsDeliveredAgainAppendsNothing) {
  Tell({kStart, kBusy});
  crashing_ = true;
  {
    const InboundTopic topic(options_);
    ASSERT_TRUE(WaitUntil([&] { return topic.Status().retries_total > 0; }, minutes(1)));
  }
  crashing_ = false;
  EXPECT_THAT(VisitorEvents(), ElementsAre("conversation-started"));
  const InboundTopic topic(options_);
  ASSERT_TRUE(Reaches(topic, 2));
  const std::uint64_t before = LastSeq();

  InboundTopicOptions again = options_;
  again.group += "-again";  // reads everything from the start
  const InboundTopic second(again);
  ASSERT_TRUE(Reaches(second, 2));
  EXPECT_EQ(LastSeq(), before);
  EXPECT_THAT(VisitorEvents(), ElementsAre("conversation-started"));
}

TEST_F(KafkaInboundTopic, WhileNothingCanBeAppliedTheSameMessageIsTriedAndNoneIsSkipped) {
  std::atomic<bool> full = true;
  std::atomic<int> tries = 0;
  options_.apply = [&](std::string_view message) {
    ++tries;
    return full ? Unavailable() : ApplyInboundMessage(message, accounts_, visits_);
  };
  Tell({kStart, kEnd, kBusy});
  const InboundTopic topic(options_);
  ASSERT_TRUE(WaitUntil([&] { return tries >= 5; }, minutes(1)));
  EXPECT_EQ(topic.Status().applied_total + topic.Status().refused_total, 0u);
  full = false;
  ASSERT_TRUE(Reaches(topic, 3));
  EXPECT_THAT(VisitorEvents(), ElementsAre("conversation-started", "conversation-ended"));
}

TEST_F(KafkaInboundTopic, OnceStoppedNoMessageIsBegun) {
  InboundTopic topic(options_);
  Tell({kStart});
  ASSERT_TRUE(Reaches(topic, 1));
  topic.Stop();
  ASSERT_TRUE(WaitUntil([&] { return topic.Status().partitions == 0; }, minutes(1)));
  Tell({kEnd});
  EXPECT_THAT(VisitorEvents(), ElementsAre("conversation-started"));
}

TEST(InboundTopicWithoutABroker, WaitsAndStopsAtOnce) {
  InboundTopicOptions options;
  options.client.bootstrap_servers = "127.0.0.1:1";
  options.apply = [](std::string_view) -> std::expected<void, InboundFailure> { return {}; };
  const auto began = std::chrono::steady_clock::now();
  {
    const InboundTopic topic(options);
    EXPECT_EQ(topic.Status().partitions, 0);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

}  // namespace
}  // namespace monitor
