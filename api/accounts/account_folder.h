// The account documents of a folder: which of its *.json files are new or have changed since the last look.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace monitor {

struct AccountFile {
  std::string name;  // without the folder
  std::string content;
};

class AccountFolder {
 public:
  static constexpr std::uintmax_t kMaxFileBytes = 16 << 20;

  explicit AccountFolder(std::string folder) : folder_(std::move(folder)) {}

  // In the order of their names. A file that can not be read is told to the log, once for each of its states; so is the
  // folder, once until it can be read again.
  std::vector<AccountFile> Changed();
  // Was it there at the last look?
  bool Has(const std::string& name) const { return seen_.contains(name); }
  // It counts as changed at the next look.
  void Forget(const std::string& name) { seen_.erase(name); }

 private:
  // What changes when a file's content is replaced.
  struct Signature {
    std::int64_t modified_ns = 0, changed_ns = 0, size = 0;
    std::uint64_t inode = 0;
    bool operator==(const Signature&) const = default;
  };

  const std::string folder_;
  std::map<std::string, Signature> seen_;
  bool readable_ = true;  // at the last look
};

}  // namespace monitor
