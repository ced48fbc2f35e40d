#include "kafka/client_settings.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "kafka/handles.h"

namespace monitor::kafka {
namespace {

using Property = std::pair<std::string, std::string>;
using Conf = std::unique_ptr<rd_kafka_conf_t, DestroyedBy<rd_kafka_conf_destroy>>;

constexpr std::string_view kFileEnding = "_file";
constexpr std::string_view kLocationEnding = ".location";  // of what librdkafka reads by itself
constexpr const char* kSection = "kafka.client.";

// What is promised rests on the values that are given here (producer.cpp, reader.cpp, group_member.cpp): nothing lost,
// nothing twice, offsets kept with their state, bounded memory. And what has a key of its own.
// clang-format off
constexpr std::string_view kOurs[] = {
    "acks", "allow.auto.create.topics", "auto.commit.enable", "auto.commit.interval.ms", "auto.offset.reset",
    "batch.num.messages", "bootstrap.servers", "builtin.features", "check.crcs", "client.id",
    "compression.codec", "compression.type", "delivery.report.only.error", "delivery.timeout.ms", "dr_cb",
    "dr_msg_cb", "enable.auto.commit", "enable.auto.offset.store", "enable.gapless.guarantee",
    "enable.idempotence", "enable.partition.eof", "enable.random.seed", "fetch.max.bytes",
    "fetch.message.max.bytes", "group.id", "group.instance.id", "group.protocol.type", "heartbeat.interval.ms",
    "internal.termination.signal", "isolation.level", "linger.ms", "log.connection.close", "max.in.flight",
    "max.in.flight.requests.per.connection", "max.partition.fetch.bytes", "max.poll.interval.ms",
    "message.max.bytes", "message.send.max.retries", "message.timeout.ms", "metadata.broker.list",
    "msg_order_cmp", "offset.store.method", "partition.assignment.strategy", "partitioner", "partitioner_cb",
    "plugin.library.paths", "queue.buffering.max.kbytes", "queue.buffering.max.messages",
    "queue.buffering.max.ms", "queued.max.messages.kbytes", "queued.min.messages", "queuing.strategy",
    "receive.message.max.bytes", "reconnect.backoff.max.ms", "request.required.acks", "retries",
    "session.timeout.ms", "sticky.partitioning.linger.ms", "topic.blacklist",
    "topic.metadata.refresh.interval.ms", "transaction.timeout.ms", "transactional.id"
};
// clang-format on

// Empty if it can not be read, a folder for example.
std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::expected<std::string, std::string> ReadSecret(const Property& written) {
  const auto& [name, path] = written;
  const std::string file_named = path.contains('/') ? path : "the file";  // a slip: the secret itself in its place
  std::string value = ContentOf(path);
  while (value.ends_with('\n') || value.ends_with('\r')) value.pop_back();
  if (value.empty()) return std::unexpected(kSection + name + ": " + file_named + " is empty or can not be read");
  return value;
}

// librdkafka's own words may hold the value, which may be a secret.
std::expected<void, std::string> Try(rd_kafka_conf_t* conf, const Property& property) {
  std::array<char, 512> words;
  switch (rd_kafka_conf_set(conf, property.first.c_str(), property.second.c_str(), words.data(), words.size())) {
    case RD_KAFKA_CONF_OK:
      return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return std::unexpected(kSection + property.first + " is no property of librdkafka");
    default:
      if (std::string_view(words.data()).contains("not supported in this build")) {
        return std::unexpected(kSection + property.first + " is not supported by the librdkafka of this machine");
      }
      return std::unexpected(kSection + property.first + " has a value that librdkafka does not take");
  }
}

}  // namespace

Topics TopicsWith(const std::string& prefix) {
  Topics topics;
  for (std::string* name : {&topics.events, &topics.positions, &topics.accounts, &topics.dead_letters, &topics.funnel}) {
    name->insert(0, prefix);
  }
  return topics;
}

std::optional<std::string> TopicNameFault(std::string_view name) {
  constexpr std::string_view kTaken = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  constexpr std::size_t kMaxSize = 249;
  if (name.find_first_not_of(kTaken) != std::string_view::npos) {
    return "the name of a topic may have letters, digits, `.`, `_` and `-` only";
  }
  if (name.size() > kMaxSize) {
    return "the name of a topic may have 249 characters, and would have " + std::to_string(name.size());
  }
  if (name.empty() || name == "." || name == "..") return "the name of a topic may not be empty, `.` or `..`";
  return std::nullopt;
}

std::optional<std::string> TopicPrefixFault(const std::string& prefix) {
  return TopicNameFault(TopicsWith(prefix).dead_letters);  // the longest
}

std::expected<ClientSettings, std::string> ReadClientSettings(std::string bootstrap_servers, Properties written) {
  ClientSettings settings{std::move(bootstrap_servers), std::move(written)};
  if (auto properties = ReadProperties(settings); !properties) return std::unexpected(std::move(properties.error()));
  return settings;
}

std::expected<Properties, std::string> ReadProperties(const ClientSettings& settings) {
  Properties properties;
  const Conf conf(rd_kafka_conf_new());
  for (const Property written : settings.written) {
    Property property = written;
    if (property.first.ends_with(kFileEnding)) {
      property.first.resize(property.first.size() - kFileEnding.size());
      if (settings.written.contains(property.first)) {
        return std::unexpected(kSection + property.first + " is given, and " + written.first + ", too");
      }
      auto value = ReadSecret(written);
      if (!value) return std::unexpected(std::move(value.error()));
      property.second = std::move(*value);
    }
    if (std::ranges::find(kOurs, property.first) != std::end(kOurs)) {
      return std::unexpected(kSection + property.first + " can not be set: what is promised rests on it");
    }
    if (auto tried = Try(conf.get(), property); !tried) return std::unexpected(std::move(tried.error()));
    properties.insert(std::move(property));
  }
  return properties;
}

Properties ReadFiles(const ClientSettings& settings) {
  Properties files;
  for (const auto& [name, path] : settings.written) {
    if (name.ends_with(kFileEnding) || name.ends_with(kLocationEnding)) files[name] = ContentOf(path);
  }
  return files;
}

}  // namespace monitor::kafka
