#include "kafka/producer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <thread>

#include "domain/events/topic_message.h"

namespace monitor {
namespace {

constexpr std::size_t kErrorBytes = 512;
constexpr std::chrono::milliseconds kTopicPause{50};
// While the broker is away it is asked so often, and so long for an answer.
constexpr std::chrono::milliseconds kQuestionPause{1'000};
constexpr std::chrono::milliseconds kAnswerWait{200};

struct Deleter {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

int Milliseconds(std::chrono::milliseconds wait) { return static_cast<int>(wait.count()); }

std::expected<Owned<const rd_kafka_metadata_t>, std::string> Metadata(rd_kafka_t* handle,
                                                                      std::chrono::milliseconds max_wait) {
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 1, nullptr, &metadata, Milliseconds(max_wait));
  if (error) return std::unexpected(std::string(rd_kafka_err2str(error)));
  return Owned<const rd_kafka_metadata_t>(metadata);
}

// 0: there is no such topic, or it is not ready.
int PartitionsOf(const rd_kafka_metadata_t& metadata, const std::string& topic) {
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    if (metadata.topics[i].topic == topic && !metadata.topics[i].err) return metadata.topics[i].partition_cnt;
  }
  return 0;
}

Owned<rd_kafka_NewTopic_t> NewTopic(const TopicWanted& wanted, int brokers) {
  std::array<char, kErrorBytes> error;
  const int replication = std::min(3, brokers);
  Owned<rd_kafka_NewTopic_t> topic(
      rd_kafka_NewTopic_new(wanted.name.c_str(), wanted.partitions, replication, error.data(), error.size()));
  if (!topic) return topic;
  auto set = [&](const char* name, const char* value) { rd_kafka_NewTopic_set_config(topic.get(), name, value); };
  set("min.insync.replicas", std::to_string(std::max(1, replication - 1)).c_str());
  set("max.message.bytes", std::to_string(kMaxTopicMessageBytes).c_str());
  for (const auto& [name, value] : wanted.settings) set(name.c_str(), value.c_str());
  return topic;
}

std::expected<void, std::string> MakeTopics(rd_kafka_t* handle, const std::vector<const TopicWanted*>& missing,
                                            int brokers, std::chrono::milliseconds max_wait) {
  std::vector<Owned<rd_kafka_NewTopic_t>> topics;
  std::vector<rd_kafka_NewTopic_t*> pointers;
  for (const TopicWanted* wanted : missing) {
    topics.push_back(NewTopic(*wanted, brokers));
    if (!topics.back()) return std::unexpected("the topic " + wanted->name + " can not be made: bad name or number");
    pointers.push_back(topics.back().get());
  }
  std::array<char, kErrorBytes> error;
  Owned<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), Milliseconds(max_wait), error.data(), error.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), Milliseconds(max_wait), error.data(), error.size());
  Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle));
  rd_kafka_CreateTopics(handle, pointers.data(), pointers.size(), options.get(), queue.get());
  Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), Milliseconds(2 * max_wait)));
  if (!event) return std::unexpected("the broker does not answer");
  if (rd_kafka_event_error(event.get())) return std::unexpected(std::string(rd_kafka_event_error_string(event.get())));
  std::size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    rd_kafka_resp_err_t failure = rd_kafka_topic_result_error(results[i]);
    if (failure && failure != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      return std::unexpected("the topic " + std::string(rd_kafka_topic_result_name(results[i])) +
                             " can not be made: " + rd_kafka_err2str(failure));
    }
  }
  return {};
}

}  // namespace

TopicWanted DeadLetterTopic(std::string name) {
  return {std::move(name), 1, {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}}};
}

class KafkaProducer::State {
 public:
  explicit State(Options wanted) : options(std::move(wanted)) {}
  ~State() {
    if (!handle) return;
    rd_kafka_purge(handle.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  }

  std::expected<void, std::string> Start();
  // Nothing else tells that a connection is back while nothing is sent.
  void AskIfAway() {
    const auto now = std::chrono::steady_clock::now();
    if (!away || now < next_question) return;
    next_question = now + kQuestionPause;
    if (Metadata(handle.get(), kAnswerWait)) Connected(true, {});
  }
  void Connected(bool connected, const std::string& why) {
    away = !connected;
    options.on_connection(connected, why);
  }

  static void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto& state = *static_cast<State*>(opaque);
    Delivery delivery{reinterpret_cast<std::uintptr_t>(message->_private), message->partition, message->offset, {}};
    if (message->err) delivery.error = rd_kafka_err2str(message->err);
    state.options.on_delivery(delivery);
    if (!message->err) state.Connected(true, {});
  }
  static void OnError(rd_kafka_t*, int error, const char* reason, void* opaque) {
    auto& state = *static_cast<State*>(opaque);
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) state.Connected(false, reason);
  }
  // What happens to the connection is told by on_connection; librdkafka would write its own words to stderr.
  static void OnLog(const rd_kafka_t*, int, const char*, const char*) {}

  Options options;
  bool away = false;
  std::chrono::steady_clock::time_point next_question{};
  Owned<rd_kafka_t> handle;
};

