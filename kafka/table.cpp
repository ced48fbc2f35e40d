#include "kafka/table.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kafka/reader.h"

namespace monitor::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Values = std::multimap<std::string, std::string>;

// So many messages of each partition are read first, and so many times more each time that it was not enough.
constexpr std::int64_t kFirstSpan = 1'000;
constexpr std::int64_t kSpanFactor = 10;
constexpr milliseconds kPollWait{100};  // how long a stop may go unnoticed

class TableReader {
 public:
  TableReader(const Table& table, Reader& reader, milliseconds patience, const std::stop_token& stop)
      : table_(table), reader_(reader), patience_(patience), stop_(stop) {}

  Result<Values> Read(const std::set<std::string>& keys) {
    for (std::int64_t span = kFirstSpan;; span *= kSpanFactor) {
      bool whole = true;
      Offsets from;
      for (int partition = 0; partition < table_.partitions; ++partition) {
        const auto range = RangeOf(partition);
        if (!range) return std::unexpected(range.error());
        const std::int64_t begin = std::max(range->low, range->high - span);
        whole &= begin == range->low;
        ends_[partition] = range->high;
        if (begin < range->high) from[partition] = begin;
      }
      auto values = ReadUpToEnds(from, keys);
      if (!values || whole) return values;
      if (std::ranges::all_of(keys, [&](const std::string& key) { return values->contains(key); })) return values;
    }
  }

 private:
  // Asks again for a while: of a topic that was just made the broker does not know the leader at once.
  Result<Range> RangeOf(int partition) const {
    const auto deadline = steady_clock::now() + patience_;
    for (;;) {
      auto range = reader_.AskRange(table_.topic, partition, patience_);
      if (range || stop_.stop_requested() || steady_clock::now() >= deadline) return range;
      static_cast<void>(reader_.Poll(kPollWait));  // of nothing: a pause
    }
  }

  Result<Values> ReadUpToEnds(const Offsets& from, const std::set<std::string>& keys) const {
    if (auto begun = reader_.ReadFrom(from); !begun) return std::unexpected(begun.error());
    Offsets unread = from;
    std::map<std::pair<std::string, int>, std::string> newest;  // by key and partition
    auto heard = steady_clock::now();
    std::string fault = "the broker does not answer";
    while (!unread.empty()) {
      if (stop_.stop_requested()) return std::unexpected("stopped");
      const auto polled = reader_.Poll(kPollWait);
      if (!polled) fault = polled.error().message;
      if (!polled || !*polled) {
        if (steady_clock::now() - heard >= patience_) return std::unexpected(fault);
        continue;
      }
      heard = steady_clock::now();
      fault = "the broker does not answer";
      const Message& message = **polled;
      std::string key(message.key);
      if (!message.at_end && keys.contains(key)) newest[{std::move(key), message.partition}] = message.value;
      if (message.at_end || message.offset + 1 >= ends_.at(message.partition)) unread.erase(message.partition);
    }
    Values values;
    for (auto& [place, value] : newest) values.emplace(place.first, std::move(value));
    return values;
  }

  const Table& table_;
  Reader& reader_;
  const milliseconds patience_;
  const std::stop_token& stop_;
  Offsets ends_;
};

}  // namespace

Result<Values> ReadNewestValues(const ClientSettings& client, const Table& table, const std::set<std::string>& keys,
                                milliseconds patience, const std::stop_token& stop) {
  const auto reader = Reader::Make(client, table.reader, table.topic);
  auto values = reader ? TableReader(table, **reader, patience, stop).Read(keys)
                       : Result<Values>(std::unexpected(reader.error()));
  if (!values) return std::unexpected("the topic " + table.topic + " can not be read: " + values.error());
  return values;
}

}  // namespace monitor::kafka
