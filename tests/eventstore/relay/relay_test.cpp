// Against a real broker, whose address MONITOR_TEST_KAFKA names (`./test kafka` does); skipped without it.
#include "eventstore/relay/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "domain/account/account.h"
#include "eventstore/cloud_event_writer.h"
#include "eventstore/new_event.h"
#include "eventstore/random.h"
#include "kafka/producer.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Message {
  std::int32_t partition;
  std::int64_t offset;
  std::string key, value;
  std::map<std::string, std::string> headers;
  bool tombstone = false;

  std::uint64_t number(const char* header) const { return std::stoull(headers.at(header)); }
};

Message ToMessage(const rd_kafka_message_t& raw) {
  Message message{raw.partition, raw.offset, {}, {}, {}};
  if (raw.key) message.key.assign(static_cast<const char*>(raw.key), raw.key_len);
  message.tombstone = raw.payload == nullptr;
  if (raw.payload) message.value.assign(static_cast<const char*>(raw.payload), raw.len);
  rd_kafka_headers_t* headers = nullptr;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&raw, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
      message.headers[name] = std::string(static_cast<const char*>(value), size);
    }
  }
  return message;
}

// Everything that the topic holds now, partition by partition.
std::vector<Message> ReadTopic(const std::string& broker, const std::string& topic, int partitions) {
  std::array<char, 512> error;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", broker.c_str(), error.data(), error.size());
  rd_kafka_conf_set(conf, "group.id", "relay-test", error.data(), error.size());
  rd_kafka_conf_set(conf, "enable.auto.commit", "false", error.data(), error.size());
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size());
  rd_kafka_poll_set_consumer(consumer);
  std::vector<Message> messages;
  std::map<std::int32_t, std::int64_t> ends;
  rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(partitions);
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    std::int64_t low = 0, high = 0;
    EXPECT_EQ(rd_kafka_query_watermark_offsets(consumer, topic.c_str(), partition, &low, &high, 10'000), 0);
    if (high > 0) ends[partition] = high;
    rd_kafka_topic_partition_list_add(all, topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(consumer, all);
  auto deadline = std::chrono::steady_clock::now() + minutes(1);
  while (!ends.empty() && std::chrono::steady_clock::now() < deadline) {
    rd_kafka_message_t* raw = rd_kafka_consumer_poll(consumer, 1'000);
    if (raw && !raw->err) {
      messages.push_back(ToMessage(*raw));
      auto end = ends.find(raw->partition);
      if (end != ends.end() && raw->offset + 1 >= end->second) ends.erase(end);
    }
    if (raw) rd_kafka_message_destroy(raw);
  }
  EXPECT_TRUE(ends.empty()) << "the topic's end was not reached";
  rd_kafka_topic_partition_list_destroy(all);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  std::stable_sort(messages.begin(), messages.end(), [](const Message& a, const Message& b) {
    return std::pair(a.partition, a.offset) < std::pair(b.partition, b.offset);
  });
  return messages;
}

// A reader by the rules of events.md section 3. Returns what it keeps; a gap that stays fails the test.
std::vector<Message> Deduplicate(const std::vector<Message>& messages) {
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> newest;
  std::vector<Message> kept, held;
  auto take = [&](const Message& message) {
    auto& last = newest[{message.headers.at("ce_origin"), message.number("ce_bucket")}];
    if (message.number("ce_seq") <= last) return true;
    if (message.number("ce_prevseq") != last) return false;
    last = message.number("ce_seq");
    kept.push_back(message);
    return true;
  };
  for (const Message& message : messages) {
    if (!take(message)) held.push_back(message);
    std::erase_if(held, take);
  }
  EXPECT_TRUE(held.empty()) << held.size() << " events are behind gaps";
  return kept;
}

class KafkaRelay : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* address = std::getenv("MONITOR_TEST_KAFKA");
    if (!address) GTEST_SKIP() << "MONITOR_TEST_KAFKA names no broker; ./test kafka starts one";
    broker = address;
    std::string unique = RandomHex(6);
    options.client.bootstrap_servers = broker;
    options.topics.events = "events-" + unique;
    options.topics.positions = "positions-" + unique;
    options.topics.accounts = "accounts-" + unique;
    options.topics.dead_letters = "dead-" + unique;
    store = OpenStore(OptionsFor(folder.path()));
    origin = store->Origins().back().origin;
  }

  void Append(int requests, int visitors, std::mt19937_64& random) {
    for (int i = 0; i < requests; ++i) {
      std::string visitor = "v" + std::to_string(random() % static_cast<std::uint64_t>(visitors));
      int count = static_cast<int>(random() % 3) + 1;
      ASSERT_TRUE(store->Append(RequestOf(visitor, versions[visitor], count)));
      versions[visitor] += static_cast<std::uint64_t>(count);
    }
  }

  void MakeTopic(int partitions) {
    auto producer = kafka::Producer::Make(options.client, {});
    ASSERT_TRUE(producer);
    ASSERT_TRUE((*producer)->EnsureTopics({{options.topics.events, partitions, {}}}, seconds(20)));
  }

  // Why a relay refuses to go on.
  std::string Refusal() {
    std::mutex mutex;
    std::condition_variable refused;
    bool done = false;
    options.report = [&](const std::string& event, const std::string&) {
      std::lock_guard lock(mutex);
      done = done || event == "relay_refused";
      refused.notify_all();
    };
    Relay relay(options, *store);
    std::unique_lock lock(mutex);
    EXPECT_TRUE(refused.wait_for(lock, minutes(1), [&] { return done; }));
    return relay.Status().refusal;
  }

  void ExpectTopicEqualsLog() {
    auto kept = Deduplicate(ReadTopic(broker, options.topics.events, options.partitions));
    std::sort(kept.begin(), kept.end(),
              [](const Message& a, const Message& b) { return a.number("ce_seq") < b.number("ce_seq"); });
    auto log = ReadAll(*store);
    ASSERT_EQ(kept.size(), log.size());
    for (std::size_t i = 0; i < log.size(); ++i) {
      EXPECT_EQ(kept[i].number("ce_seq"), log[i].position.seq);
      EXPECT_EQ(kept[i].value, log[i].data);
      EXPECT_EQ(kept[i].key, log[i].key);
      EXPECT_EQ(kept[i].partition, log[i].bucket % options.partitions);
    }
  }

  std::string broker;
  TemporaryFolder folder;
  RelayOptions options;
  std::unique_ptr<RocksDbStore> store;
  Origin origin;
  std::map<std::string, std::uint64_t> versions;
};

TEST_F(KafkaRelay, SendsTheLogInOrderWithAllHeaders) {
  AppendRequest request = RequestOf("a", 0, 3, R"({"accountId":"demo","pageId":"1"})");
  request.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  ASSERT_TRUE(store->Append(request));
  Relay relay(options, *store);
  ASSERT_TRUE(relay.Drain(minutes(1)));
  EXPECT_TRUE(relay.Status().connected);
  EXPECT_EQ(relay.Status().relayed, 3u);

  auto messages = ReadTopic(broker, options.topics.events, 16);
  auto log = ReadAll(*store);
  ASSERT_EQ(messages.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    auto attributes = AttributesOf(log[i]);
    std::string seq = std::to_string(i + 1);
    EXPECT_EQ(messages[i].key, "demo/a");
    EXPECT_EQ(messages[i].value, R"({"accountId":"demo","pageId":"1"})");
    EXPECT_EQ(messages[i].headers,
              (std::map<std::string, std::string>{{"content-type", "application/json"},
                                                  {"ce_specversion", "1.0"},
                                                  {"ce_id", attributes.id},
                                                  {"ce_type", "monitor.activity-reported"},
                                                  {"ce_source", "/monitor/" + origin.ToString()},
                                                  {"ce_time", "2023-11-14T22:13:20.000Z"},
                                                  {"ce_subject", "session/demo/a/s"},
                                                  {"ce_dataschema", "urn:monitor:schema:activity-reported:1"},
                                                  {"ce_origin", origin.ToString()},
                                                  {"ce_seq", seq},
                                                  {"ce_prevseq", std::to_string(i)},
                                                  {"ce_bucket", std::to_string(BucketOf("demo/a"))},
                                                  {"ce_streamversion", seq},
                                                  {"traceparent", request.traceparent}}));
  }
}

TEST_F(KafkaRelay, SendsTheLargestDocumentThatIsAccepted) {
  std::string document = R"({"accountId":"demo","more":")";
  while (document.size() < kMaxDocumentBytes - 3) document += "\\\"";  // every character becomes two
  document += "\"}";
  const Event event{{AccountId("demo"), {}, {}, {}}, AccountConfigured{RevisionOf(document), document, "test"}};
  AppendRequest request;
  request.key = "demo/";
  request.streams = {{AccountStream(AccountId("demo")), 0, {EncodeNew(event, NoKey())}}};
  ASSERT_TRUE(store->Append(std::move(request)));
  Relay relay(options, *store);
  ASSERT_TRUE(relay.Drain(minutes(1)));
  ExpectTopicEqualsLog();
  const auto table = ReadTopic(broker, options.topics.accounts, 1);
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table[0].value, document);
}

