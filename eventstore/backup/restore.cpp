#include "eventstore/backup/restore.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/backup/file.h"
#include "eventstore/backup/key_copy.h"
#include "eventstore/backup/restored_log.h"
#include "eventstore/backup/topic_events.h"
#include "eventstore/log/rocksdb_store.h"

namespace monitor {
namespace {

namespace fs = std::filesystem;
template <class Value>
using Result = std::expected<Value, std::string>;

constexpr std::uint64_t kProgressEvery = 1'000;

std::string DraftIn(const std::string& data) { return data + "/store.restoring"; }
std::string StoreIn(const std::string& data) { return data + "/store"; }

std::unexpected<std::string> CanNot(const std::string& data, const std::string& why) {
  return std::unexpected("can not restore into " + data + ": " + why);
}

Result<void> CheckEmpty(const std::string& data) {
  if (const auto half = WhyHalfRestored(data)) return std::unexpected(*half);
  std::error_code error;
  if (!fs::exists(data, error)) return {};
  if (!fs::is_directory(data, error)) return CanNot(data, "it is no folder");
  const bool empty = fs::is_empty(data, error);
  if (error) return CanNot(data, error.message());
  if (!empty) return CanNot(data, "it is not empty; a node is restored into an empty data folder");
  return {};
}

Result<Backup> Choose(const RestoreWanted& wanted) {
  const auto backups = ListBackups(wanted.backups);
  if (!backups) return std::unexpected(backups.error());
  if (!wanted.id) {
    if (backups->whole.empty()) return std::unexpected("all backups in " + wanted.backups + " are damaged");
    return backups->whole.back();
  }
  const auto found = std::ranges::find(backups->whole, *wanted.id, &Backup::id);
  if (found != backups->whole.end()) return *found;
  const bool damaged = std::ranges::find(backups->damaged, *wanted.id) != backups->damaged.end();
  return std::unexpected("the backup " + std::to_string(*wanted.id) +
                         (damaged ? " is damaged" : " is not in " + wanted.backups));
}

class Restoring {
 public:
  explicit Restoring(const RestoreWanted& wanted) : wanted_(wanted), draft_(DraftIn(wanted.data)) {}

  Result<Restored> Run(const Backup& backup) {
    done_.backup = backup;
    auto step = CopyBackup(wanted_.backups, backup.id, draft_);
    if (step) step = GoOn();
    if (step) step = MakeLog();
    if (step) step = Check();
    if (step) step = TellPositions();
    if (!step) return std::unexpected(step.error());
    return done_;
  }

 private:
  Result<void> GoOn() const {
    if (wanted_.go_on()) return {};
    return std::unexpected("stopped; nothing was restored");
  }
  void Progress(const char* what, std::uint64_t count) const {
    if (wanted_.progress) wanted_.progress(what, count);
  }

  Result<void> MakeLog() {
    const auto keys = ReadKeyCopy(wanted_.keys, {});
    if (!keys) return std::unexpected(keys.error());
    auto log = RestoredLog::Open(draft_, *keys);
    if (!log) return std::unexpected(log.error());
    auto step = wanted_.client ? ReadBack(**log) : Result<void>();
    if (step) step = PutKeysBack(**log);
    if (!step) return step;
    const auto next = (*log)->BeginEpoch(wanted_.client.has_value());
    if (!next) return std::unexpected(next.error());
    done_.origin = *next;
    done_.from_topic = (*log)->added();
    if (wanted_.client) {
      done_.not_relayed = (*log)->not_relayed();
      positions_ = (*log)->RelayedPositions();
    }
    return {};
  }

  Result<void> ReadBack(RestoredLog& log) {
    TopicReading reading;
    reading.go_on = [&](std::uint64_t messages) {
      if (messages % kProgressEvery == 0) Progress("read back", messages);
      return wanted_.go_on();
    };
    auto ends = ReadTopic(*wanted_.client, wanted_.topics.events, reading,
                          [&](const StoredEvent& event) { return log.Take(event); });
    if (!ends) return std::unexpected(ends.error());
    ends_ = *std::move(ends);
    return log.FinishEvents();
  }

  Result<void> PutKeysBack(RestoredLog& log) {
    const auto read = ReadKeyCopy(wanted_.keys, [&](std::string_view visitor, std::string_view key) -> Result<void> {
      const auto put = log.PutKey(visitor, key);
      if (!put) return std::unexpected(put.error());
      ++(*put ? done_.keys : done_.erased);
      return {};
    });
    if (!read) return std::unexpected(read.error());
    return log.Flush();
  }

  Result<void> Check() {
    const auto store = RocksDbStore::OpenReadOnly(draft_);
    if (!store) return std::unexpected(store.error());
    const auto events = (*store)->Verify([&](std::uint64_t count) { Progress("checked", count); });
    if (!events) return std::unexpected("what was restored is damaged: " + events.error());
    done_.events = *events;
    for (const OriginRange& range : (*store)->Origins()) {
      if (range.last > 0) done_.reaches = {range.origin, range.last};
    }
    const auto newest = (*store)->ReadLog(done_.reaches, {.max_events = 1});
    if (newest && !newest->empty()) done_.newest = newest->front().time;
    return GoOn();
  }

  // Only of origins from which something came back, or may have: of older ones it was told before.
  Result<void> TellPositions() {
    for (const LogPosition& position : positions_) {
      if (position.origin.epoch < done_.backup.position.origin.epoch) continue;
      auto told = WritePosition(*wanted_.client, wanted_.topics.positions, position, ends_);
      if (!told) return told;
    }
    return {};
  }

  const RestoreWanted& wanted_;
  const std::string draft_;
  Restored done_;
  kafka::Offsets ends_;
  std::vector<LogPosition> positions_;
};

Result<void> PutInPlace(const std::string& data) {
  std::error_code error;
  fs::rename(DraftIn(data), StoreIn(data), error);
  if (error) return CanNot(data, error.message());
  if (!SyncFolder(data)) return CanNot(data, "it can not be synced");
  return {};
}

}  // namespace

std::optional<std::string> WhyHalfRestored(const std::string& data) {
  std::error_code error;
  if (!fs::exists(DraftIn(data), error)) return std::nullopt;
  return "the data folder " + data + " holds a restore that was interrupted: remove " + DraftIn(data) +
         " and run monitorctl restore again";
}

std::expected<Restored, std::string> Restore(const RestoreWanted& wanted) {
  if (auto empty = CheckEmpty(wanted.data); !empty) return std::unexpected(empty.error());
  const auto backup = Choose(wanted);
  if (!backup) return std::unexpected(backup.error());
  // Before anything is made.
  if (const auto keys = ReadKeyCopy(wanted.keys, {}); !keys) return std::unexpected(keys.error());
  std::error_code error;
  const bool made = fs::create_directories(wanted.data, error);
  if (!error) fs::permissions(wanted.data, fs::perms::owner_all, error);  // as monitord does
  if (error) return CanNot(wanted.data, error.message());
  auto restored = Restoring(wanted).Run(*backup);
  if (restored) {
    if (auto placed = PutInPlace(wanted.data); !placed) restored = std::unexpected(placed.error());
  }
  if (restored) return restored;
  fs::remove_all(DraftIn(wanted.data), error);
  if (made) fs::remove(wanted.data, error);
  return restored;
}

}  // namespace monitor
