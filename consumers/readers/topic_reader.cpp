#include "consumers/readers/topic_reader.h"

#include <algorithm>
#include <exception>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

#include "consumers/readers/dead_letters.h"
#include "consumers/readers/relayed_positions.h"
#include "kafka/handles.h"
#include "server/log.h"

namespace monitor {
namespace {

using namespace kafka;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kPollMs = 20;
constexpr std::size_t kMaxPositionRecords = 1'000;  // taken between two commits
constexpr auto kTopicRetry = std::chrono::seconds(2);
constexpr auto kBrokerRetry = std::chrono::seconds(1);
constexpr int kBrokerAnswerMs = 500;  // a broker that is there answers sooner

// As a Fault, but the view's, not the broker's.
struct ViewFault : std::runtime_error {
  explicit ViewFault(const std::string& error) : std::runtime_error("the view: " + error) {}
};

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

}  // namespace

class TopicReader::Loop {
 public:
  Loop(TopicReaderOptions options, ViewStore& store)
      : options_(std::move(options)), store_(store), intake_(store, Rules()) {
    status_.Reads(store_.answered_for(), {});  // until it is known what is to be read
    thread_ = std::jthread([this](std::stop_token stop) { Run(stop); });
  }

  SourceStatus Status() const { return status_.Get(); }
  const IntakeCounters& counters() const { return intake_.counters(); }

 private:
  struct Partition {
    std::int64_t next = 0;  // to be read
    std::int64_t end = 0;   // when it was assigned
    bool from_start = true;
  };

  struct Range {
    std::int64_t low = 0, high = 0;
  };

