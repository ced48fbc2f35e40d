#include "consumers/view/view_progress.h"

#include <algorithm>

#include "consumers/view/view_keys.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

constexpr std::string_view kSeqPrefix = "seq/", kOffsetPrefix = "offset/", kPositionPrefix = "position/",
                           kTimePrefix = "time/";
const std::string kCoverageKey = "coverage", kStampKey = "stamp";

std::string SeqKey(const std::string& origin, Bucket bucket) {
  return std::string(kSeqPrefix) + static_cast<char>(bucket) + origin;
}

// What stands behind the prefix, and the number that is its value.
template <class Take>
void ScanNumbers(const ViewDatabase& database, std::string_view prefix, const rocksdb::Snapshot* snapshot, Take take) {
  database.Scan(kProgress, std::string(prefix), snapshot, [&](std::string_view key, std::string_view value) {
    take(key.substr(prefix.size()), Decoded(view::ParseNumber(value)));
    return true;
  });
}

}  // namespace

void ViewProgress::Load(const ViewDatabase& database) {
  *this = {};
  ScanNumbers(database, kSeqPrefix, nullptr, [&](std::string_view name, std::uint64_t seq) {
    highest_[{std::string(name.substr(1)), static_cast<Bucket>(name.front())}] = seq;
  });
  offsets_ = ReadOffsets(database, nullptr);
  coverage_ = ReadCoverage(database, nullptr);
  positions_ = ReadPositions(database, nullptr);
  stamp_ = ReadStamp(database, nullptr);
}

void ViewProgress::Put(ViewDatabase& database) {
  for (const auto& [key, value] : changed_) database.Put(kProgress, key, view::Number(value));
  changed_.clear();
}

std::optional<std::uint64_t> ViewProgress::HighestSeq(const std::string& origin, Bucket bucket) const {
  const auto found = highest_.find({origin, bucket});
  return found == highest_.end() ? std::nullopt : std::optional(found->second);
}

Positions ViewProgress::HighestSeqs() const {
  Positions highest;
  for (const auto& [line, seq] : highest_) {
    std::uint64_t& known = highest[line.first];
    known = std::max(known, seq);
  }
  return highest;
}

void ViewProgress::SetHighestSeq(const std::string& origin, Bucket bucket, std::uint64_t seq) {
  Set(SeqKey(origin, bucket), seq);
  highest_[{origin, bucket}] = seq;
}

std::optional<std::int64_t> ViewProgress::Offset(int partition) const {
  const auto found = offsets_.find(partition);
  return found == offsets_.end() ? std::nullopt : std::optional(found->second);
}

void ViewProgress::SetOffset(int partition, std::int64_t offset) {
  const auto [known, made] = offsets_.try_emplace(partition, offset);
  if (!made && std::exchange(known->second, offset) == offset) return;  // no write, so that what is told did not move
  Set(std::string(kOffsetPrefix) + std::to_string(partition), static_cast<std::uint64_t>(offset));
}

void ViewProgress::SetPosition(const std::string& origin, std::uint64_t seq, std::optional<TimeMs> time) {
  const auto [position, made] = positions_.try_emplace(origin, seq);
  if (!made && position->second >= seq) return;
  position->second = seq;
  Set(std::string(kPositionPrefix) + origin, seq);
  Set(std::string(kTimePrefix) + origin, time ? static_cast<std::uint64_t>(ToUnixMs(*time)) : 0);
}

void ViewProgress::Cover(const Coverage& wanted, ViewDatabase& database) {
  const bool more = (wanted.buckets & ~coverage_.buckets).any();
  coverage_ = wanted;
  database.Put(kProgress, kCoverageKey, EncodeCoverage(coverage_));
  if (!more) return;
  for (const auto& [origin, seq] : positions_) {
    for (const std::string_view prefix : {kPositionPrefix, kTimePrefix}) {
      const std::string key = std::string(prefix) + origin;
      changed_.erase(key);
      database.Delete(kProgress, key);
    }
  }
  positions_.clear();
}

std::optional<std::int64_t> ViewProgress::ReadOffset(const ViewDatabase& database, int partition,
                                                     const rocksdb::Snapshot* snapshot) {
  const auto bytes = database.GetAt(kProgress, std::string(kOffsetPrefix) + std::to_string(partition), snapshot);
  return bytes ? std::optional(static_cast<std::int64_t>(Decoded(view::ParseNumber(*bytes)))) : std::nullopt;
}

std::map<int, std::int64_t> ViewProgress::ReadOffsets(const ViewDatabase& database, const rocksdb::Snapshot* snapshot) {
  std::map<int, std::int64_t> offsets;
  ScanNumbers(database, kOffsetPrefix, snapshot, [&](std::string_view name, std::uint64_t offset) {
    offsets[Decoded(ParseWhole<int>(name))] = static_cast<std::int64_t>(offset);
  });
  return offsets;
}

Positions ViewProgress::ReadPositions(const ViewDatabase& database, const rocksdb::Snapshot* snapshot) {
  Positions positions;
  ScanNumbers(database, kPositionPrefix, snapshot,
              [&](std::string_view origin, std::uint64_t seq) { positions[std::string(origin)] = seq; });
  return positions;
}

std::uint64_t ViewProgress::NextStamp(ViewDatabase& database) {
  database.Put(kProgress, kStampKey, view::Number(++stamp_));
  return stamp_;
}

std::uint64_t ViewProgress::ReadStamp(const ViewDatabase& database, const rocksdb::Snapshot* snapshot) {
  const auto bytes = database.GetAt(kProgress, kStampKey, snapshot);
  return bytes ? Decoded(view::ParseNumber(*bytes)) : 0;
}

Coverage ViewProgress::ReadCoverage(const ViewDatabase& database, const rocksdb::Snapshot* snapshot) {
  const auto bytes = database.GetAt(kProgress, kCoverageKey, snapshot);
  return bytes ? Decoded(DecodeCoverage(*bytes)) : Coverage{};
}

std::optional<TimeMs> ViewProgress::ReadPositionTime(ViewDatabase& database, const std::string& origin) {
  const auto bytes = database.Get(kProgress, std::string(kTimePrefix) + origin);
  const std::uint64_t ms = bytes ? Decoded(view::ParseNumber(*bytes)) : 0;
  return ms == 0 ? std::nullopt : std::optional(FromUnixMs(static_cast<std::int64_t>(ms)));
}

}  // namespace monitor
