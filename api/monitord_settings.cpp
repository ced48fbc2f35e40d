#include "api/monitord_settings.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <fstream>
#include <limits>

#include "kafka/client_settings.h"
#include "server/known_hosts.h"

namespace monitor {
namespace {

struct Range {
  const char* section;
  const char* key;
  std::int64_t from, to;
};

constexpr Range kRanges[] = {
    {"server", "port", 0, 65'535},
    {"server", "threads", 0, 1'024},
    {"server", "max_body_bytes", 1, 4'000'000},  // sealed, and with all that is beside it, one message of Kafka
    {"server", "deadline_ms", 1, 600'000},
    {"admin", "port", 0, 65'535},
    {"data", "min_free_mb", 0, std::numeric_limits<std::int32_t>::max()},
    {"retention", "events_days", 0, 36'500},
    {"retention", "visitors_days", 0, 36'500},
    {"visitors", "max_cached_mb", 0, 1 << 24},
    {"visitors", "max_waiting", 1, 1'024},
    {"kafka", "partitions", 1, 256},
};

// Of the machine, or the control group's limit where that is lower.
std::size_t MemoryBytes() {
  std::size_t bytes =
      static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::size_t limit = 0;  // "max" is no number
    if (std::ifstream(path) >> limit && limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

}  // namespace

std::size_t VisitorBytes(const ServerSettings& settings) {
  const auto mib = static_cast<std::size_t>(settings.Integer("visitors", "max_cached_mb"));
  return mib > 0 ? mib << 20 : MemoryBytes() / 4;
}

std::vector<SettingSpec> MonitordSettings() {
  using enum SettingSpec::Type;
  return {
      {"server", "address", "127.0.0.1", kString, "where visitors' requests come in, from the edge only"},
      {"server", "port", "8080", kInteger, "its port; 0: a free one, told by the log line `listening`"},
      {"server", "threads", "0", kInteger,
       "that read requests and decide; none waits for a commit; 0: two for each core"},
      {"server", "max_body_bytes", "65536", kInteger, "the largest body accepted"},
      {"server", "deadline_ms", "8000", kInteger, "until a request must be with the writer; then 500/20"},
      {"server", "base_uri", "", kString, "host that baseURI.json names; empty: the one that was asked"},
      {"admin", "address", "127.0.0.1", kString, "where the admin API listens"},
      {"admin", "port", "8081", kInteger, "its port; 0: a free one"},
      {"admin", "hosts", "", kList, "names it is asked by, besides addresses and localhost; others get 421"},
      {"admin", "token_file", "", kString, "made if missing; empty: admin.token in the data folder"},
      {"admin", "tokens_file", "", kString,
       "further tokens: a TOML table NAME with sha256, scopes and expires for each; read again when it changes"},
      {"data", "dir", "./data", kString, "the log, snapshots and keys"},
      {"data", "min_free_mb", "256", kInteger, "below so much free disk requests are answered 503"},
      {"data", "master_key_file", "", kString, "made for an empty store; empty: master.key in the data folder"},
      {"accounts", "dir", "", kString, "folder of account documents, watched; empty: none"},
      {"retention", "events_days", "28", kInteger,
       "how long the log keeps events, and as long as a session can live; with a broker only what it has goes; 0: for "
       "ever"},
      {"retention", "visitors_days", "400", kInteger, "how long a visitor who is not seen is remembered; 0: for ever"},
      {"visitors", "max_cached_mb", "0", kInteger,
       "memory that visitors' state may take; 0: a quarter of the machine's, or of the control group's limit"},
      {"visitors", "max_waiting", "16", kInteger, "requests that may wait for one visitor; then 503"},
      {"kafka", "bootstrap_servers", "", kString, "HOST:PORT,…; empty: no broker"},
      {"kafka", "partitions", "16", kInteger, "of monitor.events, if the topic must be made; a power of two"},
      {"kafka", "ack", "disk", kString, "what an answer waits for: disk, or broker too", {"disk", "kafka"}},
      {"kafka", "inbound_topic", "monitor.inbound", kString,
       "commands of the messaging side; made if missing; empty: none"},
      {"kafka", "inbound_group", "monitord", kString, "consumer group that reads them"},
      {"kafka", "topic_prefix", "", kString, "stands before the name of every topic: letters, digits, `.`, `_`, `-`"},
      {"kafka.client", "*", "", kString,
       "\"NAME\" = VALUE: any property of librdkafka, e.g. \"security.protocol\" = \"SASL_SSL\"; NAME_file names a "
       "file with the value"},
      {"geo", "database", "", kString, "MaxMind database file for geo conditions; empty: none"},
      {"log", "level", "info", kString, "what is told, and all that is graver", {"debug", "info", "warning", "error"}},
  };
}

std::optional<std::string> RefuseMonitordSettings(const ServerSettings& settings) {
  for (const Range& range : kRanges) {
    const std::int64_t value = settings.Integer(range.section, range.key);
    if (value >= range.from && value <= range.to) continue;
    return std::string(range.section) + "." + range.key + " must be from " + std::to_string(range.from) + " to " +
           std::to_string(range.to);
  }
  if (const auto fault = http::HostsFault(settings.List("admin", "hosts"))) {
    return "admin.hosts: " + *fault;
  }
  if (!std::has_single_bit(static_cast<std::uint64_t>(settings.Integer("kafka", "partitions")))) {
    return "kafka.partitions must be a power of two, 256 at most";
  }
  if (settings.String("kafka", "ack") == "kafka" && settings.String("kafka", "bootstrap_servers").empty()) {
    return "kafka.ack = \"kafka\" needs kafka.bootstrap_servers";
  }
  if (settings.String("kafka", "inbound_group").empty()) return "kafka.inbound_group must not be empty";
  const std::string prefix = settings.String("kafka", "topic_prefix"),
                    inbound = settings.String("kafka", "inbound_topic");
  if (const auto fault = kafka::TopicPrefixFault(prefix)) return "kafka.topic_prefix: " + *fault;
  if (inbound.empty()) return std::nullopt;
  if (const auto fault = kafka::TopicNameFault(prefix + inbound)) {
    return "kafka.inbound_topic: " + *fault;
  }
  return std::nullopt;
}

}  // namespace monitor
