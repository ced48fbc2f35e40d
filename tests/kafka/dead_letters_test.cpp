#include "kafka/dead_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/kafka/mock_kafka.h"

namespace monitor::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::HasSubstr;

TEST(DeadLetter, IsTheMessageAsItCame) {
  const DeadLetter letter = MakeDeadLetter("demo/v", "no JSON", "not JSON");
  EXPECT_EQ(letter.key, "demo/v");
  EXPECT_EQ(letter.value, "no JSON");
  EXPECT_EQ(letter.reason, "not JSON");
}

TEST(DeadLetter, OfAMessageThatNobodyMaySendIsItsBeginning) {
  const std::string key(200'000, 'k'), value(kMaxMessageBytes, 'v');
  const DeadLetter letter = MakeDeadLetter(key, value, "body: is too large");
  EXPECT_LT(letter.key.size() + letter.value.size() + letter.reason.size(), kMaxMessageBytes);
  EXPECT_TRUE(value.starts_with(letter.value));
  EXPECT_THAT(letter.reason, testing::StartsWith("body: is too large; cut, it has 8388608 bytes"));
}

class MockKafkaDeadLetters : public testing::Test {
 protected:
  void SetUp() override { kafka.MakeTopic("dead"); }

  MockKafka kafka;
  std::unique_ptr<DeadLetters> letters = *DeadLetters::Make({kafka.address()}, "test", "dead", "events");
};

TEST_F(MockKafkaDeadLetters, AreFlushedOnceTheBrokerHasThem) {
  EXPECT_EQ(letters->Flush(milliseconds(0)), true) << "there are none";
  for (int offset = 0; offset < 10; ++offset) ASSERT_TRUE(letters->Send({"key", "value", "reason"}, "3", offset));
  EXPECT_EQ(letters->Flush(minutes(1)), true);
}

TEST_F(MockKafkaDeadLetters, WaitForABrokerThatIsAway) {
  kafka.GoDown();
  ASSERT_TRUE(letters->Send({"key", "value", "reason"}, "3", 7));
  EXPECT_EQ(letters->Flush(milliseconds(150)), false);
  kafka.ComeUp();
  EXPECT_EQ(letters->Flush(minutes(1)), true);
}

TEST_F(MockKafkaDeadLetters, TellWhatTheBrokerRefuses) {
  kafka.Refuse(1);
  ASSERT_TRUE(letters->Send({"key", "value", "reason"}, "3", 7));
  const auto flushed = letters->Flush(minutes(1));
  ASSERT_FALSE(flushed);
  EXPECT_THAT(flushed.error(), HasSubstr("missing right: Write on the topic dead"));
}

// 40 × 8 MB are more than the producer keeps.
TEST_F(MockKafkaDeadLetters, MakeRoomForMoreThanTheProducerKeeps) {
  const std::string value(kMaxMessageBytes, 'v');
  for (int offset = 0; offset < 40; ++offset) {
    const auto sent = letters->Send(MakeDeadLetter("key", value, "reason"), "3", offset);
    ASSERT_TRUE(sent) << sent.error();
  }
  EXPECT_EQ(letters->Flush(minutes(1)), true);
}

}  // namespace
}  // namespace monitor::kafka
