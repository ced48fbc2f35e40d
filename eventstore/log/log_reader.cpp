#include "eventstore/log/log_reader.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include "eventstore/log/keys.h"
#include "eventstore/log/record.h"

namespace monitor {
namespace {

StoreError ErrorOf(const rocksdb::Status& status) {
  return status.IsCorruption() ? StoreError::kCorrupt : StoreError::kUnavailable;
}

// Small reads near the end of the log, mostly: reading ahead would cost more than it brings.
rocksdb::ReadOptions AllOfTheFamily() {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  return options;
}

// The smallest text that is greater than everything that begins with `prefix`; empty if there is none.
std::string EndOfPrefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<std::uint8_t>(end.back()) == 0xFF) end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

// An entry's event at its place.
std::expected<StoredEvent, StoreError> DecodeOfEntry(const StreamEntry& entry, std::uint64_t i,
                                                     std::string_view record) {
  auto event = DecodeRecord({entry.origin, entry.first_seq + i}, record);
  if (!event || event->stream.str() != entry.stream || event->stream_version != entry.first_version + i) {
    return std::unexpected(StoreError::kCorrupt);
  }
  return *std::move(event);
}

// The events of an entry before the log's beginning: an account's are kept for themselves, others are gone.
std::expected<void, StoreError> ReadKeptEntry(const Database& database, const StreamEntry& entry, std::uint64_t skip,
                                              std::vector<StoredEvent>& events) {
  if (!entry.stream.starts_with(kAccountStreams)) return {};
  for (std::uint64_t i = skip; i < entry.count; ++i) {
    const auto record = ReadValue(database, Family::kAccount, AccountEventKey({entry.origin, entry.first_seq + i}));
    if (!record) return std::unexpected(record.error());
    if (!*record) return std::unexpected(StoreError::kCorrupt);
    auto event = DecodeOfEntry(entry, i, **record);
    if (!event) return std::unexpected(event.error());
    events.push_back(*std::move(event));
  }
  return {};
}

// Reads the events of one entry of the stream family, those from `skip` on.
std::expected<void, StoreError> ReadEntry(rocksdb::Iterator& log, const StreamEntry& entry, std::uint64_t skip,
                                          std::vector<StoredEvent>& events) {
  auto start = LogKey({entry.origin, entry.first_seq + skip});
  log.Seek(ToSlice(start));
  for (std::uint64_t i = skip; i < entry.count; ++i, log.Next()) {
    LogPosition position{entry.origin, entry.first_seq + i};
    if (!log.Valid()) return std::unexpected(log.status().ok() ? StoreError::kCorrupt : ErrorOf(log.status()));
    if (ParseLogKey(ToView(log.key())) != position) return std::unexpected(StoreError::kCorrupt);
    auto event = DecodeOfEntry(entry, i, ToView(log.value()));
    if (!event) return std::unexpected(event.error());
    events.push_back(*std::move(event));
  }
  return {};
}

}  // namespace

std::expected<std::vector<StoredEvent>, StoreError> ReadLogFrom(const Database& database, LogPosition from,
                                                                ReadOptions limits) {
  from.seq = std::max(from.seq, database.start().FirstOf(from.origin));
  auto start = LogKey(from);
  auto end = LogKey({{from.origin.node, from.origin.epoch + 1}, 0});
  rocksdb::Slice bound = ToSlice(end);
  rocksdb::ReadOptions options = AllOfTheFamily();
  options.iterate_upper_bound = &bound;
  auto iterator = database.NewIterator(Family::kLog, options);
  std::vector<StoredEvent> events;
  std::size_t bytes = 0;
  for (iterator->Seek(ToSlice(start)); iterator->Valid(); iterator->Next()) {
    if (events.size() >= limits.max_events || bytes >= limits.max_bytes) return events;
    auto position = ParseLogKey(ToView(iterator->key()));
    if (!position) return std::unexpected(StoreError::kCorrupt);
    auto event = DecodeRecord(*position, ToView(iterator->value()));
    if (!event) return std::unexpected(StoreError::kCorrupt);
    bytes += iterator->value().size();
    events.push_back(std::move(*event));
  }
  if (!iterator->status().ok()) return std::unexpected(ErrorOf(iterator->status()));
  return events;
}