TEST_F(KafkaRelay, SavesAPositionThatCoversWhatItSent) {
  std::mt19937_64 random(1);
  Append(50, 40, random);
  Relay relay(options, *store);
  ASSERT_TRUE(relay.Drain(minutes(1)));
  std::string expected = R"({"seq":")" + std::to_string(store->Statistics().last_seq) + R"(","offsets":{"0":)";
  std::vector<Message> positions;
  auto deadline = std::chrono::steady_clock::now() + minutes(1);
  do {  // polls with a deadline: it is written after the acknowledgement that Drain waits for
    positions = ReadTopic(broker, options.topics.positions, 1);
  } while ((positions.empty() || !positions.back().value.starts_with(expected)) &&
           std::chrono::steady_clock::now() < deadline);
  ASSERT_FALSE(positions.empty());
  EXPECT_EQ(positions.back().key, origin.ToString());
  EXPECT_TRUE(positions.back().value.starts_with(expected)) << positions.back().value;
  EXPECT_EQ(store->RelayedSeq(origin), store->Statistics().last_seq);
}

TEST_F(KafkaRelay, KeepsTheTablesOfAccounts) {
  AppendRequest request;
  request.key = "demo/";
  request.streams.push_back(
      {AccountStream(AccountId("demo")),
       0,
       {{"account-configured", R"({"accountId":"demo","revision":"00","document":"{\"a\":1}","by":"admin"})"},
        {"skill-availability-changed", R"({"accountId":"demo","skillId":3,"state":"busy"})"},
        {"admin-action-recorded",
         R"({"accountId":"demo","by":"admin","action":"set-skill","target":"skills/3","outcome":"done"})"},
        {"account-removed", R"({"accountId":"demo"})"}}});
  ASSERT_TRUE(store->Append(request));
  Relay relay(options, *store);
  ASSERT_TRUE(relay.Drain(minutes(1)));
  auto rows = ReadTopic(broker, options.topics.accounts, 1);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].key, "demo");
  EXPECT_EQ(rows[0].value, R"({"a":1})");
  EXPECT_EQ(rows[1].key, "demo/skills/3");
  EXPECT_EQ(rows[1].value, "busy");
  EXPECT_TRUE(rows[2].key == "demo" && rows[2].tombstone);
}

