#include "api/inbound/inbound_topic.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "domain/events/topic_message.h"
#include "kafka/back_off.h"
#include "kafka/producer.h"
#include "server/log.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Done = std::expected<void, std::string>;  // the error is why the consumer must begin again

constexpr milliseconds kBrokerTimeout{10'000};
constexpr milliseconds kPollWait{100};  // how long a stop may go unnoticed
constexpr milliseconds kStatusInterval{1'000};
// After a consumer that failed, so long until the next: doubled up to the greatest while nothing gets applied.
constexpr milliseconds kFirstPause{200};
constexpr milliseconds kGreatestPause{5'000};
// The same between two tries of a message.
constexpr milliseconds kFirstRetry{20};
constexpr milliseconds kGreatestRetry{1'000};

constexpr int kPartitions = 16;
constexpr const char* kRetentionMs = "604800000";  // 7 days: commands are of no use for longer

struct Deleter {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

std::string_view BytesOf(const void* data, std::size_t size) {
  return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}

int Milliseconds(milliseconds wait) { return static_cast<int>(wait.count()); }

// Waits; true if it was stopped meanwhile.
bool PauseFor(milliseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, pause, [] { return false; });
  return stop.stop_requested();
}

// One life of a group member.
class Consumer {
 public:
  static std::expected<Consumer, std::string> Join(const InboundTopicOptions& options);
  Consumer(Consumer&&) = default;
  ~Consumer() {
    if (handle_) rd_kafka_consumer_close(handle_.get());  // leaves at once, so that others need not wait for a timeout
  }

  // nullptr: nothing came within kPollWait.
  std::expected<Owned<rd_kafka_message_t>, std::string> Poll();
  // Returns once the broker has it: the partition goes on behind this message, whoever reads it next.
  Done Commit(const rd_kafka_message_t& message);
  // What this member reads and how far it is, as it knows without asking the broker.
  void Measure(InboundStatus& status) const;

 private:
  Consumer(std::string topic, Owned<rd_kafka_t> handle)
      : topic_(std::move(topic)), handle_(std::move(handle)), commits_(rd_kafka_queue_new(handle_.get())) {}
  Owned<rd_kafka_topic_partition_list_t> Assignment() const;

  std::string topic_;
  Owned<rd_kafka_t> handle_;
  Owned<rd_kafka_queue_t> commits_;
};

std::expected<Consumer, std::string> Consumer::Join(const InboundTopicOptions& options) {
  const std::pair<const char*, std::string> settings[] = {
      {"bootstrap.servers", options.bootstrap_servers},
      {"client.id", "monitord-inbound"},
      {"group.id", options.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"partition.assignment.strategy", "range"},
      {"auto.offset.reset", "earliest"},  // what was told before this group's first start counts, too
      {"allow.auto.create.topics", "false"},
      {"topic.metadata.refresh.interval.ms", "5000"},
      {"session.timeout.ms", "6000"},  // a killed member's partitions are free again after this
      {"heartbeat.interval.ms", "2000"},
      {"queued.max.messages.kbytes", "1024"},  // a partition; memory stays bounded
      {"reconnect.backoff.max.ms", "2000"},
      {"socket.keepalive.enable", "true"},
      {"log.connection.close", "false"},
  };
  const Owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  std::array<char, 512> error{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name, value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      return std::unexpected(std::string(error.data()));
    }
  }
  // The relay tells of the connection; librdkafka would write its own words to stderr.
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_t* copy = rd_kafka_conf_dup(conf.get());
  Owned<rd_kafka_t> handle(rd_kafka_new(RD_KAFKA_CONSUMER, copy, error.data(), error.size()));
  if (!handle) {
    rd_kafka_conf_destroy(copy);
    return std::unexpected(std::string(error.data()));
  }
  rd_kafka_poll_set_consumer(handle.get());
  const Owned<rd_kafka_topic_partition_list_t> topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), options.topic.c_str(), RD_KAFKA_PARTITION_UA);
  Consumer consumer(options.topic, std::move(handle));
  if (const rd_kafka_resp_err_t failed = rd_kafka_subscribe(consumer.handle_.get(), topics.get())) {
    return std::unexpected(std::string(rd_kafka_err2str(failed)));
  }
  return consumer;
}

std::expected<Owned<rd_kafka_message_t>, std::string> Consumer::Poll() {
  Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(handle_.get(), Milliseconds(kPollWait)));
  if (!message || !message->err) return message;
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:  // to be made again
    case RD_KAFKA_RESP_ERR__FATAL:
      return std::unexpected(std::string(rd_kafka_message_errstr(message.get())));
    default:  // passes by itself
      return nullptr;
  }
}

