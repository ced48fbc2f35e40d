#include "kafka/reader.h"

#include "kafka/handles.h"

namespace monitor::kafka {
namespace {

std::string_view BytesOf(const void* data, std::size_t size) {
  return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}

ReadFailure::Code CodeOf(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return ReadFailure::Code::kNoTopic;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return ReadFailure::Code::kForbidden;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__FATAL:
      return ReadFailure::Code::kOver;
    default:
      return ReadFailure::Code::kAway;
  }
}

}  // namespace

std::string_view Message::Header(const char* name) const {
  rd_kafka_headers_t* headers = nullptr;
  const void* data = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(raw.get(), &headers) || rd_kafka_header_get_last(headers, name, &data, &size)) return {};
  return BytesOf(data, size);
}

Result<std::unique_ptr<Reader>> Reader::Make(const ClientSettings& client, const std::string& name,
                                             const std::string& topic) {
  std::unique_ptr<Reader> reader(new Reader(topic, name));
  const Settings own = {
      {"client.id", name},
      {"group.id", name},
      {"auto.offset.reset", "earliest"},
      {"enable.partition.eof", "true"},
      {"queued.max.messages.kbytes", "16384"},  // of each partition; memory stays bounded
  };
  const auto opened = reader->Open(client, own, [](rd_kafka_conf_t*) {});
  if (!opened) return std::unexpected(opened.error());
  return reader;
}

Result<void> Reader::Open(const ClientSettings& client, Settings own, void (*set_callbacks)(rd_kafka_conf_s*)) {
  own.insert(own.end(), {{"enable.auto.commit", "false"},
                         {"enable.auto.offset.store", "false"},
                         {"topic.metadata.refresh.interval.ms", "5000"}});
  return Client::Open(true, client, std::move(own), set_callbacks);
}

Result<void> Reader::ReadFrom(const Offsets& offsets) {
  const PartitionList partitions(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(partitions.get(), topic_.c_str(), partition)->offset = offset;
  }
  if (const auto error = rd_kafka_assign(handle_.get(), partitions.get())) return Failed(error);
  return {};
}

Result<bool> Reader::ReadAllFromStart() {
  const auto count = AskPartitions();
  if (!count) return std::unexpected(count.error());
  if (*count == 0) return false;
  Offsets offsets;
  for (int partition = 0; partition < *count; ++partition) offsets[partition] = RD_KAFKA_OFFSET_BEGINNING;
  if (auto begun = ReadFrom(offsets); !begun) return std::unexpected(begun.error());
  return true;
}

std::expected<std::optional<Message>, ReadFailure> Reader::Poll(std::chrono::milliseconds max_wait) {
  if (IsOutdated()) return std::unexpected(ReadFailure{ReadFailure::Code::kOver, kOutdated});
  if (away_) return std::unexpected(*std::exchange(away_, std::nullopt));
  std::unique_ptr<rd_kafka_message_t, Deleter> raw(rd_kafka_consumer_poll(handle_.get(), Milliseconds(max_wait)));
  Rethrow();
  if (!raw) return std::nullopt;
  const bool at_end = raw->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
  if (raw->err && !at_end) return std::unexpected(ReadFailure{CodeOf(raw->err), Words(*raw)});
  Message message{raw->partition, raw->offset, BytesOf(raw->key, raw->key_len), {}, at_end, {}};
  if (!at_end) message.value = BytesOf(raw->payload, raw->len);
  message.raw = std::move(raw);
  return message;
}

std::string Reader::Words(const rd_kafka_message_t& failed) const {
  if (failed.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    return InWords(failed.err, "Read on the topic " + topic_);
  if (failed.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    return InWords(failed.err, "Read on the group " + group_);
  return rd_kafka_message_errstr(&failed);
}

Result<int> Reader::AskPartitions() const {
  const std::unique_ptr<rd_kafka_topic_t, DestroyedBy<rd_kafka_topic_destroy>> topic(
      rd_kafka_topic_new(handle_.get(), topic_.c_str(), nullptr));
  const auto metadata = AskMetadata(handle_.get(), kBrokerTimeout, topic.get());
  if (!metadata) return std::unexpected(metadata.error());
  return PartitionsOf(**metadata, topic_);
}

}  // namespace monitor::kafka
