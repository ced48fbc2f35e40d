#include "kafka/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/producer.h"
#include "tests/kafka/mock_kafka.h"

namespace monitor::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using Values = std::multimap<std::string, std::string>;

class MockKafkaTable : public testing::Test {
 protected:
  void SetUp() override { kafka.MakeTopic(table.topic, table.partitions); }

  void Write(int partition, const std::string& key, const std::string& value, int times = 1) {
    std::string error;
    for (int i = 0; i < times; ++i) {
      const Sent sent = producer->Send({&table.topic, partition, key, value, {}, 0}, error);
      ASSERT_EQ(sent, Sent::kQueued) << error;
    }
    producer->Flush(minutes(1));
  }
  Result<Values> Read(const std::set<std::string>& keys, const std::stop_token& stop = {}) const {
    return ReadNewestValues({kafka.address()}, table, keys, std::chrono::seconds(20), stop);
  }

  MockKafka kafka;
  const Table table{"positions", 2, "test"};
  const std::unique_ptr<Producer> producer =
      *Producer::Make({kafka.address()}, {.client_id = "test", .max_in_flight = 5'000});
};

TEST_F(MockKafkaTable, OfAnEmptyTopicIsEmpty) { EXPECT_EQ(Read({"a"}), Values()); }

TEST_F(MockKafkaTable, HasTheNewestValueOfEachKeyThatIsAskedFor) {
  Write(0, "a", "1");
  Write(0, "a", "2");
  Write(1, "b", "3");
  Write(1, "c", "4");
  EXPECT_EQ(Read({"a", "b", "none"}), (Values{{"a", "2"}, {"b", "3"}}));
}

TEST_F(MockKafkaTable, FindsAValueBehindManyOthers) {
  Write(0, "a", "1");
  Write(0, "b", "2", 3'000);
  EXPECT_EQ(Read({"a", "none"}), (Values{{"a", "1"}}));
}

TEST_F(MockKafkaTable, HasEachPartitionsValueOfAKeyThatMovedWithTheCount) {
  Write(1, "a", "2");
  Write(0, "a", "1");
  EXPECT_EQ(Read({"a"}), (Values{{"a", "1"}, {"a", "2"}}));
}

TEST_F(MockKafkaTable, SaysSoWhenItIsStopped) {
  Write(0, "a", "1");
  std::stop_source stop;
  stop.request_stop();
  const auto values = Read({"a"}, stop.get_token());
  ASSERT_FALSE(values);
  EXPECT_THAT(values.error(), testing::StartsWith("the topic positions can not be read: "));
}

}  // namespace
}  // namespace monitor::kafka
