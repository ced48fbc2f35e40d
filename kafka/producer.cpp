#include "kafka/producer.h"

#include <algorithm>
#include <array>
#include <thread>

#include "kafka/handles.h"

namespace monitor::kafka {
namespace {

constexpr std::size_t kErrorBytes = 512;
constexpr std::chrono::milliseconds kTopicPause{50};
constexpr std::chrono::milliseconds kLook{100};  // how long a stop may go unnoticed
// While the broker is away it is asked so often, and so long for an answer.
constexpr std::chrono::milliseconds kQuestionPause{1'000};
constexpr std::chrono::milliseconds kAnswerWait{200};

using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, DestroyedBy<rd_kafka_AdminOptions_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, DestroyedBy<rd_kafka_NewTopic_destroy>>;

NewTopic Make(const TopicWanted& wanted, int brokers) {
  std::array<char, kErrorBytes> error;
  const int replication = std::min(3, brokers);
  NewTopic topic(
      rd_kafka_NewTopic_new(wanted.name.c_str(), wanted.partitions, replication, error.data(), error.size()));
  if (!topic) return topic;
  auto set = [&](const char* name, const char* value) { rd_kafka_NewTopic_set_config(topic.get(), name, value); };
  set("min.insync.replicas", std::to_string(std::max(1, replication - 1)).c_str());
  set("max.message.bytes", std::to_string(kMaxMessageBytes).c_str());
  for (const auto& [name, value] : wanted.settings) set(name.c_str(), value.c_str());
  return topic;
}

Result<void> MakeTopics(rd_kafka_t* handle, const std::vector<const TopicWanted*>& missing, int brokers,
                        std::chrono::milliseconds max_wait) {
  std::vector<NewTopic> topics;
  std::vector<rd_kafka_NewTopic_t*> pointers;
  for (const TopicWanted* wanted : missing) {
    topics.push_back(Make(*wanted, brokers));
    if (!topics.back()) return std::unexpected("the topic " + wanted->name + " can not be made: bad name or number");
    pointers.push_back(topics.back().get());
  }
  std::array<char, kErrorBytes> error;
  const AdminOptions options(rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), Milliseconds(max_wait), error.data(), error.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), Milliseconds(max_wait), error.data(), error.size());
  const std::unique_ptr<rd_kafka_queue_t, Deleter> queue(rd_kafka_queue_new(handle));
  rd_kafka_CreateTopics(handle, pointers.data(), pointers.size(), options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), Milliseconds(2 * max_wait)));
  if (!event) return std::unexpected("the broker does not answer");
  if (const auto failure = rd_kafka_event_error(event.get())) {
    return std::unexpected("topics can not be made: " + InWords(failure, "Create on the cluster or its topics"));
  }
  std::size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    rd_kafka_resp_err_t failure = rd_kafka_topic_result_error(results[i]);
    if (failure && failure != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      return std::unexpected("the topic " + std::string(rd_kafka_topic_result_name(results[i])) + " can not be made: " +
                             InWords(failure, "Create on it, or Describe if it is there already"));
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::Make(const ClientSettings& client, Options options) {
  const Settings own = {
      {"client.id", options.client_id},
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"message.timeout.ms", "0"},  // whoever sends has it still: never give up on a message
      {"queue.buffering.max.messages", std::to_string(options.max_in_flight + 1'000)},  // positions and tables on top
      {"queue.buffering.max.kbytes", "262144"},
      {"message.max.bytes", std::to_string(kMaxMessageBytes)},
      {"linger.ms", "5"},
      {"compression.type", "lz4"},
  };
  std::unique_ptr<Producer> producer(new Producer(std::move(options)));
  const auto opened = producer->Open(false, client, own, [](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
      Producer& sender = *static_cast<Producer*>(static_cast<Client*>(opaque));
      sender.Keep([&] { sender.Delivered(*message); });
    });
  });
  if (!opened) return std::unexpected(opened.error());
  return producer;
}

