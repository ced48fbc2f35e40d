// Reading a compacted topic: the newest value of a few keys.
//
// Threads: pure functions; blocks its caller.
#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <set>
#include <stop_token>
#include <string>

#include "kafka/client.h"

namespace monitor::kafka {

struct Table {
  std::string topic;
  int partitions = 1;
  std::string reader;  // as who the broker knows who reads it
};

// The newest value of each of the keys that has one; of one whose partition is another since the topic's count was
// changed, that of each partition. Read from the end backwards, for what is written all the time
// stands there, and the broker compacts only now and then. Errors pass by themselves: no answer for `patience`, or
// stopped.
Result<std::multimap<std::string, std::string>> ReadNewestValues(const ClientSettings& client, const Table& table,
                                                                 const std::set<std::string>& keys,
                                                                 std::chrono::milliseconds patience,
                                                                 const std::stop_token& stop);

}  // namespace monitor::kafka
