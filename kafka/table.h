// Reading a compacted topic: the newest value of a few keys. librdkafka is named in kafka_table.cpp only.
//
// Threads: pure functions; blocks its caller.
#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <set>
#include <stop_token>
#include <string>

namespace monitor {

struct KafkaTable {
  std::string bootstrap_servers;
  std::string topic;
  int partitions = 1;
};

// The newest value of each of the keys that has one. Read from the end backwards, for what is written all the time
// stands there, and the broker compacts only now and then. Errors pass by themselves: no answer for `patience`, or
// stopped.
std::expected<std::map<std::string, std::string>, std::string> ReadNewestValues(const KafkaTable& table,
                                                                                const std::set<std::string>& keys,
                                                                                std::chrono::milliseconds patience,
                                                                                const std::stop_token& stop);

}  // namespace monitor
