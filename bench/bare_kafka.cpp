// What librdkafka alone does with a topic's messages: read one by one without a group, and written again by an
// idempotent producer with the relay's settings, behind themselves in the same topic. Prints a line of JSON (bench/run
// stream).
//
//   bare_kafka ADDRESS TOPIC
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kPatienceMs = 30'000;
constexpr int kPollMs = 100;

struct Free {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Headers = std::unique_ptr<rd_kafka_headers_t, Free>;
using Handle = std::unique_ptr<rd_kafka_t, Free>;
using Message = std::unique_ptr<rd_kafka_message_t, Free>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Free>;

void Check(rd_kafka_resp_err_t error, const char* what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(error));
}

Handle Make(rd_kafka_type_t type, std::initializer_list<std::pair<const char*, const char*>> settings) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) throw std::runtime_error(error);
  }
  Handle handle(rd_kafka_new(type, conf, error, sizeof(error)));
  if (!handle) throw std::runtime_error(error);
  return handle;
}

double CpuSeconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// All partitions from their beginning to where they end now.
struct Extent {
  Partitions partitions;
  std::int64_t messages = 0;
};

Extent ExtentOf(rd_kafka_t& client, const char* topic) {
  Extent extent;
  extent.partitions.reset(rd_kafka_topic_partition_list_new(16));
  for (int partition = 0;; ++partition) {
    std::int64_t low = 0, high = 0;
    const auto error = rd_kafka_query_watermark_offsets(&client, topic, partition, &low, &high, kPatienceMs);
    if (error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && partition > 0) return extent;
    Check(error, "where a partition ends");
    rd_kafka_topic_partition_list_add(extent.partitions.get(), topic, partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    extent.messages += high - low;
  }
}

struct Cost {
  double seconds = 0, cpu_seconds = 0;
};

class Watch {
 public:
  Cost Read() const {
    return {std::chrono::duration<double>(Clock::now() - begin_).count(), CpuSeconds() - cpu_seconds_};
  }

 private:
  Clock::time_point begin_ = Clock::now();
  double cpu_seconds_ = CpuSeconds();
};

// What it took from the first message on.
Cost Consume(const char* address, const char* topic, const std::function<void(Message)>& take) {
  const Handle consumer = Make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", address},
                                                   {"group.id", "bare"},
                                                   {"enable.auto.commit", "false"},
                                                   {"queued.max.messages.kbytes", "16384"}});
  rd_kafka_poll_set_consumer(consumer.get());
  const Extent extent = ExtentOf(*consumer, topic);
  Check(rd_kafka_assign(consumer.get(), extent.partitions.get()), "assign");
  Watch watch;
  int silent_ms = 0;
  for (std::int64_t taken = 0; taken < extent.messages;) {
    Message message(rd_kafka_consumer_poll(consumer.get(), kPollMs));
    if (!message && (silent_ms += kPollMs) > kPatienceMs) throw std::runtime_error("messages do not come");
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (taken++ == 0) watch = Watch();
    silent_ms = 0;
    take(std::move(message));
  }
  const Cost cost = watch.Read();
  rd_kafka_consumer_close(consumer.get());
  return cost;
}

// A message by itself: librdkafka's own keep their consumer from ending.
struct Kept {
  std::int32_t partition;
  std::string key, value;
  Headers headers;
};

Kept Keep(rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  rd_kafka_message_detach_headers(&message, &headers);
  return {message.partition,
          {static_cast<const char*>(message.key), message.key_len},
          {static_cast<const char*>(message.payload), message.len},
          Headers(headers)};
}

// What it took until the broker had acknowledged all.
Cost Produce(const char* address, const char* topic, const std::vector<Kept>& messages) {
  const Handle producer = Make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", address},
                                                   {"enable.idempotence", "true"},
                                                   {"acks", "all"},
                                                   {"queue.buffering.max.messages", "20000"},
                                                   {"queue.buffering.max.kbytes", "262144"},
                                                   {"message.max.bytes", "8388608"},
                                                   {"linger.ms", "5"},
                                                   {"compression.type", "lz4"}});
  const Watch watch;
  for (const Kept& message : messages) {
    for (;;) {
      rd_kafka_headers_t* copy = message.headers ? rd_kafka_headers_copy(message.headers.get()) : nullptr;
      const auto error =
          rd_kafka_producev(producer.get(), RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(message.partition),
                            RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
                            RD_KAFKA_V_VALUE(const_cast<char*>(message.value.data()), message.value.size()),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(copy), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (copy) rd_kafka_headers_destroy(copy);
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) Check(error, "produce");
      rd_kafka_poll(producer.get(), kPollMs);
    }
    rd_kafka_poll(producer.get(), 0);
  }
  Check(rd_kafka_flush(producer.get(), kPatienceMs), "flush");
  return watch.Read();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bare_kafka ADDRESS TOPIC\n");
    return 2;
  }
  try {
    const char *address = argv[1], *topic = argv[2];
    std::size_t bytes = 0;
    const Cost consumed = Consume(address, topic, [&](Message message) { bytes += message->len; });
    std::vector<Kept> messages;
    Consume(address, topic, [&](Message message) { messages.push_back(Keep(*message)); });
    const Cost produced = Produce(address, topic, messages);
    std::printf(R"({"messages":%zu,"value_bytes":%zu,"consume_seconds":%.6f,"consume_cpu_seconds":%.3f,)"
                R"("produce_seconds":%.6f,"produce_cpu_seconds":%.3f})"
                "\n",
                messages.size(), bytes, consumed.seconds, consumed.cpu_seconds, produced.seconds, produced.cpu_seconds);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bare_kafka: %s\n", error.what());
    return 1;
  }
}