TEST_F(KafkaRelay, RefusesAPartitionCountThatIsNoPowerOfTwo) {
  MakeTopic(12);
  EXPECT_THAT(Refusal(), ::testing::HasSubstr("12 partitions"));
}

TEST_F(KafkaRelay, RefusesAPartitionCountThatHasChangedSinceItsFirstStart) {
  MakeTopic(8);
  {
    Relay relay(options, *store);
    relay.WaitLooked(minutes(1));
  }
  EXPECT_EQ(store->TopicPartitions(options.topics.events), 8u);
  store->SaveTopicPartitions(options.topics.events, 4);
  EXPECT_THAT(Refusal(), ::testing::HasSubstr("has 8 partitions, it had 4"));
}

// Killed again and again, mostly before the position was saved: a reader that follows the rules sees every event once.
TEST_F(KafkaRelay, KilledAtAnyMomentLosesAndDoublesNothing) {
  std::mt19937_64 random(3);
  options.max_in_flight = 300;
  std::atomic<bool> appended{false};
  std::thread appender([&] {
    std::mt19937_64 own(4);
    Append(4'000, 300, own);
    appended = true;
  });
  while (!appended) {
    Relay relay(options, *store);
    relay.WaitRelayed(relay.Status().relayed + random() % 600, milliseconds(2'000));
  }
  appender.join();
  Relay relay(options, *store);
  ASSERT_TRUE(relay.Drain(minutes(2)));
  ExpectTopicEqualsLog();
}

// The folder as it was before: what it would append next the topic has already.
TEST_F(KafkaRelay, RefusesAnOlderCopyOfTheLogUntilItsNextEpoch) {
  std::mt19937_64 random(5);
  Append(20, 10, random);
  auto relayed = [&] {
    Relay relay(options, *store);
    ASSERT_TRUE(relay.Drain(minutes(1)));
  };
  relayed();
  const TemporaryFolder copy;
  store.reset();
  std::filesystem::copy(folder.path(), copy.path(), std::filesystem::copy_options::recursive);
  store = OpenStore(OptionsFor(folder.path()));
  Append(20, 10, random);
  relayed();  // stopped in order it tells its position
  const std::uint64_t known = store->Statistics().last_seq;
  {
    Relay again(options, *store);
    again.WaitLooked(minutes(1));
    EXPECT_EQ(again.Status().refusal, "") << "the newest folder goes on";
  }

  auto older = OpenStore(OptionsFor(copy.path()));
  {
    Relay relay(options, *older);
    relay.WaitLooked(minutes(1));
    const std::string wanted = "the topic has events of this node up to " + LogPosition{origin, known}.ToString();
    EXPECT_TRUE(relay.Status().refusal.starts_with(wanted)) << relay.Status().refusal;
    ASSERT_NE(older->Refusal(), nullptr);
    EXPECT_EQ(*older->Refusal(), relay.Status().refusal);
    EXPECT_FALSE(older->Append(RequestOf("new", 0)));
    EXPECT_FALSE(relay.Drain(minutes(1))) << "nobody waits for what refuses to go on";
  }
  older.reset();
  ASSERT_TRUE(RocksDbStore::BeginEpoch(copy.path()));
  older = OpenStore(OptionsFor(copy.path()));
  ASSERT_TRUE(older->Append(RequestOf("new", 0)));
  Relay relay(options, *older);
  ASSERT_TRUE(relay.Drain(minutes(1)));
  auto kept = Deduplicate(ReadTopic(broker, options.topics.events, options.partitions));
  EXPECT_EQ(kept.size(), known + 1) << "nothing of the topic is lost, and the new event is none that it had";
}

// Where the disk is low nothing is appended, and no position saved.
TEST_F(KafkaRelay, TellsNoPositionThatItCouldNotSave) {
  std::mt19937_64 random(7);
  Append(20, 10, random);
  store.reset();
  auto low = OptionsFor(folder.path());
  low.min_free_bytes = ~0ull;
  store = OpenStore(low);
  {
    Relay relay(options, *store);
    ASSERT_TRUE(relay.Drain(minutes(1)));
  }
  EXPECT_EQ(store->RelayedSeq(origin), 0u);
  EXPECT_TRUE(ReadTopic(broker, options.topics.positions, 1).empty());
  store.reset();
  store = OpenStore(OptionsFor(folder.path()));
  {
    Relay relay(options, *store);
    ASSERT_TRUE(relay.Drain(minutes(1))) << relay.Status().refusal;
  }
  EXPECT_EQ(store->RelayedSeq(origin), store->Statistics().last_seq);
  ExpectTopicEqualsLog();
}

TEST(RelayWithoutABroker, LetsAppendsGoOnAndSaysSoOnce) {
  TemporaryFolder folder;
  auto store = OpenStore(OptionsFor(folder.path()));
  std::atomic<int> reports{0};
  RelayOptions options;
  options.client.bootstrap_servers = "127.0.0.1:1";
  options.report = [&](const std::string&, const std::string&) { ++reports; };
  Relay relay(options, *store);
  ASSERT_TRUE(store->Append(RequestOf("a", 0)));
  EXPECT_FALSE(relay.Drain(milliseconds(10)));
  EXPECT_FALSE(relay.Status().connected);
  EXPECT_EQ(relay.Status().relayed, 0u);
  EXPECT_LE(reports, 2);
}

}  // namespace
}  // namespace monitor
