#include "consumers/readers/dead_letters.h"

#include <utility>

namespace monitor::kafka {

DeadLetters::DeadLetters(const std::string& brokers, std::string topic) : topic_(std::move(topic)) {
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

void DeadLetters::Send(const DeadLetter& letter, const std::string& topic, const std::string& partition,
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

void DeadLetters::Flush() {
  const rd_kafka_resp_err_t error = rd_kafka_flush(producer_.get(), kBrokerTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || std::exchange(failed_, false)) {
    throw Fault("a dead letter could not be written");
  }
}

// The broker may not make topics by itself. That it is there already is no error.
void DeadLetters::MakeTopic() {
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

}  // namespace monitor::kafka