  static std::uint64_t Between(std::int64_t from, std::int64_t end) {
    return end > from ? static_cast<std::uint64_t>(end - from) : 0;
  }

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
        continue;
      } catch (const Fault& fault) {
        Disconnected(fault.what());
      } catch (const ViewFault& fault) {
        Hindered(fault.what());
      } catch (const std::exception& thrown) {  // nobody above this thread could catch it
        Hindered(std::string("counting failed: ") + thrown.what());
      }
      Pause(stop, options_.pause);
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
      if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
      PollPositions();
      if (Due()) CommitBatch();
      if (std::exchange(rewound_, false)) ReadFromNext();
      if (!connected_) AskBroker();
    }
    CommitBatch();
  }

  // Whatever was taken and not committed is forgotten.
  void Begin() {
    intake_.Forget();
    assigned_.clear();
    relayed_ = RelayedPositions();
    fault_ = nullptr;
    member_ = rewound_ = false;
    taken_ = 0;
    if (const auto discarded = store_.Discard(); !discarded) {
      TellUncounted();
      throw ViewFault(discarded.error());
    }
  }

  // How much waits for a view that can not be written. The partitions meanwhile are for others to read.
  void TellUncounted() {
    const Handle asking = MakeConsumer(options_.group, false);
    const BucketSet buckets = store_.answered_for().buckets;
    const int count = std::min(PartitionsOf(asking.get(), options_.topic), static_cast<int>(buckets.size()));
    std::uint64_t lag_events = 0;
    for (int partition = 0; partition < count; ++partition) {
      if (!buckets[static_cast<std::size_t>(partition)]) continue;  // of its buckets one is as good as all
      const Range range = AskRange(asking.get(), partition);
      const auto counted = counted_.find(partition);
      const std::int64_t from =
          counted == counted_.end() ? store_.Offset(partition).value_or(range.low) : counted->second;
      lag_events += Between(std::max(from, range.low), range.high);
    }
    status_.Progress(lag_events, false);
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
    } catch (const std::exception&) {
      loop.fault_ = std::current_exception();
    }
    rd_kafka_assign(consumer, nullptr);
  }

  static void OnError(rd_kafka_t* consumer, int error, const char* reason, void* self) {
    Loop& loop = *static_cast<Loop*>(self);
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
      char text[256];
      rd_kafka_fatal_error(consumer, text, sizeof text);
      loop.fault_ = std::make_exception_ptr(Fault(text));
      return;
    }
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) loop.Disconnected(reason);
  }

  void Assign(rd_kafka_topic_partition_list_t* partitions) {
    assigned_.clear();
    for (int i = 0; i < partitions->cnt; ++i) {
      rd_kafka_topic_partition_t& partition = partitions->elems[i];
      const auto [low, high] = AskRange(consumer_.get(), partition.partition);
      partition.offset = WhereToBegin(partition.partition, low, high);
      assigned_[partition.partition] = {.next = partition.offset, .end = high, .from_start = low == 0};
      counted_[partition.partition] = partition.offset;
    }
    const int count = PartitionsOf(consumer_.get(), options_.topic);
    if (count == 0) throw Fault("the topic is gone");
    Cover(count);
    member_ = true;
    Connected();
    ShowProgress();
    log::Info("partitions_assigned", {{"count", std::int64_t{partitions->cnt}}});
  }

  Range AskRange(rd_kafka_t* handle, int partition) const {
    Range range;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(handle, options_.topic.c_str(), partition,
                                                                       &range.low, &range.high, kBrokerTimeoutMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw Fault(rd_kafka_err2str(error));
    return range;
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
    member_ = rewound_ = false;
  }

  // Before anybody is told that the partitions which came are answered for, no position is told that they do not have.
  void Cover(int partitions) {
    Coverage coverage{.partitions = partitions, .buckets = {}};
    for (std::size_t bucket = 0; bucket < coverage.buckets.size(); ++bucket) {
      coverage.buckets[bucket] = assigned_.contains(static_cast<int>(bucket) % partitions);
    }
    if (const auto covered = store_.AnswerFor(coverage); !covered) throw ViewFault(covered.error());
    positions_changed_ = true;  // what was read of them before holds for these partitions now
  }

  // A hole is closed, but not all that followed it was kept. Assigned anew, as at a rebalance, the group does not
  // notice.
  void ReadFromNext() {
    const PartitionList partitions(rd_kafka_topic_partition_list_new(static_cast<int>(assigned_.size())));
    for (const auto& [partition, state] : assigned_) {
      rd_kafka_topic_partition_list_add(partitions.get(), options_.topic.c_str(), partition)->offset = state.next;
    }
    const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), partitions.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw Fault(rd_kafka_err2str(error));
    log::Info("partitions_read_again", {{"count", static_cast<std::int64_t>(assigned_.size())}});
  }

  // Nothing else tells that a connection is back while there are no events.
  void AskBroker() {
    if (!member_ || steady_clock::now() < next_question_) return;
    next_question_ = steady_clock::now() + kBrokerRetry;
    const rd_kafka_metadata_t* found = nullptr;
    if (rd_kafka_metadata(consumer_.get(), 0, nullptr, &found, kBrokerAnswerMs) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const Metadata answer(found);
    Connected();
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
    if (const auto taken = intake_.Take(std::move(arrival)); !taken) throw ViewFault(taken.error());
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
    for (auto& [partition, state] : assigned_) {
      const std::string channel = std::to_string(partition);
      counted[partition] = intake_.SafeOffset(channel, state.next);
      store_.SetOffset(partition, counted[partition]);
      if (const auto rewind = intake_.TakeRewind(channel)) {
        state.next = *rewind;
        rewound_ = true;
      }
    }
    if (!counted.empty()) {
      for (const auto& [origin, seq] : relayed_.Reached(counted)) store_.SetPosition(origin, seq);
    }
    if (const auto committed = store_.Commit(); !committed) throw ViewFault(committed.error());
    for (const auto& [partition, offset] : counted) counted_[partition] = offset;
    if (std::exchange(taken_, 0) > 0) Connected();
    positions_changed_ = false;
    ShowProgress();
  }

  // What is held is not counted: it lags behind, however far was read. But a hole may stay for good, and the funnel is
  // to serve with it: all that was there is read.
  void ShowProgress() {
    if (intake_.counters().held_buckets == 0) status_.NothingIsHeld();
    std::uint64_t lag_events = 0;
    std::vector<int> behind;
    bool read_all = !assigned_.empty();
    for (const auto& [partition, state] : assigned_) {
      std::int64_t low = 0, high = 0;
      rd_kafka_get_watermark_offsets(consumer_.get(), options_.topic.c_str(), partition, &low, &high);
      const std::int64_t safe = intake_.SafeOffset(std::to_string(partition), state.next);
      lag_events += Between(safe, std::max(high, state.end));
      if (safe < state.end) behind.push_back(partition);
      read_all &= state.next >= state.end;
    }
    if (member_) status_.Reads(store_.answered_for(), std::move(behind));
    status_.Progress(lag_events, read_all);
  }

  void Connected() {
    connected_ = true;
    status_.Connected();
  }

  void Disconnected(const std::string& fault) {
    connected_ = false;
    status_.Disconnected("broker_unavailable", fault);
  }

  void Hindered(const std::string& fault) { status_.Hindered("view_unavailable", fault); }

  const TopicReaderOptions options_;
  ViewStore& store_;
  StatusBoard status_;
  Intake intake_;

  // The loop's own.
  Handle consumer_, positions_consumer_;
  std::unique_ptr<DeadLetters> dead_letters_;
  std::map<int, Partition> assigned_;
  std::map<int, std::int64_t> counted_;  // up to where (exclusive) each that once came is committed
  RelayedPositions relayed_;
  std::exception_ptr fault_;  // thrown in a callback
  bool connected_ = false;
  bool member_ = false;   // of the group, with its partitions assigned
  bool rewound_ = false;  // `next` of a partition went back
  bool positions_assigned_ = false, positions_changed_ = false, closing_ = false;
  steady_clock::time_point next_positions_try_{}, next_question_{}, batch_began_{};
  int taken_ = 0;

  std::jthread thread_;  // last: it uses all of the above
};

TopicReader::TopicReader(TopicReaderOptions options, ViewStore& store)
    : loop_(std::make_unique<Loop>(std::move(options), store)) {}
TopicReader::~TopicReader() = default;
SourceStatus TopicReader::Status() const { return loop_->Status(); }
const IntakeCounters& TopicReader::counters() const { return loop_->counters(); }

}  // namespace monitor