std::expected<void, std::string> KafkaProducer::State::Start() {
  Owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  std::array<char, kErrorBytes> error;
  const std::string queue = std::to_string(options.max_in_flight + 1'000);  // positions and tables come on top
  const std::string largest = std::to_string(kMaxTopicMessageBytes);
  const std::pair<const char*, const char*> settings[] = {
      {"bootstrap.servers", options.bootstrap_servers.c_str()},
      {"client.id", options.client_id.c_str()},
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"message.timeout.ms", "0"},  // the log keeps everything: never give up on a message
      {"queue.buffering.max.messages", queue.c_str()},
      {"queue.buffering.max.kbytes", "262144"},
      {"message.max.bytes", largest.c_str()},
      {"linger.ms", "5"},
      {"compression.type", "lz4"},
      {"reconnect.backoff.max.ms", "2000"},
      {"socket.keepalive.enable", "true"},
      {"log.connection.close", "false"},
      {"allow.auto.create.topics", "false"},
  };
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name, value, error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      return std::unexpected(std::string(error.data()));
    }
  }
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), OnDelivery);
  rd_kafka_conf_set_error_cb(conf.get(), OnError);
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  handle.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), error.data(), error.size()));
  if (!handle) return std::unexpected(std::string(error.data()));
  conf.release();  // rd_kafka_new took it
  return {};
}

KafkaProducer::KafkaProducer(std::unique_ptr<State> state) : state_(std::move(state)) {}
KafkaProducer::~KafkaProducer() = default;

std::expected<std::unique_ptr<KafkaProducer>, std::string> KafkaProducer::Make(Options options) {
  auto state = std::make_unique<State>(std::move(options));
  if (auto started = state->Start(); !started) return std::unexpected(started.error());
  return std::unique_ptr<KafkaProducer>(new KafkaProducer(std::move(state)));
}

bool KafkaProducer::ReachesBroker(std::chrono::milliseconds max_wait) {
  return Metadata(state_->handle.get(), max_wait).has_value();
}

std::expected<std::vector<int>, std::string> KafkaProducer::EnsureTopics(const std::vector<TopicWanted>& topics,
                                                                         std::chrono::milliseconds max_wait) {
  const auto deadline = std::chrono::steady_clock::now() + max_wait;
  auto metadata = Metadata(state_->handle.get(), max_wait);
  if (!metadata) return std::unexpected(metadata.error());
  std::vector<const TopicWanted*> missing;
  for (const auto& topic : topics) {
    if (PartitionsOf(**metadata, topic.name) == 0) missing.push_back(&topic);
  }
  if (!missing.empty()) {
    auto made = MakeTopics(state_->handle.get(), missing, (*metadata)->broker_cnt, max_wait);
    if (!made) return std::unexpected(made.error());
  }
  // A broker knows of a topic some time after it was made.
  for (;;) {
    if (!missing.empty()) metadata = Metadata(state_->handle.get(), max_wait);
    if (!metadata) return std::unexpected(metadata.error());
    std::vector<int> counts;
    counts.reserve(topics.size());
    for (const auto& topic : topics) counts.push_back(PartitionsOf(**metadata, topic.name));
    const auto unknown = std::ranges::find(counts, 0);
    if (unknown == counts.end()) {
      state_->Connected(true, {});
      return counts;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return std::unexpected("the topic " + topics[static_cast<std::size_t>(unknown - counts.begin())].name +
                             " is not ready yet");
    }
    std::this_thread::sleep_for(kTopicPause);
  }
}

std::expected<std::int64_t, std::string> KafkaProducer::EndOffset(const std::string& topic, std::int32_t partition,
                                                                  std::chrono::milliseconds max_wait) {
  std::int64_t low = 0, high = 0;
  rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(state_->handle.get(), topic.c_str(), partition, &low,
                                                               &high, Milliseconds(max_wait));
  if (error) return std::unexpected(std::string(rd_kafka_err2str(error)));
  return high;
}

Sent KafkaProducer::Send(const KafkaMessage& message, std::string& error) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
  }
  rd_kafka_resp_err_t sent = rd_kafka_producev(
      state_->handle.get(), RD_KAFKA_V_TOPIC(message.topic->c_str()), RD_KAFKA_V_PARTITION(message.partition),
      RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(message.value.data()), message.value.size()),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<std::uintptr_t>(message.number))), RD_KAFKA_V_END);
  if (!sent) return Sent::kQueued;
  rd_kafka_headers_destroy(headers);  // librdkafka takes them only with the message
  if (sent == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Sent::kQueueFull;
  error = rd_kafka_err2str(sent);
  return Sent::kFailed;
}

void KafkaProducer::Poll(std::chrono::milliseconds max_wait) {
  rd_kafka_poll(state_->handle.get(), Milliseconds(max_wait));
  state_->AskIfAway();
}

void KafkaProducer::Flush(std::chrono::milliseconds max_wait) {
  rd_kafka_flush(state_->handle.get(), Milliseconds(max_wait));
}

std::string KafkaProducer::FatalError() const {
  std::array<char, kErrorBytes> text;
  if (!rd_kafka_fatal_error(state_->handle.get(), text.data(), text.size())) return {};
  return text.data();
}

}  // namespace monitor
