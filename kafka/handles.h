// librdkafka's things, owned, and how its handles are made. Named here, in dead_letters and in topic_reader.cpp only.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace monitor::kafka {

constexpr int kBrokerTimeoutMs = 10'000;

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

// What makes a reader begin again from what is committed.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void Set(rd_kafka_conf_t* conf, const char* name, const std::string& value);
Handle MakeHandle(rd_kafka_type_t type, rd_kafka_conf_t* conf);  // takes conf

}  // namespace monitor::kafka
