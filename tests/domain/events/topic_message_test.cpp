#include "domain/events/topic_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace monitor {
namespace {

TEST(DeadLetter, IsTheMessageAsItCame) {
  const DeadLetter letter = MakeDeadLetter("demo/v", "no JSON", "not JSON");
  EXPECT_EQ(letter.key, "demo/v");
  EXPECT_EQ(letter.value, "no JSON");
  EXPECT_EQ(letter.reason, "not JSON");
}

TEST(DeadLetter, OfAMessageThatNobodyMaySendIsItsBeginning) {
  const std::string key(200'000, 'k'), value(kMaxTopicMessageBytes, 'v');
  const DeadLetter letter = MakeDeadLetter(key, value, "body: is too large");
  EXPECT_LT(letter.key.size() + letter.value.size() + letter.reason.size(), kMaxTopicMessageBytes);
  EXPECT_TRUE(value.starts_with(letter.value));
  EXPECT_THAT(letter.reason, testing::StartsWith("body: is too large; cut, it has 8388608 bytes"));
}

}  // namespace
}  // namespace monitor
