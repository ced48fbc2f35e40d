// Reads partitions of a topic that it is told, without a group (group_member.h: with one). Threads: one at a time.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "kafka/client.h"

namespace monitor::kafka {

// The views live as long as it.
struct Message {
  std::string_view Header(const char* name) const;  // empty: it has none

  int partition;
  std::int64_t offset;
  std::string_view key, value;
  bool at_end;  // it is no message: the partition was read to its end
  std::unique_ptr<rd_kafka_message_s, Deleter> raw;
};

struct ReadFailure {
  enum class Code : std::uint8_t {
    kNoTopic,    // yet, or any more
    kAway,       // the broker; passes by itself, and until then nothing comes
    kForbidden,  // a right is missing; nothing comes until it is granted
    kOver,       // nothing will come any more: make another
  } code;
  std::string message;
};

using Offsets = std::map<int, std::int64_t>;  // of partitions

class Reader : public Client {
 public:
  // The broker knows it by `name`, as client and, for librdkafka wants one, as group; nothing is ever committed. The
  // error is a wrong setting.
  static Result<std::unique_ptr<Reader>> Make(const ClientSettings& client, const std::string& name,
                                              const std::string& topic);

  // From now on these are read, and no others.
  Result<void> ReadFrom(const Offsets& offsets);
  // All partitions, each from its start. False: there is no such topic yet.
  Result<bool> ReadAllFromStart();
  // Nothing: none came within `max_wait`.
  std::expected<std::optional<Message>, ReadFailure> Poll(std::chrono::milliseconds max_wait);

  // The topic's partitions; 0: there is no such topic yet.
  Result<int> AskPartitions() const;

 protected:
  Reader(std::string topic, std::string group) : topic_(std::move(topic)), group_(std::move(group)) {}
  Result<void> Open(const ClientSettings& client, Settings own, void (*set_callbacks)(rd_kafka_conf_s*));

  const std::string topic_, group_;

 private:
  std::string Words(const rd_kafka_message_s& failed) const;
  void BrokerIsAway(const std::string& why) override { away_ = {ReadFailure::Code::kAway, why}; }

  std::optional<ReadFailure> away_;  // for the next Poll
};

}  // namespace monitor::kafka
