// librdkafka's things, owned. For this folder alone.
#pragma once

#include <librdkafka/rdkafka.h>

#include "kafka/client.h"

namespace monitor::kafka {

template <auto Destroy>
struct DestroyedBy {
  void operator()(auto* thing) const { Destroy(thing); }
};
using Event = std::unique_ptr<rd_kafka_event_t, DestroyedBy<rd_kafka_event_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, DestroyedBy<rd_kafka_metadata_destroy>>;
using PartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyedBy<rd_kafka_topic_partition_list_destroy>>;

inline int Milliseconds(std::chrono::milliseconds wait) { return static_cast<int>(wait.count()); }
inline std::unexpected<std::string> Failed(rd_kafka_resp_err_t error) {
  return std::unexpected<std::string>(rd_kafka_err2str(error));
}

// The error, and if it is a right that is missing, which: "Write on the topic monitor.events".
std::string InWords(rd_kafka_resp_err_t error, const std::string& right);

// Of all topics, or of that one.
Result<Metadata> AskMetadata(rd_kafka_t* handle, std::chrono::milliseconds max_wait, rd_kafka_topic_t* topic = nullptr);
// 0: there is no such topic, or it is not ready.
int PartitionsOf(const rd_kafka_metadata_t& metadata, const std::string& topic);

}  // namespace monitor::kafka
