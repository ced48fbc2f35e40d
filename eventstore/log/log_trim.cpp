#include "eventstore/log/log_trim.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "domain/values/bytes.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/log_reader.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxRowBytes = 16 << 20;

// The first seq of the range whose event is not older than `time`; the one behind the range if there is none. The log
// is in the order of time.
std::expected<std::uint64_t, StoreError> FirstSince(const Database& database, const OriginRange& range, TimeMs time) {
  std::uint64_t low = range.first, high = range.last + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto event = ReadLogFrom(database, {range.origin, middle}, {.max_events = 1});
    if (!event) return std::unexpected(event.error());
    if (!event->empty() && event->front().time < time) {
      low = event->front().position.seq + 1;  // a closed epoch may have holes
    } else {
      high = middle;
    }
  }
  return low;
}

// Positions of the account events of [kept.first, end), in order. From each stream's end backwards, as far as the log
// reaches: entries of what was dropped stay for ever, and are not looked at again.
std::expected<std::vector<std::uint64_t>, StoreError> AccountEvents(const Database& database, const OriginRange& kept,
                                                                    std::uint64_t end) {
  const auto streams = ListStreams(database, kAccountStreams, std::numeric_limits<std::size_t>::max());
  if (!streams) return std::unexpected(streams.error());
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  auto entries = database.NewIterator(Family::kStream, options);
  std::vector<std::uint64_t> seqs;
  for (const StreamName& stream : *streams) {
    std::string last;
    AppendStreamKey(stream.str(), kept.origin, std::numeric_limits<std::uint64_t>::max(), last);
    for (entries->SeekForPrev(last); entries->Valid(); entries->Prev()) {
      const auto entry = ParseStreamEntry(ToView(entries->key()), ToView(entries->value()));
      if (!entry) return std::unexpected(StoreError::kCorrupt);
      if (entry->stream != stream.str() || entry->origin != kept.origin || entry->first_seq < kept.first) break;
      if (entry->first_seq >= end) continue;
      for (std::uint64_t i = 0; i < entry->count; ++i) seqs.push_back(entry->first_seq + i);
    }
    if (!entries->status().ok()) return std::unexpected(StoreError::kUnavailable);
  }
  std::ranges::sort(seqs);
  return seqs;
}

std::string Big(std::uint64_t number) {
  std::string bytes;
  AppendBig(number, bytes);
  return bytes;
}

}  // namespace

std::expected<std::optional<LogTrim>, StoreError> PlanTrim(const Database& database, const OriginRange& kept,
                                                           TimeMs before, std::uint64_t end) {
  if (end <= kept.last) {
    // All events of a request have one time: before that of the event at `end` only whole requests stand.
    const auto event = ReadLogFrom(database, {kept.origin, end}, {.max_events = 1});
    if (!event) return std::unexpected(event.error());
    if (!event->empty()) before = std::min(before, event->front().time);
  }
  auto first = FirstSince(database, kept, before);
  if (!first) return std::unexpected(first.error());
  if (*first <= kept.first) return std::nullopt;
  const auto accounts = AccountEvents(database, kept, *first);
  if (!accounts) return std::unexpected(accounts.error());
  LogTrim trim{*first, {}};
  std::size_t bytes = 0;
  for (const std::uint64_t seq : *accounts) {
    const LogPosition position{kept.origin, seq};
    const auto key = LogKey(position);
    auto record = ReadValue(database, Family::kLog, {key.data(), key.size()});
    if (!record) return std::unexpected(record.error());
    if (!*record) return std::unexpected(StoreError::kCorrupt);
    bytes += (*record)->size();
    if (bytes > kMaxRowBytes && !trim.rows.empty()) {
      trim.first = seq;
      break;
    }
    trim.rows.push_back({Family::kAccount, AccountEventKey(position), **std::move(record)});
  }
  trim.rows.push_back({Family::kMeta, FirstKey(kept.origin), Big(trim.first)});
  return trim;
}

}  // namespace monitor
