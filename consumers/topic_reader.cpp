#include "consumers/topic_reader.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

#include "api/server/log.h"
#include "consumers/relayed_positions.h"
#include "domain/topic_message.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kBrokerTimeoutMs = 10'000;
constexpr int kPollMs = 20;
constexpr std::size_t kMaxPositionRecords = 1'000;  // taken between two commits
constexpr auto kTopicRetry = std::chrono::seconds(2);

struct HandleDeleter {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using Handle = std::unique_ptr<rd_kafka_t, HandleDeleter>;
using Message = std::unique_ptr<rd_kafka_message_t, HandleDeleter>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, HandleDeleter>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, HandleDeleter>;
using Topic = std::unique_ptr<rd_kafka_topic_t, HandleDeleter>;

// What makes the reader begin again from what is committed.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void Set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) throw Fault(error);
}

Handle MakeHandle(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  char error[256];
  // Its own lines on stderr are no JSON; what matters comes as a fault or by the error callback.
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_t* handle = rd_kafka_new(type, conf, error, sizeof error);
  if (!handle) {
    rd_kafka_conf_destroy(conf);
    throw Fault(error);
  }
  return Handle(handle);
}

std::string_view BytesOf(const void* data, std::size_t size) { return {static_cast<const char*>(data), size}; }

std::string_view HeaderOf(const rd_kafka_headers_t* headers, const char* name) {
  const void* value = nullptr;
  std::size_t size = 0;
  if (!headers || rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return value ? BytesOf(value, size) : std::string_view();
}

std::expected<SourceEvent, std::string> ReadMessage(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  rd_kafka_message_headers(&message, &headers);
  return ParseCloudEvent({.origin = HeaderOf(headers, "ce_origin"),
                          .seq = HeaderOf(headers, "ce_seq"),
                          .prevseq = HeaderOf(headers, "ce_prevseq"),
                          .bucket = HeaderOf(headers, "ce_bucket"),
                          .type = HeaderOf(headers, "ce_type"),
                          .time = HeaderOf(headers, "ce_time"),
                          .dataschema = HeaderOf(headers, "ce_dataschema")},
                         BytesOf(message.payload, message.len));
}

// The number of a topic's partitions; 0: there is no such topic yet.
int PartitionsOf(rd_kafka_t* handle, const std::string& name) {
  const Topic topic(rd_kafka_topic_new(handle, name.c_str(), nullptr));
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, topic.get(), &found, kBrokerTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw Fault(rd_kafka_err2str(error));
  const Metadata metadata(found);
  if (metadata->topic_cnt != 1 || metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  return metadata->topics[0].partition_cnt;
}

// Unreadable messages, kept for a person to look at.
class DeadLetters {
 public:
  DeadLetters(const std::string& brokers, std::string topic) : topic_(std::move(topic)) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    Set(conf, "bootstrap.servers", brokers);
    Set(conf, "acks", "all");
    Set(conf, "message.max.bytes", std::to_string(kMaxTopicMessageBytes));
    Set(conf, "compression.type", "lz4");
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<DeadLetters*>(self)->failed_ = true;
    });
    producer_ = MakeHandle(RD_KAFKA_PRODUCER, conf);
    MakeTopic();
  }

  void Send(const DeadLetter& letter, const std::string& topic, const std::string& partition,
            const std::string& offset) {
    const auto header = [](const std::string& text) { return text.c_str(); };
    const rd_kafka_resp_err_t error =
        rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY(letter.key.data(), letter.key.size()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(letter.value.data()), letter.value.size()),
                          RD_KAFKA_V_HEADER("reason", header(letter.reason), letter.reason.size()),
                          RD_KAFKA_V_HEADER("topic", header(topic), topic.size()),
                          RD_KAFKA_V_HEADER("partition", header(partition), partition.size()),
                          RD_KAFKA_V_HEADER("offset", header(offset), offset.size()), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw Fault(std::string("dead letter: ") + rd_kafka_err2str(error));
  }

  // Before an offset goes past an unreadable message, its copy is with the broker.
  void Flush() {
    const rd_kafka_resp_err_t error = rd_kafka_flush(producer_.get(), kBrokerTimeoutMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR || std::exchange(failed_, false)) {
      throw Fault("a dead letter could not be written");
    }
  }

 private:
  // The broker may not make topics by itself. That it is there already is no error.
  void MakeTopic() {
    char error[256];
    rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(topic_.c_str(), 1, -1, error, sizeof error);
    if (!topic) throw Fault(error);
    rd_kafka_NewTopic_set_config(topic, "max.message.bytes", std::to_string(kMaxTopicMessageBytes).c_str());
    rd_kafka_NewTopic_set_config(topic, "retention.ms", "-1");
    rd_kafka_queue_t* queue = rd_kafka_queue_new(producer_.get());
    rd_kafka_CreateTopics(producer_.get(), &topic, 1, nullptr, queue);
    if (rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kBrokerTimeoutMs)) rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
  }

  const std::string topic_;
  bool failed_ = false;
  Handle producer_;
};

}  // namespace

