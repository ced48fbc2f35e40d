#include "kafka/group_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "kafka/producer.h"
#include "tests/kafka/mock_kafka.h"

namespace monitor::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::steady_clock;
using testing::ElementsAre;

class MockKafkaGroupMember : public testing::Test {
 protected:
  void SetUp() override {
    kafka.MakeTopic(topic, 2);
    const auto producer = *Producer::Make({kafka.address()}, {});
    std::string error;
    for (const char* value : {"zero", "one", "two"}) {
      const NewMessage message{&topic, 1, "key", value, {{"ce_type", "praised"}}, 0};
      ASSERT_EQ(producer->Send(message, error), Sent::kQueued) << error;
    }
    producer->Flush(minutes(1));
  }

  std::unique_ptr<GroupMember> Join(
      std::function<Offsets(const std::vector<int>& partitions)> on_assigned = {},
      std::function<void()> on_revoked = [] {}) const {
    return *GroupMember::Join({kafka.address()}, {.client_id = "test",
                                                  .group = "readers",
                                                  .topic = topic,
                                                  .queued_kb = 1'024,
                                                  .on_assigned = std::move(on_assigned),
                                                  .on_revoked = std::move(on_revoked)});
  }

  // The next that comes, or fails for good or as asked.
  static std::expected<std::optional<Message>, ReadFailure> Next(GroupMember& member) {
    const auto deadline = steady_clock::now() + minutes(1);
    for (;;) {
      auto polled = member.Poll(milliseconds(50));
      if (!polled || *polled || steady_clock::now() > deadline) return polled;
    }
  }
  static std::string NextValue(GroupMember& member) {
    const auto polled = Next(member);
    return polled && *polled ? std::string((*polled)->value) : "none";
  }

  MockKafka kafka;
  const std::string topic = "events";
};

TEST_F(MockKafkaGroupMember, ReadsEachMessageWithItsHeaders) {
  const auto member = Join();
  const auto polled = Next(*member);
  ASSERT_TRUE(polled && *polled);
  const Message& message = **polled;
  EXPECT_EQ(message.partition, 1);
  EXPECT_EQ(message.offset, 0);
  EXPECT_EQ(message.key, "key");
  EXPECT_EQ(message.value, "zero");
  EXPECT_EQ(message.Header("ce_type"), "praised");
  EXPECT_EQ(message.Header("ce_time"), "");
  EXPECT_EQ(member->Measure().partitions, 2);
  EXPECT_EQ(member->Measure().lag, 2u);
  EXPECT_EQ(member->KnownEnd(1), 3);
}

TEST_F(MockKafkaGroupMember, BeginsWhereItIsToldAndTellsNothingWhenItLeaves) {
  std::vector<int> came;
  bool revoked = false;
  const auto begin = [&](const std::vector<int>& partitions) {
    came = partitions;
    return Offsets{{0, 0}, {1, 2}};
  };
  auto member = Join(begin, [&] { revoked = true; });
  EXPECT_EQ(NextValue(*member), "two");
  EXPECT_THAT(came, ElementsAre(0, 1));
  ASSERT_TRUE(member->ReadFrom({{0, 0}, {1, 1}}));
  EXPECT_EQ(NextValue(*member), "one");
  member.reset();
  EXPECT_FALSE(revoked);
}

TEST_F(MockKafkaGroupMember, WhatACallbackThrowsIsThrownByPoll) {
  const auto member = Join([](const std::vector<int>&) -> Offsets { throw std::runtime_error("for the test"); });
  EXPECT_THROW(Next(*member), std::runtime_error);
  EXPECT_EQ(member->Measure().partitions, 0);
}

TEST_F(MockKafkaGroupMember, TellsAnOffsetThatIsLost) {
  const auto member = Join([](const std::vector<int>&) { return Offsets{{0, 0}, {1, 1'000}}; });
  const auto polled = Next(*member);
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, ReadFailure::Code::kOver) << polled.error().message;
}

TEST_F(MockKafkaGroupMember, TellsThatTheBrokerIsAwayAndAnswersWhenItIsBack) {
  const auto member = Join([](const std::vector<int>&) { return Offsets{{0, 0}, {1, 3}}; });
  EXPECT_FALSE(member->Poll(milliseconds(0)).value());
  EXPECT_TRUE(member->ReachesBroker(minutes(1)));
  kafka.GoDown();
  const auto polled = Next(*member);
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, ReadFailure::Code::kAway) << polled.error().message;
  EXPECT_FALSE(member->ReachesBroker(milliseconds(50)));
  kafka.ComeUp();
  EXPECT_TRUE(member->ReachesBroker(minutes(1)));
}

TEST_F(MockKafkaGroupMember, AReaderWithoutAGroupReadsTheWholeTopic) {
  const auto reader = *Reader::Make({kafka.address()}, "reader", topic);
  EXPECT_EQ(reader->ReadAllFromStart(), true);
  std::vector<std::string> values;
  int ends = 0;
  const auto deadline = steady_clock::now() + minutes(1);
  while (ends < 2 && steady_clock::now() < deadline) {
    const auto polled = reader->Poll(milliseconds(50));
    if (!polled || !*polled) continue;
    if ((*polled)->at_end) {
      ++ends;
    } else {
      values.emplace_back((*polled)->value);
    }
  }
  EXPECT_THAT(values, ElementsAre("zero", "one", "two"));
}

}  // namespace
}  // namespace monitor::kafka
