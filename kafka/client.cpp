#include "kafka/client.h"

#include <array>
#include <thread>

#include "kafka/handles.h"

namespace monitor::kafka {

// A group is left by its member (group_member.cpp).
void Deleter::operator()(rd_kafka_t* handle) const {
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
void Deleter::operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
void Deleter::operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }

namespace {

using std::chrono::steady_clock;

// librdkafka tries again by itself, and tells the same refusal twice a minute.
constexpr std::chrono::seconds kRefusalCounts{60};
constexpr std::chrono::seconds kLookPause{1};
constexpr std::chrono::milliseconds kLeaderPause{50};

// For what it shows: a password, a certificate. What a broker thinks of a certificate comes after the handshake
// (TLS 1.3), to librdkafka as if the connection had failed.
bool MeansRefused(int error, std::string_view reason) {
  return error == RD_KAFKA_RESP_ERR__AUTHENTICATION || error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
         error == RD_KAFKA_RESP_ERR__SSL || (error == RD_KAFKA_RESP_ERR__TRANSPORT && reason.contains("SSL alert"));
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
  settings_ = settings;
  files_ = ReadFiles(settings_);  // first: what changes from here on is noticed
  const auto properties = ReadProperties(settings_);
  if (!properties) return std::unexpected(properties.error());
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
  for (const auto& [name, value] : *properties) {
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
    client.Keep([&] { client.OnError(error, reason); });
  });
  set_callbacks(conf.get());
  handle_.reset(rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), error.data(), error.size()));
  if (!handle_) return std::unexpected<std::string>(error.data());
  conf.release();  // rd_kafka_new took it
  if (consumer) rd_kafka_poll_set_consumer(handle_.get());
  return {};
}

void Client::OnError(int error, std::string_view reason) {
  const bool refused = MeansRefused(error, reason);
  if (refused) refused_until_ = steady_clock::now() + kRefusalCounts;
  if (refused || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) BrokerIsAway(std::string(reason));
}

bool Client::IsOutdated() {
  const auto now = steady_clock::now();
  if (now >= refused_until_ || now < next_look_) return false;
  next_look_ = now + kLookPause;
  return ReadFiles(settings_) != files_;
}

bool Client::ReachesBroker(std::chrono::milliseconds max_wait) const {
  return AskMetadata(handle_.get(), max_wait).has_value();
}

Result<Range> Client::AskRange(const std::string& topic, int partition, std::chrono::milliseconds max_wait) const {
  const auto deadline = steady_clock::now() + max_wait;
  for (;;) {
    Range range;
    const auto error = rd_kafka_query_watermark_offsets(handle_.get(), topic.c_str(), partition, &range.low,
                                                        &range.high, Milliseconds(max_wait));
    if (!error) return range;
    // A leader that has just moved, or that of a topic that was just made: librdkafka looks for it meanwhile.
    if (error != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || steady_clock::now() >= deadline) {
      return std::unexpected(InWords(error, "Describe on the topic " + topic));
    }
    std::this_thread::sleep_for(kLeaderPause);
  }
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
