// One idempotent producer to Kafka and the topics it needs (events.md section 3). librdkafka is named in
// kafka_producer.cpp only.
//
// Disposable: after any failure destroy it and make another. What a message's fate was is told by OnDelivery, called
// from Poll and nowhere else.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace monitor {

struct TopicWanted {
  std::string name;
  int partitions = 1;  // if it must be made; an existing topic is never altered
  std::vector<std::pair<std::string, std::string>> settings;
};

struct KafkaMessage {
  const std::string* topic;
  std::int32_t partition;
  std::string_view key, value;
  std::vector<std::pair<const char*, std::string_view>> headers;
  std::uint64_t number;  // comes back in Delivery
};

struct Delivery {
  std::uint64_t number;
  std::int32_t partition;
  std::int64_t offset;
  std::string error;  // empty: every in-sync replica has it
};

// Messages that a reader could not use, with reason, topic, partition and offset in headers; kept for ever.
TopicWanted DeadLetterTopic(std::string name);

enum class Sent : std::uint8_t { kQueued, kQueueFull, kFailed };

class KafkaProducer {
 public:
  struct Options {
    std::string bootstrap_servers;
    std::uint64_t max_in_flight = 0;
    std::function<void(const Delivery&)> on_delivery;
    // `why` says what is wrong while there is no connection. Called from Poll, too.
    std::function<void(bool connected, const std::string& why)> on_connection;
    std::string client_id = "monitord-relay";
  };

  // The error is a wrong setting, not an absent broker.
  static std::expected<std::unique_ptr<KafkaProducer>, std::string> Make(Options options);
  ~KafkaProducer();  // drops what is in flight

  bool ReachesBroker(std::chrono::milliseconds max_wait);
  // Makes the topics that are missing: replication min(3, brokers), min.insync.replicas max(1, replication - 1).
  // Returns every topic's partition count, in the order given. Errors pass by themselves (broker away).
  std::expected<std::vector<int>, std::string> EnsureTopics(const std::vector<TopicWanted>& topics,
                                                            std::chrono::milliseconds max_wait);
  // The offset that the partition's next message will get, or a later one.
  std::expected<std::int64_t, std::string> EndOffset(const std::string& topic, std::int32_t partition,
                                                     std::chrono::milliseconds max_wait);

  // Copies what it needs.
  Sent Send(const KafkaMessage& message, std::string& error);
  // Serves deliveries for at most `max_wait`, less if there were some.
  void Poll(std::chrono::milliseconds max_wait);
  // Waits until everything was delivered, at most so long.
  void Flush(std::chrono::milliseconds max_wait);
  // Not empty: this producer will never send again.
  std::string FatalError() const;

 private:
  class State;
  explicit KafkaProducer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace monitor