Producer::~Producer() {
  if (!handle_) return;
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void Producer::Delivered(const rd_kafka_message_t& message) {
  Delivery delivery{reinterpret_cast<std::uintptr_t>(message._private), message.partition, message.offset, {}};
  if (message.err) {
    const std::string topic = rd_kafka_topic_name(message.rkt);
    delivery.error = "topic " + topic + ": " + InWords(message.err, "Write on the topic " + topic);
  }
  options_.on_delivery(delivery);
  if (!message.err) Connected(true, {});
}

void Producer::Connected(bool connected, const std::string& why) {
  away_ = !connected;
  options_.on_connection(connected, why);
}

Result<void> Producer::WaitForBroker(const std::stop_token& stop) {
  while (!ReachesBroker(kLook)) {
    Poll(std::chrono::milliseconds(0));
    if (stop.stop_requested()) return std::unexpected("stopped before a broker was reached");
    if (auto fatal = FatalError(); !fatal.empty()) return std::unexpected(std::move(fatal));
  }
  return {};
}

Result<std::vector<int>> Producer::EnsureTopics(const std::vector<TopicWanted>& topics,
                                                std::chrono::milliseconds max_wait) {
  const auto deadline = std::chrono::steady_clock::now() + max_wait;
  auto metadata = AskMetadata(handle_.get(), max_wait);
  if (!metadata) return std::unexpected(metadata.error());
  std::vector<const TopicWanted*> missing;
  for (const auto& topic : topics) {
    if (PartitionsOf(**metadata, topic.name) == 0) missing.push_back(&topic);
  }
  if (!missing.empty()) {
    auto made = MakeTopics(handle_.get(), missing, (*metadata)->broker_cnt, max_wait);
    if (!made) return std::unexpected(made.error());
  }
  // A broker knows of a topic some time after it was made.
  for (;;) {
    if (!missing.empty()) metadata = AskMetadata(handle_.get(), max_wait);
    if (!metadata) return std::unexpected(metadata.error());
    std::vector<int> counts;
    counts.reserve(topics.size());
    for (const auto& topic : topics) counts.push_back(PartitionsOf(**metadata, topic.name));
    const auto unknown = std::ranges::find(counts, 0);
    if (unknown == counts.end()) {
      Connected(true, {});
      return counts;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return std::unexpected("the topic " + topics[static_cast<std::size_t>(unknown - counts.begin())].name +
                             " is not ready yet");
    }
    std::this_thread::sleep_for(kTopicPause);
  }
}

Sent Producer::Send(const NewMessage& message, std::string& error) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
  }
  rd_kafka_resp_err_t sent = rd_kafka_producev(
      handle_.get(), RD_KAFKA_V_TOPIC(message.topic->c_str()), RD_KAFKA_V_PARTITION(message.partition),
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

void Producer::Poll(std::chrono::milliseconds max_wait) {
  rd_kafka_poll(handle_.get(), Milliseconds(max_wait));
  Rethrow();
  // Nothing else tells that a connection is back while nothing is sent.
  const auto now = std::chrono::steady_clock::now();
  if (!away_ || now < next_question_) return;
  next_question_ = now + kQuestionPause;
  if (ReachesBroker(kAnswerWait)) Connected(true, {});
}

void Producer::Flush(std::chrono::milliseconds max_wait) {
  rd_kafka_flush(handle_.get(), Milliseconds(max_wait));
  Rethrow();
}

std::string Producer::FatalError() {
  if (IsOutdated()) return kOutdated;
  std::array<char, kErrorBytes> text;
  const auto error = rd_kafka_fatal_error(handle_.get(), text.data(), text.size());
  if (!error) return {};
  const bool forbidden = error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
  return text.data() +
         std::string(forbidden ? "; missing right: Write on its topics, or IdempotentWrite on the cluster" : "");
}

}  // namespace monitor::kafka
