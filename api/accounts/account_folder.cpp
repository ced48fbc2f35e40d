#include "api/accounts/account_folder.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "server/log.h"

namespace monitor {
namespace {

std::int64_t Nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

std::optional<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return std::nullopt;
  return content;
}

}  // namespace

std::vector<AccountFile> AccountFolder::Changed() {
  std::vector<AccountFile> changed;
  std::map<std::string, Signature> present;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    struct stat status{};
    if (!name.ends_with(".json") || ::stat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    present[name] = {Nanoseconds(status.st_mtim), Nanoseconds(status.st_ctim), status.st_size, status.st_ino};
  }
  if (error) {
    // A folder that is gone for a moment is not a folder without files.
    if (std::exchange(readable_, false)) log::Warning("accounts_folder_unreadable", {{"reason", error.message()}});
    seen_.clear();
    return changed;
  }
  readable_ = true;
  for (const auto& [name, signature] : present) {
    if (auto seen = seen_.find(name); seen != seen_.end() && seen->second == signature) continue;
    std::optional<std::string> content;
    if (static_cast<std::uintmax_t>(signature.size) <= kMaxFileBytes) content = ReadWhole(folder_ + "/" + name);
    if (content) {
      changed.push_back({name, std::move(*content)});
    } else {
      log::Error("account_file_unreadable", {{"file", name}});
    }
  }
  seen_ = std::move(present);
  return changed;
}

}  // namespace monitor
