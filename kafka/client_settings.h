// How a cluster is reached: `[kafka]` and `[kafka.client]` of both servers (interfaces.md section 1). Pure but for the
// files that it reads; before there are threads.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace monitor::kafka {

struct ClientSettings {
  std::string bootstrap_servers;                  // HOST:PORT,…
  std::map<std::string, std::string> properties;  // librdkafka's, by its own names; secrets are among them
};

// Of the server's own topics (events.md section 3).
struct Topics {
  std::string events = "monitor.events";
  std::string positions = "monitor.positions";
  std::string accounts = "monitor.accounts";
  std::string dead_letters = "monitor.events.dead-letter";
};
Topics TopicsWith(const std::string& prefix);

// Why Kafka would take no topic of this name, in words; nullopt: it does.
std::optional<std::string> TopicNameFault(std::string_view name);
// The same of all of TopicsWith.
std::optional<std::string> TopicPrefixFault(const std::string& prefix);

// `properties` as an operator wrote them: a name that ends in `_file` names the file that holds the value. The error
// is one sentence that names the property and tells no value: librdkafka does not know it or does not take its value,
// the file can not be read, or it is one that a promise rests on (what is set here: acks, idempotence, offsets, …).
std::expected<ClientSettings, std::string> ReadClientSettings(std::string bootstrap_servers,
                                                              const std::map<std::string, std::string>& properties);

}  // namespace monitor::kafka
