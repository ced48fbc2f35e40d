#include "eventstore/backup/topic_events.h"

#include <utility>

#include "domain/events/event_codec.h"
#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "domain/values/timestamp.h"
#include "domain/values/whole_number.h"
#include "kafka/producer.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kName = "monitorctl-restore";
constexpr milliseconds kPollWait{100};  // how long a stop may go unnoticed
constexpr milliseconds kDelivery{30'000};
constexpr std::string_view kTypePrefix = "monitor.";

class TopicRead {
 public:
  TopicRead(const TopicReading& reading, const UseEvent& use) : reading_(reading), use_(use) {}

  std::expected<void, std::string> Run(kafka::Reader& reader, kafka::Offsets unread) {
    if (auto begun = reader.ReadFrom(unread); !begun) return std::unexpected(begun.error());
    ends_ = std::move(unread);
    auto heard = steady_clock::now();
    std::string fault = "the broker does not answer";
    while (!ends_.empty()) {
      if (!reading_.go_on(messages_)) return std::unexpected("stopped");
      const auto polled = reader.Poll(kPollWait);
      if (!polled && polled.error().code != kafka::ReadFailure::Code::kAway) {
        return std::unexpected(polled.error().message);
      }
      if (!polled) fault = polled.error().message;
      if (!polled || !*polled) {
        if (steady_clock::now() - heard >= reading_.patience) return std::unexpected(fault);
        continue;
      }
      heard = steady_clock::now();
      if (auto taken = Take(**polled); !taken) return taken;
    }
    return {};
  }

  // Of each partition that is to be read where it ends.
  void EndAt(int partition, std::int64_t end) { until_[partition] = end; }

 private:
  std::expected<void, std::string> Take(const kafka::Message& message) {
    const bool last = message.at_end || message.offset + 1 >= until_.at(message.partition);
    if (!message.at_end && message.offset < until_.at(message.partition) && !message.Header("ce_origin").empty()) {
      ++messages_;
      auto event = EventOfMessage(message.key, message.value, [&](const char* name) { return message.Header(name); });
      if (!event) {
        return std::unexpected("partition " + std::to_string(message.partition) + ", offset " +
                               std::to_string(message.offset) + ": " + event.error());
      }
      if (auto used = use_(*std::move(event)); !used) return used;
    }
    if (last) ends_.erase(message.partition);
    return {};
  }

  const TopicReading& reading_;
  const UseEvent& use_;
  kafka::Offsets ends_, until_;
  std::uint64_t messages_ = 0;
};

}  // namespace

std::expected<StoredEvent, std::string> EventOfMessage(std::string_view key, std::string_view value,
                                                       const Header& header) {
  const auto origin = Origin::Parse(header("ce_origin"));
  const auto seq = ParseWhole<std::uint64_t>(header("ce_seq")),
             prevseq = ParseWhole<std::uint64_t>(header("ce_prevseq"));
  const auto version = ParseWhole<std::uint64_t>(header("ce_streamversion"));
  const auto bucket = ParseWhole<Bucket>(header("ce_bucket"));
  const auto time = ParseRfc3339(header("ce_time"));
  const std::string_view type = header("ce_type"), stream = header("ce_subject");
  if (!origin) return std::unexpected("ce_origin is none");
  if (!seq || *seq == 0) return std::unexpected("ce_seq is no positive number");
  if (!prevseq || *prevseq >= *seq) return std::unexpected("ce_prevseq is no number below ce_seq");
  if (!version || *version == 0) return std::unexpected("ce_streamversion is no positive number");
  if (!bucket || *bucket != BucketOf(key)) return std::unexpected("ce_bucket is not the key's");
  if (!time) return std::unexpected("ce_time is no time");
  if (!type.starts_with(kTypePrefix)) return std::unexpected("ce_type does not begin with monitor.");
  if (stream.empty()) return std::unexpected("ce_subject is missing");
  const std::uint64_t schema_version = VersionIn(header("ce_dataschema"));
  const std::string_view own_type = type.substr(kTypePrefix.size());
  if (schema_version == 0 || schema_version > NewestSchemaVersion(own_type)) {
    return std::unexpected(DataschemaOf({own_type, schema_version}) + " is not known: a newer program wrote it");
  }
  return StoredEvent{.position = {*origin, *seq},
                     .prevseq = *prevseq,
                     .bucket = *bucket,
                     .time = *time,
                     .type = std::string(own_type),
                     .schema_version = static_cast<std::uint8_t>(schema_version),
                     .stream = StreamName(stream),
                     .stream_version = *version,
                     .key = std::string(key),
                     .traceparent = std::string(header("traceparent")),
                     .data = std::string(value)};
}

std::expected<kafka::Offsets, std::string> ReadTopic(const kafka::ClientSettings& client, const std::string& topic,
                                                     const TopicReading& reading, const UseEvent& use) {
  const auto failed = [&](const std::string& why) {
    return std::unexpected("the topic " + topic + " can not be read back: " + why);
  };
  const auto reader = kafka::Reader::Make(client, kName, topic);
  if (!reader) return failed(reader.error());
  const auto count = (*reader)->AskPartitions();
  if (!count) return failed(count.error());
  if (*count == 0) return failed("there is no such topic");
  kafka::Offsets ends, unread;
  TopicRead read(reading, use);
  for (int partition = 0; partition < *count; ++partition) {
    const auto range = (*reader)->AskRange(topic, partition);
    if (!range) return failed(range.error());
    ends[partition] = range->high;
    if (range->low < range->high) unread[partition] = range->low;
    read.EndAt(partition, range->high);
  }
  if (auto done = read.Run(**reader, std::move(unread)); !done) return failed(done.error());
  return ends;
}

std::expected<void, std::string> WritePosition(const kafka::ClientSettings& client, const std::string& topic,
                                               const LogPosition& position, const kafka::Offsets& ends) {
  const auto failed = [&](const std::string& why) {
    return std::unexpected("the position can not be written to " + topic + ": " + why);
  };
  bool delivered = false;
  std::string error = "the broker does not answer";
  const auto producer = kafka::Producer::Make(
      client, {.client_id = kName, .max_in_flight = 1, .on_delivery = [&](const kafka::Delivery& delivery) {
                 delivered = delivery.error.empty();
                 if (!delivered) error = delivery.error;
               }});
  if (!producer) return failed(producer.error());
  const auto counts = (*producer)->EnsureTopics({{topic, 1, {{"cleanup.policy", "compact"}}}}, kafka::kBrokerTimeout);
  if (!counts) return failed(counts.error());
  std::string value;
  json::Writer writer(value);
  writer.BeginObject().Key("seq").String(std::to_string(position.seq)).Key("offsets").BeginObject();
  for (const auto& [partition, offset] : ends) writer.Key(std::to_string(partition)).Int(offset);
  writer.EndObject().EndObject();
  const std::string key = position.origin.ToString();
  const auto partition = KafkaHash(key) % static_cast<std::uint32_t>(counts->front());
  const kafka::NewMessage message{
      .topic = &topic, .partition = static_cast<std::int32_t>(partition), .key = key, .value = value, .headers = {}};
  if ((*producer)->Send(message, error) != kafka::Sent::kQueued) return failed(error);
  (*producer)->Flush(kDelivery);
  if (!delivered) return failed(error);
  return {};
}

}  // namespace monitor
