#include "eventstore/backup/node_backup.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/backup/key_copy.h"

namespace monitor {
namespace {

namespace fs = std::filesystem;
using Code = BackupFailure::Code;

std::string DraftOf(const std::string& store) { return store + ".backup"; }

std::unexpected<BackupFailure> Invalid(const std::string& field, const std::string& what) {
  return std::unexpected(BackupFailure{Code::kInvalid, field + ": " + what});
}

// The folder itself, too. Both without links and dots.
bool IsIn(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

// Where the path leads, whether all of it exists or not.
std::expected<fs::path, BackupFailure> Resolve(const std::string& field, const std::string& text) {
  if (text.empty() || text.contains('\0')) return Invalid(field, "a folder is required");
  if (!fs::path(text).is_absolute()) return Invalid(field, "must be an absolute path");
  std::error_code error;
  fs::path path = fs::weakly_canonical(text, error);
  if (error) return Invalid(field, "can not be reached: " + error.message());
  return path.has_filename() ? path : path.parent_path();
}

std::expected<void, BackupFailure> MakeFolder(const std::string& field, const fs::path& path) {
  std::error_code error;
  const bool made = fs::create_directories(path, error);
  if (!error && made) fs::permissions(path, fs::perms::owner_all, error);
  if (!error && !fs::is_directory(path, error) && !error) error = std::make_error_code(std::errc::not_a_directory);
  if (error) return Invalid(field, "the folder can not be made: " + error.message());
  return {};
}

std::expected<BackupWanted, BackupFailure> ResolveFolders(const BackupWanted& wanted, const std::string& store) {
  BackupWanted resolved = wanted;
  fs::path folder, keys;
  // Once more when they are made: nothing is left of a link that led nowhere.
  for (const bool make : {true, false}) {
    auto one = Resolve("dir", wanted.folder), other = Resolve("keys", wanted.keys);
    if (!one) return std::unexpected(one.error());
    if (!other) return std::unexpected(other.error());
    folder = *std::move(one);
    keys = *std::move(other);
    if (IsIn(keys, folder)) return Invalid("keys", "must not be in dir: a backup holds no visitor's key");
    std::error_code error;
    const fs::path own = fs::weakly_canonical(store, error);
    if (IsIn(folder, own)) return Invalid("dir", "must not be in the store itself");
    if (IsIn(keys, own)) return Invalid("keys", "must not be in the store itself");
    if (!make) break;
    if (auto made = MakeFolder("dir", folder); !made) return std::unexpected(made.error());
    if (auto made = MakeFolder("keys", keys); !made) return std::unexpected(made.error());
  }
  resolved.folder = folder;
  resolved.keys = keys;
  return resolved;
}

// It holds visitors' keys until they are dropped from it, and keeps the space of tables that the store gave back.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) { Remove(); }
  Draft(const Draft&) = delete;
  ~Draft() { Remove(); }
  const std::string& path() const { return path_; }

 private:
  void Remove() {
    std::error_code error;
    fs::remove_all(path_, error);
  }

  const std::string path_;
};

}  // namespace

std::expected<Backup, BackupFailure> NodeBackup::Make(const BackupWanted& wanted) {
  const std::unique_lock alone(running_, std::try_to_lock);
  if (!alone) return std::unexpected(BackupFailure{Code::kBusy, "another backup is being made"});
  const auto resolved = ResolveFolders(wanted, store_.path());
  if (!resolved) return std::unexpected(resolved.error());
  auto made = MakeAlone(*resolved);
  if (!made) return std::unexpected(BackupFailure{Code::kFailed, std::move(made.error())});
  return *std::move(made);
}

// The keys are copied after the database and before the backup counts: of whatever a backup holds there is the key,
// unless it was erased since.
std::expected<Backup, std::string> NodeBackup::MakeAlone(const BackupWanted& wanted) {
  // The folder may be on the store's own disk, whose last bytes are the visitors'.
  const auto go_on = [&] { return wanted.go_on() && store_.Writable(); };
  if (!store_.Writable()) return std::unexpected("no backup is made now: " + store_.WhyNotWritable());
  const Draft draft(DraftOf(store_.path()));
  auto done = store_.CopyByLinks(draft.path());
  if (done) done = DropVisitorKeys(draft.path());
  if (!done) return std::unexpected("the store can not be copied: " + done.error());
  if (const auto keys = CopyKeys(store_, wanted.keys); !keys) return std::unexpected(keys.error());
  if (!go_on()) return std::unexpected("the backup was stopped");
  return AddBackup(wanted.folder, draft.path(), go_on);
}

void NodeBackup::RemoveDraft(const std::string& path) { const Draft removed(DraftOf(path)); }

}  // namespace monitor