namespace {

using OriginLengths = std::vector<std::pair<Origin, std::uint64_t>>;

// The stream's version in each of its origins, the newest first. Looks at one entry each.
std::expected<OriginLengths, StoreError> LengthsOf(rocksdb::Iterator& entries, std::string_view stream) {
  const std::string prefix = StreamKeyPrefix(stream);
  OriginLengths lengths;
  std::string last = prefix + std::string(kOriginKeySize + 8, '\xFF');
  for (entries.SeekForPrev(last); entries.Valid() && entries.key().starts_with(prefix); entries.SeekForPrev(last)) {
    const auto entry = ParseStreamEntry(ToView(entries.key()), ToView(entries.value()));
    if (!entry) return std::unexpected(StoreError::kCorrupt);
    lengths.emplace_back(entry->origin, entry->last_version());
    last.clear();
    AppendStreamKey(stream, entry->origin, 0, last);
  }
  if (!entries.status().ok()) return std::unexpected(ErrorOf(entries.status()));
  return lengths;
}

// Moves to the entry that holds the stream's `from_version`-th event, over all its origins; returns how many events its
// earlier origins have. Looks at one entry an origin: a long stream costs no more than a short one.
std::expected<std::uint64_t, StoreError> SeekVersion(rocksdb::Iterator& entries, std::string_view stream,
                                                     std::uint64_t from_version) {
  const std::string prefix = StreamKeyPrefix(stream);
  if (from_version <= 1) {
    entries.Seek(prefix);
    return 0;
  }
  const auto lengths = LengthsOf(entries, stream);
  if (!lengths) return std::unexpected(lengths.error());
  std::uint64_t before = 0;
  for (const auto& [origin, length] : std::views::reverse(*lengths)) {
    if (from_version - before <= length) {
      std::string last;
      AppendStreamKey(stream, origin, from_version - before, last);
      entries.SeekForPrev(last);
      const auto entry =
          entries.Valid() ? ParseStreamEntry(ToView(entries.key()), ToView(entries.value())) : std::nullopt;
      if (!entry) return std::unexpected(StoreError::kCorrupt);
      return before;
    }
    before += length;
  }
  entries.Seek(prefix + std::string(kOriginKeySize + 8, '\xFF'));  // there are not so many
  return before;
}

}  // namespace

std::expected<std::vector<StoredEvent>, StoreError> ReadStreamFrom(const Database& database, const StreamName& stream,
                                                                   std::uint64_t from_version, std::size_t max_events) {
  const std::string prefix = StreamKeyPrefix(stream.str());
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  auto entries = database.NewIterator(Family::kStream, options);
  const auto earlier = SeekVersion(*entries, stream.str(), from_version);
  if (!earlier) return std::unexpected(earlier.error());
  std::unique_ptr<rocksdb::Iterator> log;
  std::vector<StoredEvent> events;
  std::uint64_t before = *earlier, length = before;  // events of earlier origins, of all entries so far
  std::optional<Origin> origin;
  for (; events.size() < max_events && entries->Valid() && entries->key().starts_with(prefix); entries->Next()) {
    auto entry = ParseStreamEntry(ToView(entries->key()), ToView(entries->value()));
    if (!entry) return std::unexpected(StoreError::kCorrupt);
    if (std::exchange(origin, entry->origin) != entry->origin) before = length;
    length = before + entry->last_version();
    const std::uint64_t first = before + entry->first_version;
    std::uint64_t skip = from_version > first ? std::min(entry->count, from_version - first) : 0;
    if (skip == entry->count) continue;
    if (!database.start().Keeps(entry->last())) {
      if (auto read = ReadKeptEntry(database, *entry, skip, events); !read) return std::unexpected(read.error());
      continue;
    }
    if (!log) log = database.NewIterator(Family::kLog, AllOfTheFamily());
    if (auto read = ReadEntry(*log, *entry, skip, events); !read) return std::unexpected(read.error());
  }
  if (!entries->status().ok()) return std::unexpected(ErrorOf(entries->status()));
  return events;
}

