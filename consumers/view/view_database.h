// The RocksDB database beneath the view and the writer's open batch; how much of its disk is left. rocksdb/ is named
// here, in view_database.cpp and in view_store.cpp; the keys are documented in view_keys.h.
//
// Threads: Open and Close while nobody else is inside, what belongs to the batch from the writer's only, the rest from
// any. All functions throw StoreFailure.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "consumers/view/view_records.h"

namespace monitor {

// The view is not for this program to use, whatever the disk does: another process has it, or it is of a newer version.
struct NotOurs : StoreFailure {
  using StoreFailure::StoreFailure;
};

// What the batch has is seen before what the disk has.
class ViewDatabase : public ViewRecords {
 public:
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  enum class Mode : std::uint8_t { kWrite, kRead };

  explicit ViewDatabase(std::string folder) : folder_(std::move(folder)) {}
  ~ViewDatabase() override { Close(); }
  ViewDatabase(const ViewDatabase&) = delete;
  ViewDatabase& operator=(const ViewDatabase&) = delete;

  // Closed before and, if it fails, afterwards. For reading nothing is made or written. Throws NotOurs if for writing
  // it is locked.
  void Open(Mode mode);
  void Close();
  // Closes it and moves it to "<folder>.version-<version>", to begin an empty one: the old one may reach further back
  // than the events that are still there.
  void PutAside(const std::string& version);

  rocksdb::DB& db() const;
  // False after a write that failed, and if it was opened for reading only.
  bool writable() const { return writable_; }

  std::optional<std::string> Get(Family family, const std::string& key) override;
  // Committed.
  std::optional<std::string> GetAt(Family family, const std::string& key, const rocksdb::Snapshot* snapshot) const;
  void Put(Family family, const std::string& key, std::string_view value) override;
  void Delete(Family family, const std::string& key) override;
  std::optional<std::string> GetFirst(Family family, const std::string& prefix, const std::string& key) override;
  // Committed records whose key begins with `prefix`, until `visit` returns false.
  void Scan(Family family, const std::string& prefix, const rocksdb::Snapshot* snapshot, const Visit& visit) const;
  // Of these, those whose key is not less than `key`.
  void ScanFrom(Family family, const std::string& prefix, const std::string& key, const rocksdb::Snapshot* snapshot,
                const Visit& visit) const;
  // Those whose key begins with one of `prefixes`: ascending, none begins with another.
  void ScanEach(Family family, std::span<const std::string> prefixes, const rocksdb::Snapshot* snapshot,
                const Visit& visit) const;

  std::uint64_t DiskBytes() const;
  // In the background: what was deleted goes into a table, which is compacted soon if that is most of it.
  void FlushSoon(Family family) const;

  // Not synced: after a power loss the view is that of an earlier batch, and its own offsets say from where to go on.
  void Write() { Write(*batch_.GetWriteBatch()); }
  void Clear() { batch_.Clear(); }
  bool HasChanges() { return batch_.GetWriteBatch()->Count() > 0; }

  // Beside the writer's batch, from any thread: of what can be made again from the rest. What fails is not told: the
  // writer meets it as well.
  class Aside {
   public:
    explicit Aside(const ViewDatabase& database) : database_(database) {}
    void Put(Family family, const std::string& key, std::string_view value);
    void Delete(Family family, const std::string& key);
    // Of the keys from `begin` to before `end`.
    void DeleteRange(Family family, const std::string& begin, const std::string& end);
    void Write();
    // The writer's: of what can not be made again.
    void WriteOrThrow(ViewDatabase& database);

   private:
    const ViewDatabase& database_;
    rocksdb::WriteBatch batch_;
  };

 private:
  void Write(rocksdb::WriteBatch& batch);
  std::unique_ptr<rocksdb::Iterator> Iterate(Family family, const rocksdb::Snapshot* snapshot) const;

  const std::string folder_;
  std::unique_ptr<rocksdb::DB> db_;  // nullptr: closed
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> handles_{};
  rocksdb::WriteBatchWithIndex batch_{rocksdb::BytewiseComparator(), 0, true};
  bool writable_ = false;
};

// Whether the disk of a folder is nearly full.
class DiskRoom {
 public:
  DiskRoom(std::string folder, std::uint64_t min_free_bytes)
      : folder_(std::move(folder)), min_free_bytes_(min_free_bytes) {}

  // In words, if it is; nullopt also if it can not be asked.
  std::optional<std::string> TooLittle() const;

 private:
  const std::string folder_;
  const std::uint64_t min_free_bytes_;
};

}  // namespace monitor
