// One idempotent producer to Kafka and the topics it needs (events.md section 3).
//
// Disposable: after any failure destroy it and make another. What a message's fate was is told by on_delivery, called
// from Poll and Flush and nowhere else; what it throws they throw.
// Threads: one at a time.
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

#include "kafka/client.h"

namespace monitor::kafka {

// Key, value and headers together; of the topics that are made, too. One event may hold a whole account document;
// Kafka's own default is 1 MiB.
constexpr std::size_t kMaxMessageBytes = 8 << 20;

struct TopicWanted {
  std::string name;
  int partitions = 1;  // if it must be made; an existing topic is never altered
  std::vector<std::pair<std::string, std::string>> settings;
};

struct NewMessage {
  const std::string* topic;
  std::int32_t partition;
  std::string_view key, value;  // a value without data (not just empty): a tombstone
  std::vector<std::pair<const char*, std::string_view>> headers;
  std::uint64_t number = 0;  // comes back in Delivery
};

struct Delivery {
  std::uint64_t number;
  std::int32_t partition;
  std::int64_t offset;
  std::string error;  // empty: every in-sync replica has it
};

enum class Sent : std::uint8_t { kQueued, kQueueFull, kFailed };

class Producer : public Client {
 public:
  struct Options {
    std::string client_id;
    std::uint64_t max_in_flight = 0;
    std::function<void(const Delivery&)> on_delivery = [](const Delivery&) {};
    // `why` says what is wrong while there is no connection. Called from Poll, too.
    std::function<void(bool connected, const std::string& why)> on_connection = [](bool, const std::string&) {};
  };

  // The error is a wrong setting, not an absent broker.
  static Result<std::unique_ptr<Producer>> Make(const ClientSettings& client, Options options);
  ~Producer() override;  // drops what is in flight

  // As long as it takes. The error: stopped before, or FatalError.
  Result<void> WaitForBroker(const std::stop_token& stop);
  // Makes the topics that are missing: replication min(3, brokers), min.insync.replicas max(1, replication - 1).
  // Returns every topic's partition count, in the order given. Errors pass by themselves (broker away).
  Result<std::vector<int>> EnsureTopics(const std::vector<TopicWanted>& topics, std::chrono::milliseconds max_wait);
  // Copies what it needs.
  Sent Send(const NewMessage& message, std::string& error);
  // Serves deliveries for at most `max_wait`, less if there were some.
  void Poll(std::chrono::milliseconds max_wait);
  // Waits until everything was delivered, at most so long.
  void Flush(std::chrono::milliseconds max_wait);
  // Not empty: this producer will never send again.
  std::string FatalError();

 private:
  explicit Producer(Options options) : options_(std::move(options)) {}
  void BrokerIsAway(const std::string& why) override { Connected(false, why); }
  void Connected(bool connected, const std::string& why);
  void Delivered(const rd_kafka_message_s& message);

  const Options options_;
  bool away_ = false;
  std::chrono::steady_clock::time_point next_question_{};
};

}  // namespace monitor::kafka
