// Against a real broker, whose address MONITOR_TEST_KAFKA names (`./test kafka` does); skipped without it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <thread>

#include "consumers/readers/topic_reader.h"
#include "kafka/producer.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kPartitions = 2;
constexpr const char* kOrigin = "7f3a9c01.1";

// The first visitor whose events lie in this partition.
std::string VisitorIn(int partition) {
  for (int number = 0;; ++number) {
    const std::string visitor = "v" + std::to_string(number);
    if (BucketOf("demo/" + visitor) % kPartitions == partition) return visitor;
  }
}

// Polls with a deadline.
bool Becomes(const std::function<bool()>& true_now) {
  const auto deadline = std::chrono::steady_clock::now() + minutes(1);
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // polls with a deadline
  }
  return true;
}

class KafkaTopicReader : public testing::Test {
 protected:
  void SetUp() override {
    const char* address = std::getenv("MONITOR_TEST_KAFKA");
    if (!address) GTEST_SKIP() << "MONITOR_TEST_KAFKA names no broker; ./test kafka starts one";
    const std::string unique = std::to_string(std::random_device()());
    options_.client.bootstrap_servers = address;
    options_.group = "funneld-" + unique;
    options_.topics.events = "events-" + unique;
    options_.topics.positions = "positions-" + unique;
    options_.topics.dead_letters = "dead-" + unique;
    options_.pause = minutes(10);  // a fault is none of these tests' business: after one nothing would come any more
    kafka::Producer::Options wanted;
    wanted.on_delivery = [this](const kafka::Delivery& delivery) { undelivered_ -= delivery.error.empty() ? 1 : 0; };
    producer_ = *kafka::Producer::Make(options_.client, std::move(wanted));
    ASSERT_TRUE(producer_->EnsureTopics(
        {{options_.topics.events, kPartitions, {}}, {options_.topics.positions, 1, {{"cleanup.policy", "compact"}}}},
        minutes(1)));
  }

  void Send(const kafka::NewMessage& message) {
    std::string error;
    ASSERT_EQ(producer_->Send(message, error), kafka::Sent::kQueued) << error;
    ++undelivered_;
    ASSERT_TRUE(Becomes([&] {
      producer_->Poll(std::chrono::milliseconds(5));
      return undelivered_ == 0;
    }));
  }

  void SendEvent(int partition, std::uint64_t seq, std::uint64_t prevseq, const char* type = "monitor.session-closed") {
    const std::string data = Data(partition), seq_text = std::to_string(seq), prevseq_text = std::to_string(prevseq);
    const std::string bucket = std::to_string(BucketOf("demo/" + VisitorIn(partition)));
    kafka::NewMessage message{};
    message.topic = &options_.topics.events;
    message.partition = partition;
    message.key = "demo";
    message.value = data;
    message.headers = {{"ce_origin", kOrigin}, {"ce_seq", seq_text}, {"ce_prevseq", prevseq_text},
                       {"ce_bucket", bucket},  {"ce_type", type},    {"ce_time", "2026-11-24T10:00:00.000Z"}};
    Send(message);
  }

  void TellPosition(const std::string& value) {
    kafka::NewMessage message{};
    message.topic = &options_.topics.positions;
    message.partition = 0;
    message.key = kOrigin;
    message.value = value;
    Send(message);
  }

  static std::string Data(int partition) {
    return R"({"accountId":"demo","visitorId":")" + VisitorIn(partition) + R"(","sessionId":"s","reason":"event-cap"})";
  }

  // As an instance left it that had these partitions and counted all of them up to `position`.
  void CountBefore(int partition, std::uint64_t seq, std::uint64_t position) {
    Coverage coverage{.partitions = kPartitions, .buckets = {}};
    for (std::size_t bucket = 0; bucket < 256; ++bucket) {
      coverage.buckets[bucket] = static_cast<int>(bucket % kPartitions) == partition;
    }
    ASSERT_TRUE(store_->AnswerFor(coverage));
    const std::string seq_text = std::to_string(seq);
    const std::string bucket = std::to_string(BucketOf("demo/" + VisitorIn(partition)));
    ASSERT_TRUE(store_->Fold(*ParseCloudEvent({.origin = kOrigin,
                                               .seq = seq_text,
                                               .prevseq = "0",
                                               .bucket = bucket,
                                               .type = "monitor.session-closed",
                                               .time = "2026-11-24T10:00:00.000Z"},
                                              Data(partition))));
    store_->SetOffset(partition, 1);
    if (position > 0) store_->SetPosition(kOrigin, position);
    ASSERT_TRUE(store_->Commit());
  }

  bool Reaches(std::uint64_t seq) { return store_->WaitFor(kOrigin, seq, seconds(60)); }

  TemporaryFolder folder_;
  std::unique_ptr<ViewStore> store_ = std::move(*ViewStore::Open(folder_.path() + "/view"));
  TopicReaderOptions options_;
  int undelivered_ = 0;
  std::unique_ptr<kafka::Producer> producer_;
};

