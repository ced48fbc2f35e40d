#include "kafka/producer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/kafka/mock_kafka.h"

namespace monitor::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

const std::string kTopic = "events";

TEST(MockKafkaProducer, TellsEachDeliveryByItsNumber) {
  MockKafka kafka;
  kafka.MakeTopic(kTopic, 2);
  std::vector<std::uint64_t> numbers;
  Producer::Options wanted;
  wanted.on_delivery = [&](const Delivery& delivery) {
    EXPECT_EQ(delivery.error, "");
    EXPECT_EQ(delivery.partition, 1);
    numbers.push_back(delivery.number);
  };
  const auto producer = *Producer::Make({kafka.address()}, wanted);
  EXPECT_EQ(producer->EnsureTopics({{kTopic, 2, {}}}, minutes(1)), std::vector<int>{2});
  std::string error;
  for (std::uint64_t number : {7u, 8u}) {
    EXPECT_EQ(producer->Send({&kTopic, 1, "key", "value", {}, number}, error), Sent::kQueued) << error;
  }
  producer->Flush(minutes(1));
  EXPECT_THAT(numbers, testing::ElementsAre(7, 8));
  EXPECT_EQ(producer->AskRange(kTopic, 1)->high, 2);
}

TEST(MockKafkaProducer, WhatACallbackThrowsIsThrownByTheCall) {
  MockKafka kafka;
  kafka.MakeTopic(kTopic);
  Producer::Options wanted;
  wanted.on_delivery = [](const Delivery&) { throw std::runtime_error("for the test"); };
  const auto producer = *Producer::Make({kafka.address()}, wanted);
  std::string error;
  ASSERT_EQ(producer->Send({&kTopic, 0, "key", "value", {}, 1}, error), Sent::kQueued) << error;
  EXPECT_THROW(producer->Flush(minutes(1)), std::runtime_error);
  producer->Flush(minutes(1));  // once
}

TEST(MockKafkaProducer, AsksTheNextLeaderOnceItMoved) {
  MockKafka kafka;
  kafka.MakeTopic(kTopic);
  const auto producer = *Producer::Make({kafka.address()}, {});
  kafka.MoveLeader(3);
  const auto range = producer->AskRange(kTopic, 0, minutes(1));
  ASSERT_TRUE(range) << range.error();
  EXPECT_EQ(range->high, 0);
}

TEST(MockKafkaProducer, WaitsForNoBrokerOnceStopped) {
  const auto producer = *Producer::Make({"127.0.0.1:1"}, {});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(producer->WaitForBroker(stop.get_token()));
}

TEST(MockKafkaProducer, AWrongSettingIsAnError) {
  EXPECT_FALSE(Producer::Make({"127.0.0.1:1"}, {.client_id = "test", .max_in_flight = 1'000'000'000'000}));
}

}  // namespace
}  // namespace monitor::kafka
