#include "kafka/client.h"

#include <array>

#include "kafka/handles.h"

namespace monitor::kafka {

// A group is left by its member (group_member.cpp).
void Deleter::operator()(rd_kafka_t* handle) const {
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
void Deleter::operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
void Deleter::operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }

namespace {

// librdkafka tries again by itself after each of these.
bool MeansAway(int error) {
  return error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || error == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
         error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED || error == RD_KAFKA_RESP_ERR__SSL;
}

}  // namespace

std::string InWords(rd_kafka_resp_err_t error, const std::string& right) {
  const bool forbidden = error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                         error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
                         error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
  std::string words = rd_kafka_err2str(error);
  return forbidden ? words + "; missing right: " + right : words;
}

Result<void> Client::Open(bool consumer, const ClientSettings& settings, Settings own,
                          void (*set_callbacks)(rd_kafka_conf_s*)) {
  own.insert(own.end(), {{"bootstrap.servers", settings.bootstrap_servers},
                         {"allow.auto.create.topics", "false"},
                         {"reconnect.backoff.max.ms", "2000"},
                         {"socket.keepalive.enable", "true"},
                         {"log.connection.close", "false"}});
  std::unique_ptr<rd_kafka_conf_t, DestroyedBy<rd_kafka_conf_destroy>> conf(rd_kafka_conf_new());
  std::array<char, 512> error;
  const auto set = [&](const char* name, const std::string& value) {
    return rd_kafka_conf_set(conf.get(), name, value.c_str(), error.data(), error.size()) == RD_KAFKA_CONF_OK;
  };
  for (const auto& [name, value] : settings.properties) {
    if (!set(name.c_str(), value)) return std::unexpected("kafka.client." + name + " is not taken");  // checked before
  }
  for (const auto& [name, value] : own) {
    if (!set(name, value)) return std::unexpected<std::string>(error.data());
  }
  // Its own lines on stderr are no JSON; what matters comes as an error or by a callback.
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* reason, void* opaque) {
    Client& client = *static_cast<Client*>(opaque);
    if (MeansAway(error)) client.Keep([&] { client.BrokerIsAway(reason); });
  });
  set_callbacks(conf.get());
  handle_.reset(rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), error.data(), error.size()));
  if (!handle_) return std::unexpected<std::string>(error.data());
  conf.release();  // rd_kafka_new took it
  if (consumer) rd_kafka_poll_set_consumer(handle_.get());
  return {};
}

bool Client::ReachesBroker(std::chrono::milliseconds max_wait) const {
  return AskMetadata(handle_.get(), max_wait).has_value();
}

Result<Range> Client::AskRange(const std::string& topic, int partition, std::chrono::milliseconds max_wait) const {
  Range range;
  const auto error = rd_kafka_query_watermark_offsets(handle_.get(), topic.c_str(), partition, &range.low, &range.high,
                                                      Milliseconds(max_wait));
  if (error) return std::unexpected(InWords(error, "Describe on the topic " + topic));
  return range;
}

Result<Metadata> AskMetadata(rd_kafka_t* handle, std::chrono::milliseconds max_wait, rd_kafka_topic_t* topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const int all = topic ? 0 : 1;
  if (const auto error = rd_kafka_metadata(handle, all, topic, &metadata, Milliseconds(max_wait))) return Failed(error);
  return Metadata(metadata);
}

int PartitionsOf(const rd_kafka_metadata_t& metadata, const std::string& topic) {
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    if (metadata.topics[i].topic == topic && !metadata.topics[i].err) return metadata.topics[i].partition_cnt;
  }
  return 0;
}

}  // namespace monitor::kafka
