// Which folder of the data folder has the view that answers, and which the one that is being counted anew: the file
// `generations` beside them. It is exchanged as a whole, so that after a crash at any moment there is one answer. A
// RocksDB database that is open can not be renamed, so it is not folders that are exchanged. Without the file `view`
// answers.
//
// Threads: one at a time.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "domain/values/timestamp.h"

namespace monitor {

struct NextGeneration {
  std::string folder;
  TimeMs began;
  bool loss_accepted = false;  // it takes over also if it has less than the one before
};

struct GenerationFolders {
  std::string answering = "view";
  std::optional<TimeMs> began;  // when it began to be counted anew; nullopt: it is the first
  std::optional<NextGeneration> next;
};

// Errors are one sentence each.
class GenerationFile {
 public:
  explicit GenerationFile(std::string data_folder) : data_folder_(std::move(data_folder)) {}

  // For the start, while none of the folders is open. Afterwards the one that answers is called `view` again, unless
  // the disk refuses it, and generations that nobody needs any more are gone. A file that can not be understood is an
  // error: a guess might remove the view that answers.
  std::expected<GenerationFolders, std::string> Settle() const;
  // Synced.
  std::expected<void, std::string> Write(const GenerationFolders& folders) const;
  // A name for another one.
  static std::string NameAfter(const std::string& answering);
  std::string PathOf(const std::string& folder) const { return data_folder_ + "/" + folder; }
  // A generation that is not open, whatever is left of it.
  std::expected<void, std::string> Remove(const std::string& folder) const;

 private:
  std::expected<GenerationFolders, std::string> Read() const;
  std::expected<void, std::string> CallFirst(GenerationFolders& folders) const;

  const std::string data_folder_;
};

}  // namespace monitor
