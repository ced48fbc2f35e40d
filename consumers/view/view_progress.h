// How far the view is: the highest sequence numbers, where each partition is to be read on, positions, and the buckets
// that they are about (events.md section 3, funnel.md section 5). Kept in memory, written with the batch.
//
// Threads: the writer's, but for the static functions. Those that are given a database throw StoreFailure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "consumers/view/coverage.h"
#include "consumers/view/view_database.h"
#include "consumers/view/view_store.h"
#include "domain/values/hash.h"
#include "domain/values/timestamp.h"

namespace monitor {

class ViewProgress {
 public:
  // As it is committed; what was set since is forgotten.
  void Load(const ViewDatabase& database);
  // Puts into the batch what was set since the last Load or Put: of what moves with every event only where it stands.
  void Put(ViewDatabase& database);

  std::optional<std::uint64_t> HighestSeq(const std::string& origin, Bucket bucket) const;
  Positions HighestSeqs() const;  // of each origin that of all its buckets
  void SetHighestSeq(const std::string& origin, Bucket bucket, std::uint64_t seq);

  std::optional<std::int64_t> Offset(int partition) const;
  void SetOffset(int partition, std::int64_t offset);

  const Positions& positions() const { return positions_; }
  void SetPosition(const std::string& origin, std::uint64_t seq, std::optional<TimeMs> time);

  const Coverage& coverage() const { return coverage_; }
  // A position told for fewer buckets says nothing of those that came: then all are taken back.
  void Cover(const Coverage& wanted, ViewDatabase& database);

  // Numbers the commits that write something.
  std::uint64_t stamp() const { return stamp_; }
  std::uint64_t NextStamp(ViewDatabase& database);

  static std::uint64_t ReadStamp(const ViewDatabase& database, const rocksdb::Snapshot* snapshot);
  static std::optional<std::int64_t> ReadOffset(const ViewDatabase& database, int partition,
                                                const rocksdb::Snapshot* snapshot);
  static std::map<int, std::int64_t> ReadOffsets(const ViewDatabase& database, const rocksdb::Snapshot* snapshot);
  static Positions ReadPositions(const ViewDatabase& database, const rocksdb::Snapshot* snapshot);
  static Coverage ReadCoverage(const ViewDatabase& database, const rocksdb::Snapshot* snapshot);
  static std::optional<TimeMs> ReadPositionTime(ViewDatabase& database, const std::string& origin);

 private:
  void Set(std::string key, std::uint64_t value) { changed_.insert_or_assign(std::move(key), value); }

  std::unordered_map<std::string, std::uint64_t> changed_;  // key → value, of this batch
  std::map<std::pair<std::string, Bucket>, std::uint64_t> highest_;
  std::map<int, std::int64_t> offsets_;
  Positions positions_;
  Coverage coverage_;
  std::uint64_t stamp_ = 0;
};

}  // namespace monitor