TEST_F(KafkaTopicReader, APositionWaitsForThePartitionThatCame) {
  SendEvent(0, 1, 0);
  SendEvent(1, 3, 2);  // 2 is missing yet, so that it can not be counted
  TellPosition(R"({"seq":"3","offsets":{"0":1,"1":1}})");
  CountBefore(0, 1, 3);

  const TopicReader reader(options_, *store_);
  ASSERT_TRUE(Becomes([&] { return reader.Status().caught_up; }));  // all is read
  EXPECT_EQ(reader.Status().missing, std::vector<int>{1});
  EXPECT_EQ(reader.Status().lag_events, 1u);
  EXPECT_EQ(store_->CommittedPositions(), Positions());
  SendEvent(1, 2, 0);
  EXPECT_TRUE(Reaches(3));
  EXPECT_TRUE(Becomes([&] { return reader.Status().missing.empty() && reader.Status().lag_events == 0; }));
}

TEST_F(KafkaTopicReader, APositionNeedsNoFurtherEvent) {
  SendEvent(0, 1, 0);
  TellPosition(R"({"seq":"1","offsets":{"0":1,"1":0}})");
  CountBefore(0, 1, 0);
  const TopicReader reader(options_, *store_);
  EXPECT_TRUE(Reaches(1));
  EXPECT_EQ(reader.counters().duplicates, 0u);
}

TEST_F(KafkaTopicReader, AfterAHoleWithTooManyFollowersItReadsThemAgainWithoutLeavingItsGroup) {
  options_.intake.max_held_bytes = 3'000;
  SendEvent(0, 1, 0);
  for (std::uint64_t seq = 3; seq <= 30; ++seq) SendEvent(0, seq, seq - 1);
  SendEvent(1, 31, 0);
  TellPosition(R"({"seq":"31","offsets":{"0":29,"1":1}})");
  const TopicReader reader(options_, *store_);
  ASSERT_TRUE(Becomes([&] { return reader.Status().caught_up && reader.counters().held_buckets == 1; }));
  EXPECT_NE(reader.Status().alarm, "");
  EXPECT_EQ(reader.Status().missing, std::vector<int>{0});
  EXPECT_EQ(reader.Status().lag_events, 28u);  // those that were not kept among them
  SendEvent(0, 2, 1);
  EXPECT_TRUE(Reaches(31));
  EXPECT_TRUE(Becomes([&] { return reader.Status().missing.empty() && reader.Status().lag_events == 0; }));
  const SourceStatus status = reader.Status();
  EXPECT_TRUE(status.connected);
  EXPECT_EQ(status.alarm, "");
  EXPECT_EQ(reader.counters().counted, 31u);
}

TEST_F(KafkaTopicReader, AnUnknownTypeHoldsItsBucketAndTheRestGoesOn) {
  SendEvent(0, 1, 0);
  SendEvent(0, 2, 1, "monitor.visitor-praised");
  SendEvent(1, 3, 0);
  TellPosition(R"({"seq":"1","offsets":{"0":1,"1":0}})");
  TellPosition(R"({"seq":"3","offsets":{"0":2,"1":1}})");
  const TopicReader reader(options_, *store_);
  ASSERT_TRUE(Becomes([&] { return reader.Status().caught_up; }));
  EXPECT_NE(reader.Status().alarm.find("the type monitor.visitor-praised is not known"), std::string::npos);
  EXPECT_TRUE(Reaches(1));
  EXPECT_EQ(reader.counters().counted, 2u);
  EXPECT_EQ(reader.counters().unreadable, 0u);
  EXPECT_EQ(reader.Status().lag_events, 1u);
  EXPECT_EQ(reader.Status().missing, std::vector<int>{0});
  EXPECT_EQ(store_->CommittedPositions(), (Positions{{kOrigin, 1}}));
}

TEST_F(KafkaTopicReader, AViewThatCanNotBeWrittenIsNotTheBrokersFault) {
  CountBefore(0, 1, 1);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) SendEvent(0, seq, seq - 1);
  SendEvent(1, 4, 0);  // another instance's
  store_.reset();
  store_ = std::move(*ViewStore::Open(folder_.path() + "/view", ~0ull));  // no disk has so much room
  const TopicReader reader(options_, *store_);
  ASSERT_TRUE(Becomes([&] { return !reader.Status().fault.empty(); }));
  const SourceStatus status = reader.Status();
  EXPECT_TRUE(status.fault.starts_with("the view: ")) << status.fault;
  EXPECT_TRUE(status.connected);
  EXPECT_EQ(status.lag_events, 2u);
}

TEST(TopicReaderWithoutABroker, AnswersForWhatItsViewIsAbout) {
  TemporaryFolder folder;
  const auto store = std::move(*ViewStore::Open(folder.path() + "/view"));
  Coverage coverage{.partitions = 4, .buckets = {}};
  for (std::size_t bucket = 2; bucket < 256; bucket += 4) coverage.buckets.set(bucket);
  ASSERT_TRUE(store->AnswerFor(coverage));
  TopicReaderOptions options;
  options.client.bootstrap_servers = "127.0.0.1:1";
  const TopicReader reader(options, *store);
  EXPECT_EQ(reader.Status().buckets, coverage.buckets);
  EXPECT_EQ(reader.Status().missing, (std::vector<int>{0, 1, 3}));
}

}  // namespace
}  // namespace monitor