Owned<rd_kafka_topic_partition_list_t> Consumer::Assignment() const {
  rd_kafka_topic_partition_list_t* partitions = nullptr;
  if (rd_kafka_assignment(handle_.get(), &partitions)) return nullptr;
  return Owned<rd_kafka_topic_partition_list_t>(partitions);
}

Done Consumer::Commit(const rd_kafka_message_t& message) {
  // Of a partition that was lost meanwhile the offset is its new reader's, who gets the message again.
  const auto assigned = Assignment();
  if (!assigned || !rd_kafka_topic_partition_list_find(assigned.get(), topic_.c_str(), message.partition)) return {};
  const Owned<rd_kafka_topic_partition_list_t> offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), message.partition)->offset = message.offset + 1;
  rd_kafka_resp_err_t error = rd_kafka_commit_queue(handle_.get(), offsets.get(), commits_.get(), nullptr, nullptr);
  if (!error) {
    const Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(commits_.get(), Milliseconds(kBrokerTimeout)));
    error = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  }
  if (error) return std::unexpected(std::string("an offset was not committed: ") + rd_kafka_err2str(error));
  return {};
}

void Consumer::Measure(InboundStatus& status) const {
  const auto assigned = Assignment();
  status.partitions = assigned ? assigned->cnt : 0;
  status.lag = 0;
  if (!assigned || rd_kafka_position(handle_.get(), assigned.get())) return;
  for (int i = 0; i < assigned->cnt; ++i) {
    const rd_kafka_topic_partition_t& partition = assigned->elems[i];
    std::int64_t low = 0, high = 0;
    if (partition.offset < 0) continue;
    if (rd_kafka_get_watermark_offsets(handle_.get(), topic_.c_str(), partition.partition, &low, &high)) continue;
    if (high > partition.offset) status.lag += static_cast<std::uint64_t>(high - partition.offset);
  }
}

// Messages that were refused for good, kept for a person to look at; and the topics.
class DeadLetters {
 public:
  static std::expected<std::unique_ptr<DeadLetters>, std::string> Make(const InboundTopicOptions& options) {
    auto letters = std::unique_ptr<DeadLetters>(new DeadLetters(options));
    KafkaProducer::Options wanted{.bootstrap_servers = options.bootstrap_servers, .client_id = "monitord-inbound"};
    wanted.on_delivery = [&letters = *letters](const Delivery& delivery) { letters.delivered_ = delivery; };
    wanted.on_connection = [](bool, const std::string&) {};
    auto producer = KafkaProducer::Make(std::move(wanted));
    if (!producer) return std::unexpected(producer.error());
    letters->producer_ = std::move(*producer);
    return letters;
  }

  // Waits for the broker as long as it takes.
  Done EnsureTopics(const std::stop_token& stop) {
    while (!producer_->ReachesBroker(kPollWait)) {
      if (stop.stop_requested()) return {};
      producer_->Poll(milliseconds(0));
    }
    const auto made = producer_->EnsureTopics(
        {{options_.topic, kPartitions, {{"cleanup.policy", "delete"}, {"retention.ms", kRetentionMs}}},
         DeadLetterTopic(options_.dead_letter_topic)},
        kBrokerTimeout);
    if (!made) return std::unexpected(made.error());
    return {};
  }

  // Returns once the broker has it.
  Done Send(const rd_kafka_message_t& refused, std::string reason, const std::stop_token& stop) {
    const DeadLetter kept =
        MakeDeadLetter(BytesOf(refused.key, refused.key_len), BytesOf(refused.payload, refused.len), std::move(reason));
    const std::string partition = std::to_string(refused.partition), offset = std::to_string(refused.offset);
    const KafkaMessage letter{
        .topic = &options_.dead_letter_topic,
        .partition = 0,
        .key = kept.key,
        .value = kept.value,
        .headers = {{"reason", kept.reason}, {"topic", options_.topic}, {"partition", partition}, {"offset", offset}},
        .number = 0};
    delivered_.reset();
    std::string error;
    if (producer_->Send(letter, error) != Sent::kQueued) return std::unexpected("a dead letter: " + error);
    while (!delivered_) {
      if (stop.stop_requested()) return std::unexpected("stopped before a dead letter was written");
      if (error = producer_->FatalError(); !error.empty()) return std::unexpected("a dead letter: " + error);
      producer_->Poll(kPollWait);
    }
    if (!delivered_->error.empty()) return std::unexpected("a dead letter: " + delivered_->error);
    return {};
  }

  // What librdkafka has to say must be taken from it.
  void Serve() { producer_->Poll(milliseconds(0)); }

 private:
  explicit DeadLetters(const InboundTopicOptions& options) : options_(options) {}

  const InboundTopicOptions& options_;
  std::optional<Delivery> delivered_;
  std::unique_ptr<KafkaProducer> producer_;
};

}  // namespace

