#include "kafka/table.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace monitor {
namespace {

using std::chrono::milliseconds;
using Values = std::map<std::string, std::string>;

// So many messages of each partition are read first, and so many times more each time that it was not enough.
constexpr std::int64_t kFirstSpan = 1'000;
constexpr std::int64_t kSpanFactor = 10;
constexpr milliseconds kPollWait{100};  // how long a stop may go unnoticed

struct Deleter {
  // Never a member of its group: there is nothing to leave.
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

std::unexpected<std::string> Failed(const KafkaTable& table, const std::string& why) {
  return std::unexpected("the topic " + table.topic + " can not be read: " + why);
}

class TableReader {
 public:
  TableReader(const KafkaTable& table, milliseconds patience, const std::stop_token& stop)
      : table_(table), patience_(patience), stop_(stop) {}

  std::expected<Values, std::string> Read(const std::set<std::string>& keys) {
    if (auto opened = Open(); !opened) return std::unexpected(opened.error());
    for (std::int64_t span = kFirstSpan;; span *= kSpanFactor) {
      auto ranges = Ranges(span);
      if (!ranges) return std::unexpected(ranges.error());
      auto values = ReadRanges(*ranges, keys);
      const bool whole = std::ranges::all_of(*ranges, [](const Range& range) { return range.from == range.first; });
      if (!values || whole || values->size() == keys.size()) return values;
    }
  }

 private:
  struct Range {
    std::int64_t first, from, end;  // the oldest kept offset; what is read: from ≤ offset < end
  };

  std::expected<void, std::string> Open() {
    Owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
    std::array<char, 512> error;
    const std::pair<const char*, const char*> settings[] = {
        {"bootstrap.servers", table_.bootstrap_servers.c_str()},
        {"client.id", "monitord-positions"},
        {"group.id", "monitord-positions"},  // asked for by librdkafka; nothing is ever committed
        {"enable.auto.commit", "false"},
        {"enable.partition.eof", "true"},
        {"auto.offset.reset", "earliest"},
        {"allow.auto.create.topics", "false"},
    };
    for (const auto& [name, value] : settings) {
      if (rd_kafka_conf_set(conf.get(), name, value, error.data(), error.size()) != RD_KAFKA_CONF_OK) {
        return Failed(table_, error.data());
      }
    }
    rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
    handle_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), error.data(), error.size()));
    if (!handle_) return Failed(table_, error.data());
    conf.release();  // rd_kafka_new took it
    rd_kafka_poll_set_consumer(handle_.get());
    return {};
  }

  std::expected<std::vector<Range>, std::string> Ranges(std::int64_t span) const {
    std::vector<Range> ranges;
    for (std::int32_t partition = 0; partition < table_.partitions; ++partition) {
      auto range = RangeOf(partition);
      if (!range) return std::unexpected(range.error());
      range->from = std::max(range->first, range->end - span);
      ranges.push_back(*range);
    }
    return ranges;
  }

  // Asks again for a while: of a topic that was just made the broker does not know the leader at once.
  std::expected<Range, std::string> RangeOf(std::int32_t partition) const {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    for (;;) {
      Range range{};
      const auto error = rd_kafka_query_watermark_offsets(handle_.get(), table_.topic.c_str(), partition, &range.first,
                                                          &range.end, static_cast<int>(patience_.count()));
      if (!error) return range;
      if (stop_.stop_requested() || std::chrono::steady_clock::now() >= deadline) {
        return Failed(table_, rd_kafka_err2str(error));
      }
      const Owned<rd_kafka_message_t> nothing(
          rd_kafka_consumer_poll(handle_.get(), static_cast<int>(kPollWait.count())));
    }
  }

  std::expected<Values, std::string> ReadRanges(const std::vector<Range>& ranges,
                                                const std::set<std::string>& keys) const {
    Owned<rd_kafka_topic_partition_list_t> wanted(rd_kafka_topic_partition_list_new(table_.partitions));
    for (std::int32_t partition = 0; partition < table_.partitions; ++partition) {
      const Range& range = ranges[static_cast<std::size_t>(partition)];
      if (range.from == range.end) continue;
      rd_kafka_topic_partition_list_add(wanted.get(), table_.topic.c_str(), partition)->offset = range.from;
    }
    std::set<std::int32_t> unread;
    for (int i = 0; i < wanted->cnt; ++i) unread.insert(wanted->elems[i].partition);
    if (auto error = rd_kafka_assign(handle_.get(), wanted.get())) return Failed(table_, rd_kafka_err2str(error));
    Values values;
    auto heard = std::chrono::steady_clock::now();
    while (!unread.empty()) {
      if (stop_.stop_requested()) return Failed(table_, "stopped");
      const Owned<rd_kafka_message_t> message(
          rd_kafka_consumer_poll(handle_.get(), static_cast<int>(kPollWait.count())));
      const bool at_end = message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      if (at_end) unread.erase(message->partition);
      if (!message || (message->err && !at_end)) {
        if (std::chrono::steady_clock::now() - heard >= patience_) return Failed(table_, "the broker does not answer");
        continue;
      }
      heard = std::chrono::steady_clock::now();
      if (at_end) continue;
      std::string key(static_cast<const char*>(message->key), message->key_len);
      if (keys.contains(key)) values[key].assign(static_cast<const char*>(message->payload), message->len);
      if (message->offset + 1 >= ranges[static_cast<std::size_t>(message->partition)].end) {
        unread.erase(message->partition);
      }
    }
    return values;
  }

  const KafkaTable& table_;
  const milliseconds patience_;
  const std::stop_token& stop_;
  Owned<rd_kafka_t> handle_;
};

}  // namespace

std::expected<Values, std::string> ReadNewestValues(const KafkaTable& table, const std::set<std::string>& keys,
                                                    milliseconds patience, const std::stop_token& stop) {
  return TableReader(table, patience, stop).Read(keys);
}

}  // namespace monitor
