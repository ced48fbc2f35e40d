// How a cluster is reached: `[kafka]` and `[kafka.client]` of both servers (interfaces.md section 1). Pure but for the
// files that it reads; any thread.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace monitor::kafka {

using Properties = std::map<std::string, std::string>;  // librdkafka's, by its own names

struct ClientSettings {
  std::string bootstrap_servers;  // HOST:PORT,…
  Properties written;             // as the operator wrote them: NAME_file names the file that holds NAME's value
};

// Of the server's own topics (events.md section 3).
struct Topics {
  std::string events = "monitor.events";
  std::string positions = "monitor.positions";
  std::string accounts = "monitor.accounts";
  std::string dead_letters = "monitor.events.dead-letter";
  std::string funnel = "monitor.funnel";
};
Topics TopicsWith(const std::string& prefix);

// Why Kafka would take no topic of this name, in words; nullopt: it does.
std::optional<std::string> TopicNameFault(std::string_view name);
// The same of all of TopicsWith.
std::optional<std::string> TopicPrefixFault(const std::string& prefix);

// The error is one sentence that names the property and tells no value: librdkafka does not know it or does not take
// its value, the file can not be read, or it is one that a promise rests on (what is set here: acks, idempotence,
// offsets, …).
std::expected<ClientSettings, std::string> ReadClientSettings(std::string bootstrap_servers, Properties written);

// What a client is made with: files are read now. The errors are the same.
std::expected<Properties, std::string> ReadProperties(const ClientSettings& settings);

// What all files that are named hold now, by property: secrets, and the certificates and keys that librdkafka reads by
// itself. Of one that can not be read: nothing.
Properties ReadFiles(const ClientSettings& settings);

}  // namespace monitor::kafka
