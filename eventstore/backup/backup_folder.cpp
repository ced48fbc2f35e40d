#include "eventstore/backup/backup_folder.h"

#include <rocksdb/utilities/backup_engine.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "domain/values/bytes.h"
#include "eventstore/backup/file.h"
#include "eventstore/log/database.h"
#include "eventstore/log/keys.h"

namespace monitor {
namespace {

// A first backup reads everything: visitors' requests must not wait for the disk meanwhile.
constexpr std::uint64_t kMaxBytesPerSecond = 100 << 20;
constexpr std::uint64_t kLastSeq = std::numeric_limits<std::uint64_t>::max();

using Writer = std::unique_ptr<rocksdb::BackupEngine>;
using Reader = std::unique_ptr<rocksdb::BackupEngineReadOnly>;

std::unexpected<std::string> Failed(const std::string& what, const rocksdb::Status& why) {
  return std::unexpected(what + ": " + why.ToString());
}

rocksdb::BackupEngineOptions OptionsFor(const std::string& folder) {
  rocksdb::BackupEngineOptions options(folder);
  options.backup_rate_limit = kMaxBytesPerSecond;
  return options;
}

// It removes what an interrupted one left behind.
std::expected<Writer, std::string> OpenForWriting(const std::string& folder) {
  rocksdb::BackupEngine* engine = nullptr;
  const rocksdb::Status opened = rocksdb::BackupEngine::Open(OptionsFor(folder), rocksdb::Env::Default(), &engine);
  if (!opened.ok()) return Failed("the backups in " + folder + " can not be written", opened);
  return Writer(engine);
}

std::expected<Reader, std::string> OpenForReading(const std::string& folder) {
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  const rocksdb::Status opened =
      rocksdb::BackupEngineReadOnly::Open(OptionsFor(folder), rocksdb::Env::Default(), &engine);
  if (!opened.ok()) return Failed("there are no backups in " + folder, opened);
  return Reader(engine);
}

// nullopt: it was not made by AddBackup.
std::optional<Backup> Read(const rocksdb::BackupInfo& info) {
  const auto position = LogPosition::Parse(info.app_metadata);
  if (!position) return std::nullopt;
  return Backup{info.backup_id, FromUnixMs(info.timestamp * 1'000), *position, info.size};
}

// Where a sync that failed is an error like any other: what is made is thrown away.
std::expected<std::unique_ptr<Database>, std::string> OpenStill(const std::string& path) {
  return OpenDatabase({.path = path, .on_sync_failure = [](const std::string&) {}, .still = true});
}

std::expected<LogPosition, std::string> EndOf(const Database& database) {
  std::string node, epoch;
  for (const auto& [key, value] : {std::pair{kNodeKey, &node}, {kEpochKey, &epoch}}) {
    const auto read = database.db().Get(rocksdb::ReadOptions(), database.family(Family::kMeta), ToSlice(key), value);
    if (!read.ok() || value->size() != 4) return std::unexpected("its node or epoch can not be read");
  }
  const Origin origin{LoadBig<std::uint32_t>(node.data()), LoadBig<std::uint32_t>(epoch.data())};
  const auto last = LogKey({origin, kLastSeq});
  const auto iterator = database.NewIterator(Family::kLog, rocksdb::ReadOptions());
  iterator->SeekForPrev(ToSlice(last));
  if (!iterator->status().ok()) return std::unexpected(iterator->status().ToString());
  const auto end = iterator->Valid() ? ParseLogKey(ToView(iterator->key())) : std::nullopt;
  return end && end->origin == origin ? *end : LogPosition{origin, 0};
}

}  // namespace

std::expected<Backups, std::string> ListBackups(const std::string& folder) {
  const auto engine = OpenForReading(folder);
  if (!engine) return std::unexpected(engine.error());
  std::vector<rocksdb::BackupInfo> infos;
  (*engine)->GetBackupInfo(&infos);
  Backups backups;
  (*engine)->GetCorruptedBackups(&backups.damaged);
  for (const rocksdb::BackupInfo& info : infos) {
    if (const auto backup = Read(info)) {
      backups.whole.push_back(*backup);
    } else {
      backups.damaged.push_back(info.backup_id);
    }
  }
  if (backups.whole.empty() && backups.damaged.empty()) return std::unexpected("there are no backups in " + folder);
  return backups;
}

std::expected<Backup, std::string> AddBackup(const std::string& folder, const std::string& path,
                                             const std::function<bool()>& go_on) {
  const FolderLock lock(folder);
  if (!lock.held()) return std::unexpected(lock.why());
  const auto engine = OpenForWriting(folder);
  if (!engine) return std::unexpected(engine.error());
  const auto database = OpenStill(path);
  if (!database) return std::unexpected(database.error());
  const auto position = EndOf(**database);
  if (!position) return std::unexpected(position.error());
  rocksdb::CreateBackupOptions options;
  options.flush_before_backup = true;
  options.progress_callback = [&] {
    if (!go_on()) (*engine)->StopBackup();
  };
  rocksdb::BackupID id = 0;
  rocksdb::Status status =
      (*engine)->CreateNewBackupWithMetadata(options, &(*database)->db(), position->ToString(), &id);
  if (!status.ok()) return Failed("the backup can not be written to " + folder, status);
  rocksdb::BackupInfo info;
  status = (*engine)->GetBackupInfo(id, &info);
  if (status.ok()) status = (*engine)->VerifyBackup(id);
  const auto made = status.ok() ? Read(info) : std::nullopt;
  if (!made) return Failed("the backup in " + folder + " is damaged", status);
  return *made;
}

std::expected<void, std::string> VerifyBackup(const std::string& folder, std::uint32_t id) {
  const auto engine = OpenForReading(folder);
  if (!engine) return std::unexpected(engine.error());
  const rocksdb::Status status = (*engine)->VerifyBackup(id, /*verify_with_checksum=*/true);
  if (!status.ok()) return Failed("the backup " + std::to_string(id) + " in " + folder + " is damaged", status);
  return {};
}

std::expected<std::vector<std::uint32_t>, std::string> PruneBackups(const std::string& folder, std::size_t keep) {
  const FolderLock lock(folder);
  if (!lock.held()) return std::unexpected(lock.why());
  const auto backups = ListBackups(folder);
  if (!backups) return std::unexpected(backups.error());
  const auto engine = OpenForWriting(folder);
  if (!engine) return std::unexpected(engine.error());
  std::vector<std::uint32_t> dropped = backups->damaged;
  const std::size_t count = backups->whole.size() - std::min(keep, backups->whole.size());
  for (std::size_t i = 0; i < count; ++i) dropped.push_back(backups->whole[i].id);
  for (const std::uint32_t id : dropped) {
    const rocksdb::Status status = (*engine)->DeleteBackup(id);
    if (!status.ok()) return Failed("the backup " + std::to_string(id) + " can not be dropped", status);
  }
  return dropped;
}

std::expected<void, std::string> CopyBackup(const std::string& folder, std::uint32_t id, const std::string& path) {
  const auto engine = OpenForReading(folder);
  if (!engine) return std::unexpected(engine.error());
  const rocksdb::Status status = (*engine)->RestoreDBFromBackup(id, path, path);
  if (!status.ok()) return Failed("the backup " + std::to_string(id) + " can not be copied to " + path, status);
  return {};
}

std::expected<void, std::string> DropVisitorKeys(const std::string& path) {
  {
    // What the write-ahead log held is in tables once it is open.
    const auto database = OpenStill(path);
    if (!database) return std::unexpected(database.error());
    rocksdb::DB& db = (*database)->db();
    rocksdb::Status status = db.DropColumnFamily((*database)->family(Family::kKeys));
    rocksdb::ColumnFamilyHandle* empty = nullptr;
    if (status.ok()) {
      status = db.CreateColumnFamily(rocksdb::ColumnFamilyOptions(), std::string(NameOf(Family::kKeys)), &empty);
    }
    if (!status.ok()) return Failed("the visitors' keys can not be left out of " + path, status);
    db.DestroyColumnFamilyHandle(empty);
  }
  // Its tables go when it is closed, and what is left by then when it is opened.
  const auto again = OpenStill(path);
  if (!again) return std::unexpected(again.error());
  return {};
}

}  // namespace monitor