std::expected<std::uint64_t, StoreError> ReadStreamVersion(const Database& database, const StreamName& stream) {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  const auto lengths = LengthsOf(*database.NewIterator(Family::kStream, options), stream.str());
  if (!lengths) return std::unexpected(lengths.error());
  std::uint64_t version = 0;
  for (const auto& [origin, length] : *lengths) version += length;
  return version;
}

std::expected<std::vector<StreamName>, StoreError> ListStreams(const Database& database, std::string_view prefix,
                                                               std::size_t limit) {
  auto iterator = database.NewIterator(Family::kStream, AllOfTheFamily());
  auto ends = database.NewIterator(Family::kStream, AllOfTheFamily());
  // Of a session that was begun before the log's beginning the newest events may be kept.
  const auto is_kept = [&](const StreamEntry& first) {
    if (!first.stream.starts_with(kSessionStreams) || database.start().Keeps(first.last())) return true;
    ends->SeekForPrev(StreamKeyPrefix(first.stream) + std::string(kOriginKeySize + 8, '\xFF'));
    const auto last = ends->Valid() ? ParseStreamEntry(ToView(ends->key()), ToView(ends->value())) : std::nullopt;
    return last && database.start().Keeps(last->last());
  };
  std::vector<StreamName> names;
  std::string next(prefix);
  for (iterator->Seek(next); iterator->Valid() && names.size() < limit; iterator->Seek(next)) {
    std::string_view key = ToView(iterator->key());
    if (!key.starts_with(prefix)) break;
    auto entry = ParseStreamEntry(key, ToView(iterator->value()));
    if (!entry) return std::unexpected(StoreError::kCorrupt);
    if (is_kept(*entry)) names.emplace_back(entry->stream);
    next.assign(entry->stream);
    next.push_back('\x01');  // behind all of this stream's entries, which go on with 0x00
  }
  if (!iterator->status().ok()) return std::unexpected(ErrorOf(iterator->status()));
  return names;
}

std::expected<std::optional<std::string>, StoreError> ReadValue(const Database& database, Family family,
                                                                std::string_view key) {
  std::string value;
  auto status = database.db().Get(rocksdb::ReadOptions(), database.family(family), ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(ErrorOf(status));
  return value;
}

std::expected<StateEntries, StoreError> ReadEntries(const Database& database, Family family, std::string_view prefix,
                                                    std::size_t limit, std::string_view after) {
  std::string end = EndOfPrefix(prefix);
  rocksdb::Slice bound(end);
  rocksdb::ReadOptions options = AllOfTheFamily();
  if (!end.empty()) options.iterate_upper_bound = &bound;
  auto iterator = database.NewIterator(family, options);
  StateEntries entries;
  iterator->Seek(ToSlice(std::max(prefix, after)));
  for (; iterator->Valid() && entries.size() < limit; iterator->Next()) {
    if (!after.empty() && ToView(iterator->key()) == after) continue;
    entries.emplace_back(iterator->key().ToString(), iterator->value().ToString());
  }
  if (!iterator->status().ok()) return std::unexpected(ErrorOf(iterator->status()));
  return entries;
}

OriginRange RangeOf(const Database& database, Origin origin) {
  OriginRange range{origin, database.start().FirstOf(origin)};
  range.last = range.first - 1;
  auto iterator = database.NewIterator(Family::kLog, AllOfTheFamily());
  iterator->Seek(ToSlice(LogKey({origin, range.first})));
  if (!iterator->Valid()) return range;
  auto first = ParseLogKey(ToView(iterator->key()));
  if (!first || first->origin != origin) return range;
  iterator->SeekForPrev(ToSlice(LogKey({origin, ~std::uint64_t{0}})));
  if (!iterator->Valid()) return range;
  auto last = ParseLogKey(ToView(iterator->key()));
  if (!last || last->origin != origin) return range;
  range.first = first->seq;
  range.last = last->seq;
  return range;
}

}  // namespace monitor
