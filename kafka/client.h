// A client of a Kafka cluster: what all of them are made from, can be asked, and do with callbacks. librdkafka is named
// in this folder's other files; its headers do without its header. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kafka/client_settings.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_message_s;
struct rd_kafka_queue_s;

namespace monitor::kafka {

template <class Value>
using Result = std::expected<Value, std::string>;  // the error is one sentence

constexpr std::chrono::milliseconds kBrokerTimeout{10'000};

struct Range {
  std::int64_t low = 0, high = 0;  // low ≤ offset < high
};

struct Deleter {
  void operator()(rd_kafka_s* handle) const;
  void operator()(rd_kafka_message_s* message) const;
  void operator()(rd_kafka_queue_s* queue) const;
};

class Client {
 public:
  bool ReachesBroker(std::chrono::milliseconds max_wait) const;
  // What the partition holds now.
  Result<Range> AskRange(const std::string& topic, int partition,
                         std::chrono::milliseconds max_wait = kBrokerTimeout) const;

 protected:
  using Settings = std::vector<std::pair<const char*, std::string>>;  // librdkafka's names and values

  Client() = default;
  virtual ~Client() = default;
  // The broker refused this client not long ago, and a file of its settings holds something else than when it was made
  // (a password that was changed, a certificate that was renewed): make another. Looks now and then.
  bool IsOutdated();
  static constexpr const char* kOutdated = "the broker refused it, and its files of kafka.client have changed since";

  // Called from polls only; also if the brokers are there, but not for us: a wrong password or certificate.
  virtual void BrokerIsAway(const std::string& why) = 0;
  // With the settings that all have, its own, and its callbacks, which get the Client*. The error is a wrong setting.
  Result<void> Open(bool consumer, const ClientSettings& settings, Settings own,
                    void (*set_callbacks)(rd_kafka_conf_s*));

  // Nothing may be thrown through librdkafka: what a callback throws is kept until that has returned.
  template <class Callback>
  void Keep(const Callback& callback) noexcept {
    try {
      callback();
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }
  void Rethrow() {
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

  std::unique_ptr<rd_kafka_s, Deleter> handle_;

 private:
  void OnError(int error, std::string_view reason);

  ClientSettings settings_;
  Properties files_;  // what they held when it was made
  std::chrono::steady_clock::time_point refused_until_{}, next_look_{};
  std::exception_ptr thrown_;
};

}  // namespace monitor::kafka
