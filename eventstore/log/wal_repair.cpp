#include "eventstore/log/wal_repair.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "eventstore/log/wal_records.h"

namespace monitor {

std::expected<std::optional<WalDamage>, std::string> CutDamagedLog(const std::string& folder,
                                                                   const std::function<bool(StoredEvent&&)>& drop) {
  auto damage = CheckWriteAheadLogs(folder);
  if (!damage || !*damage) return damage;
  const std::string& path = (*damage)->file;
  if (path != WriteAheadLogs(folder).back()) {
    return std::unexpected((*damage)->InWords() + ", and there are later ones; restore a backup");
  }
  const auto bytes = ReadWriteAheadLog(path);
  if (!bytes) return std::unexpected(bytes.error());
  bool is_told = true;
  ForEachWalEvent(*bytes, (*damage)->at, [&](StoredEvent&& event) { is_told = is_told && drop(std::move(event)); });
  if (!is_told) return std::unexpected("what would be lost could not be written down: nothing is dropped");
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool cut = file >= 0 && ::ftruncate(file, static_cast<off_t>((*damage)->at)) == 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!cut) return std::unexpected(path + " can not be cut: " + std::generic_category().message(error));
  return damage;
}

}  // namespace monitor