class TopicReader::Loop {
 public:
  Loop(TopicReaderOptions options, ViewStore& store)
      : options_(std::move(options)),
        store_(store),
        intake_(store, Rules()),
        thread_([this](std::stop_token stop) { Run(stop); }) {}

  SourceStatus Status() const { return status_.Get(); }
  const IntakeCounters& counters() const { return intake_.counters(); }

 private:
  struct Partition {
    std::int64_t next = 0;  // to be read
    std::int64_t end = 0;   // when it was assigned
    bool from_start = true;
  };

  IntakeOptions Rules() {
    IntakeOptions rules = status_.WithAlarm(options_.intake);
    rules.unreadable = [this](const Arrival& arrival, const std::string& reason) {
      options_.intake.unreadable(arrival, reason);
      SendDeadLetter(MakeDeadLetter(arrival.key, arrival.value, reason), arrival.channel, arrival.offset);
    };
    return rules;
  }

  void Run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      try {
        ReadUntilStopped(stop);
      } catch (const std::exception& fault) {
        Disconnected(fault.what());
        Pause(stop, options_.pause);
      }
    }
  }

  void ReadUntilStopped(const std::stop_token& stop) {
    Begin();
    consumer_ = MakeConsumer(options_.group, true);
    positions_consumer_ = MakeConsumer(options_.group + "-positions", false);
    const struct Closing {
      Loop& loop;
      ~Closing() { loop.Close(); }
    } closing{*this};
    Subscribe();
    while (!stop.stop_requested()) {
      PollEvent();
      if (fault_) throw Fault(*std::exchange(fault_, std::nullopt));
      PollPositions();
      if (Due()) CommitBatch();
    }
    CommitBatch();
  }

  // Whatever was taken and not committed is forgotten.
  void Begin() {
    intake_.Forget();
    assigned_.clear();
    relayed_ = RelayedPositions();
    fault_.reset();
    taken_ = 0;
    if (const auto discarded = store_.Discard(); !discarded) throw Fault("the view: " + discarded.error());
  }

  Handle MakeConsumer(const std::string& group, bool member) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    Set(conf, "bootstrap.servers", options_.bootstrap_servers);
    Set(conf, "group.id", group);
    Set(conf, "enable.auto.commit", "false");
    Set(conf, "enable.auto.offset.store", "false");
    Set(conf, "partition.assignment.strategy", "range");
    Set(conf, "auto.offset.reset", "error");  // a lost offset is an alarm, never a silent jump
    Set(conf, "allow.auto.create.topics", "false");
    Set(conf, "topic.metadata.refresh.interval.ms", "5000");
    Set(conf, "session.timeout.ms", "6000");  // a killed reader's partitions are free again after this
    Set(conf, "heartbeat.interval.ms", "2000");
    Set(conf, "queued.max.messages.kbytes", "16384");  // a partition; memory stays bounded
    if (member) {
      rd_kafka_conf_set_opaque(conf, this);
      rd_kafka_conf_set_rebalance_cb(conf, &Loop::OnRebalance);
      rd_kafka_conf_set_error_cb(conf, &Loop::OnError);
    }
    Handle handle = MakeHandle(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(handle.get());
    return handle;
  }

  void Subscribe() {
    const PartitionList topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), options_.topic.c_str(), RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer_.get(), topics.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw Fault(rd_kafka_err2str(error));
  }

  // Leaves the group at once, so that others need not wait for a timeout.
  void Close() {
    closing_ = true;
    rd_kafka_consumer_close(consumer_.get());
    rd_kafka_consumer_close(positions_consumer_.get());
    closing_ = false;
    consumer_.reset();
    positions_consumer_.reset();
    positions_assigned_ = false;
    dead_letters_.reset();
    intake_.Forget();
    assigned_.clear();
  }

  // Runs inside of a poll or close, on this thread; nothing may be thrown through librdkafka.
  static void OnRebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
                          void* self) {
    Loop& loop = *static_cast<Loop*>(self);
    try {
      if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        loop.Assign(partitions);
        rd_kafka_assign(consumer, partitions);
        return;
      }
      if (!loop.closing_) loop.CommitBatch();
      loop.Revoke();
    } catch (const std::exception& fault) {
      loop.fault_ = fault.what();
    }
    rd_kafka_assign(consumer, nullptr);
  }

  static void OnError(rd_kafka_t* consumer, int error, const char* reason, void* self) {
    Loop& loop = *static_cast<Loop*>(self);
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
      char text[256];
      rd_kafka_fatal_error(consumer, text, sizeof text);
      loop.fault_ = text;
      return;
    }
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) loop.Disconnected(reason);
  }

  void Assign(rd_kafka_topic_partition_list_t* partitions) {
    assigned_.clear();
    for (int i = 0; i < partitions->cnt; ++i) {
      rd_kafka_topic_partition_t& partition = partitions->elems[i];
      std::int64_t low = 0, high = 0;
      const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
          consumer_.get(), options_.topic.c_str(), partition.partition, &low, &high, kBrokerTimeoutMs);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw Fault(rd_kafka_err2str(error));
      partition.offset = WhereToBegin(partition.partition, low, high);
      assigned_[partition.partition] = {.next = partition.offset, .end = high, .from_start = low == 0};
    }
    const int count = PartitionsOf(consumer_.get(), options_.topic);
    if (count == 0) throw Fault("the topic is gone");
    ShowAssignment(count);
    log::Info("partitions_assigned", {{"count", std::int64_t{partitions->cnt}}});
  }

  std::int64_t WhereToBegin(int partition, std::int64_t low, std::int64_t high) {
    const auto stored = store_.Offset(partition);
    if (!stored) return low;
    if (*stored < low) {
      status_.Alarm("partition " + std::to_string(partition) + " begins at " + std::to_string(low) + ", but " +
                        std::to_string(*stored) + " is to be read: events are lost",
                    AlarmLasts::kForGood);
      return low;
    }
    if (*stored > high) {
      status_.Alarm("partition " + std::to_string(partition) + " ends at " + std::to_string(high) + ", but " +
                        std::to_string(*stored) + " is to be read: the topic is another one; it is read from its start",
                    AlarmLasts::kForGood);
      return low;
    }
    return *stored;
  }

  // What was read is still answered for, until it is known who reads it now.
  void Revoke() {
    for (const auto& [partition, state] : assigned_) intake_.Forget(std::to_string(partition));
    assigned_.clear();
  }

  void PollEvent() {
    const Message message(rd_kafka_consumer_poll(consumer_.get(), kPollMs));
    if (!message) return;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // The topic is not there yet: it comes with monitord's first start.
      if (message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return;
      if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) throw Fault(rd_kafka_message_errstr(message.get()));
      return Disconnected(rd_kafka_message_errstr(message.get()));
    }
    const auto partition = assigned_.find(message->partition);
    if (partition == assigned_.end()) return;
    Take(*message, partition->second);
    partition->second.next = message->offset + 1;
    if (taken_++ == 0) batch_began_ = steady_clock::now();
  }

  void Take(const rd_kafka_message_t& message, const Partition& partition) {
    const std::string channel = std::to_string(message.partition);
    const std::string_view key = BytesOf(message.key, message.key_len);
    const std::string_view value = BytesOf(message.payload, message.len);
    auto event = ReadMessage(message);
    if (!event) {
      log::Error("message_unreadable",
                 {{"partition", channel}, {"offset", std::int64_t{message.offset}}, {"reason", event.error()}});
      intake_.CountUnreadable();
      return SendDeadLetter(MakeDeadLetter(key, value, event.error()), channel, message.offset);
    }
    Arrival arrival{.event = std::move(*event), .channel = channel};
    arrival.offset = message.offset;
    arrival.from_start = partition.from_start;
    if (!arrival.event.content) {
      arrival.key = key;
      arrival.value = value;
    }
    if (const auto taken = intake_.Take(std::move(arrival)); !taken) throw Fault("the view: " + taken.error());
  }

  void SendDeadLetter(const DeadLetter& letter, const std::string& partition, std::int64_t offset) {
    if (!dead_letters_) {
      dead_letters_ = std::make_unique<DeadLetters>(options_.bootstrap_servers, options_.dead_letter_topic);
    }
    dead_letters_->Send(letter, options_.topic, partition, std::to_string(offset));
  }

  // All partitions of monitor.positions, from their start: the topic is compacted and small.
  void AssignPositions() {
    if (steady_clock::now() < next_positions_try_) return;
    next_positions_try_ = steady_clock::now() + kTopicRetry;
    const int count = PartitionsOf(positions_consumer_.get(), options_.positions_topic);
    if (count == 0) return;
    const PartitionList partitions(rd_kafka_topic_partition_list_new(count));
    for (int i = 0; i < count; ++i) {
      rd_kafka_topic_partition_list_add(partitions.get(), options_.positions_topic.c_str(), i)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
    }
    const rd_kafka_resp_err_t error = rd_kafka_assign(positions_consumer_.get(), partitions.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw Fault(rd_kafka_err2str(error));
    positions_assigned_ = true;
  }

  void PollPositions() {
    if (!positions_assigned_) AssignPositions();
    for (std::size_t i = 0; positions_assigned_ && i < kMaxPositionRecords; ++i) {
      const Message message(rd_kafka_consumer_poll(positions_consumer_.get(), 0));
      if (!message) return;
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      relayed_.Add(BytesOf(message->key, message->key_len), BytesOf(message->payload, message->len));
      positions_changed_ = true;
    }
  }

  bool Due() const {
    if (taken_ == 0) return positions_changed_;
    return taken_ >= options_.max_events || steady_clock::now() - batch_began_ >= options_.max_delay;
  }

  void CommitBatch() {
    if (dead_letters_) dead_letters_->Flush();
    std::map<int, std::int64_t> counted;
    bool rewind = false;
    for (const auto& [partition, state] : assigned_) {
      const std::string channel = std::to_string(partition);
      counted[partition] = intake_.SafeOffset(channel, state.next);
      store_.SetOffset(partition, counted[partition]);
      rewind |= intake_.TakeRewind(channel).has_value();
    }
    if (!counted.empty()) {
      for (const auto& [origin, seq] : relayed_.Reached(counted)) store_.SetPosition(origin, seq);
    }
    if (const auto committed = store_.Commit(); !committed) throw Fault("the view: " + committed.error());
    ShowProgress(std::exchange(taken_, 0) > 0);
    positions_changed_ = false;
    if (rewind) throw Fault("a hole is closed; what followed it is read again");
  }

  void ShowAssignment(int partitions) {
    BucketSet buckets;
    std::vector<int> missing;
    for (int bucket = 0; bucket < 256; ++bucket) {
      if (assigned_.contains(bucket % partitions)) buckets.set(static_cast<std::size_t>(bucket));
    }
    for (int partition = 0; partition < partitions; ++partition) {
      if (!assigned_.contains(partition)) missing.push_back(partition);
    }
    status_.Connected();
    status_.Reads(buckets, std::move(missing));
    ShowLag();
  }

  void ShowProgress(bool took_events) {
    if (took_events) status_.Connected();
    if (intake_.counters().held_buckets == 0) status_.NothingIsHeld();
    ShowLag();
  }

  void ShowLag() {
    std::uint64_t lag_events = 0;
    bool caught_up = !assigned_.empty();
    for (const auto& [partition, state] : assigned_) {
      std::int64_t low = 0, high = 0;
      rd_kafka_get_watermark_offsets(consumer_.get(), options_.topic.c_str(), partition, &low, &high);
      high = std::max(high, state.end);
      if (high > state.next) lag_events += static_cast<std::uint64_t>(high - state.next);
      caught_up &= state.next >= state.end;
    }
    status_.Progress(lag_events, caught_up);
  }

  void Disconnected(const std::string& fault) { status_.Disconnected("broker_unavailable", fault); }

  const TopicReaderOptions options_;
  ViewStore& store_;
  StatusBoard status_;
  Intake intake_;

  // The loop's own.
  Handle consumer_, positions_consumer_;
  std::unique_ptr<DeadLetters> dead_letters_;
  std::map<int, Partition> assigned_;
  RelayedPositions relayed_;
  std::optional<std::string> fault_;
  bool positions_assigned_ = false, positions_changed_ = false, closing_ = false;
  steady_clock::time_point next_positions_try_{}, batch_began_{};
  int taken_ = 0;

  std::jthread thread_;  // last: it uses all of the above
};

TopicReader::TopicReader(TopicReaderOptions options, ViewStore& store)
    : loop_(std::make_unique<Loop>(std::move(options), store)) {}
TopicReader::~TopicReader() = default;
SourceStatus TopicReader::Status() const { return loop_->Status(); }
const IntakeCounters& TopicReader::counters() const { return loop_->counters(); }

}  // namespace monitor