class InboundTopic::State {
 public:
  explicit State(InboundTopicOptions options)
      : options_(std::move(options)), thread_([this](const std::stop_token& stop) { Live(stop); }) {}

  void Stop() { thread_.request_stop(); }

  InboundStatus Status() const {
    std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void Live(const std::stop_token& stop) {
    BackOff back_off(kFirstPause, kGreatestPause);
    while (!stop.stop_requested()) {
      const std::uint64_t before = Taken();
      const Done ended = Consume(stop);
      if (ended || stop.stop_requested()) break;
      Failed(ended.error());
      if (PauseFor(back_off.Next(Taken() > before), stop)) break;
    }
    Update([](InboundStatus& status) { status.partitions = 0; });
  }

  // One life: until it is stopped or something fails.
  Done Consume(const std::stop_token& stop) {
    auto letters = DeadLetters::Make(options_);
    if (!letters) return std::unexpected(letters.error());
    if (Done made = (*letters)->EnsureTopics(stop); !made || stop.stop_requested()) return made;
    auto consumer = Consumer::Join(options_);
    if (!consumer) return std::unexpected(consumer.error());
    auto measured = steady_clock::time_point::min();
    while (!stop.stop_requested()) {
      (*letters)->Serve();
      auto message = consumer->Poll();
      if (!message) return std::unexpected(message.error());
      if (*message) {
        if (Done taken = Take(**message, *consumer, **letters, stop); !taken) return taken;
      }
      if (steady_clock::now() - kStatusInterval < measured) continue;
      measured = steady_clock::now();
      Update([&](InboundStatus& status) { consumer->Measure(status); });
    }
    return {};
  }

  Done Take(const rd_kafka_message_t& message, Consumer& consumer, DeadLetters& letters, const std::stop_token& stop) {
    const auto outcome = ApplyPatiently(message, stop);
    const bool refused = !outcome && outcome.error().code == InboundFailure::Code::kRefused;
    if (!outcome && !refused) return {};  // stopped; it comes again
    if (refused) {
      const std::string& reason = outcome.error().message;
      log::Error("inbound_message_refused", {{"topic", options_.topic},
                                             {"partition", std::int64_t{message.partition}},
                                             {"offset", std::int64_t{message.offset}},
                                             {"reason", reason}});
      if (Done sent = letters.Send(message, reason, stop); !sent) return sent;
    }
    if (Done committed = consumer.Commit(message); !committed) return committed;
    Update([&](InboundStatus& status) { ++(refused ? status.refused_total : status.applied_total); });
    return {};
  }

  // Tries until it is applied, refused, or the topic is stopped. Longer than librdkafka waits for a poll (5 min) the
  // partitions go to another member; the message comes again to whoever has them then.
  std::expected<void, InboundFailure> ApplyPatiently(const rd_kafka_message_t& message, const std::stop_token& stop) {
    bool told = false;
    for (milliseconds pause = kFirstRetry;; pause = std::min(2 * pause, kGreatestRetry)) {
      auto outcome = Apply(BytesOf(message.payload, message.len));
      if (outcome || outcome.error().code == InboundFailure::Code::kRefused) return outcome;
      Update([](InboundStatus& status) { ++status.retries_total; });
      if (pause == kGreatestRetry && !std::exchange(told, true)) {
        log::Warning("inbound_waits", {{"reason", outcome.error().message}});
      }
      if (PauseFor(pause, stop)) return outcome;
    }
  }

  std::expected<void, InboundFailure> Apply(std::string_view message) {
    try {
      return options_.apply(message);
    } catch (const std::exception& error) {
      log::Error("inbound_message_failed", {{"reason", error.what()}});
      return std::unexpected(InboundFailure{InboundFailure::Code::kRefused, "unexpected server error"});
    }
  }

  // Says the same thing once, however often it is tried.
  void Failed(const std::string& why) {
    Update([](InboundStatus& status) {
      ++status.restarts_total;
      status.partitions = 0;
    });
    if (std::exchange(last_failure_, why) != why) log::Warning("inbound_failed", {{"reason", why}});
  }

  std::uint64_t Taken() const {
    const InboundStatus status = Status();
    return status.applied_total + status.refused_total;
  }

  template <class Change>
  void Update(Change change) {
    std::lock_guard lock(mutex_);
    change(status_);
  }

  const InboundTopicOptions options_;
  std::string last_failure_;  // the thread's own
  mutable std::mutex mutex_;
  InboundStatus status_;
  std::jthread thread_;  // last: it uses all of the above
};

InboundTopic::InboundTopic(InboundTopicOptions options) : state_(std::make_unique<State>(std::move(options))) {}
InboundTopic::~InboundTopic() = default;
void InboundTopic::Stop() { state_->Stop(); }
InboundStatus InboundTopic::Status() const { return state_->Status(); }

}  // namespace monitor
