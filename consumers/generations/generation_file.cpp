#include "consumers/generations/generation_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "domain/values/whole_number.h"

namespace monitor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileName = "generations";
constexpr const char* kFirst = "view";
const std::string kNumbered = "view.";  // and a number; what an older version was moved to has a word there

bool IsNumbered(std::string_view name) {
  return name.starts_with(kNumbered) && name.size() > kNumbered.size() && name[kNumbered.size()] >= '0' &&
         name[kNumbered.size()] <= '9';
}

bool IsGeneration(std::string_view name) {
  return name == kFirst || (IsNumbered(name) && ParseWhole<std::uint32_t>(name.substr(kNumbered.size())));
}

std::optional<TimeMs> TimeIn(const std::string& word) {
  const auto ms = ParseWhole<std::int64_t>(word);
  return ms ? std::optional(FromUnixMs(*ms)) : std::nullopt;
}

// Two lines: "answers FOLDER [BEGAN]", "counts FOLDER BEGAN [loss-accepted]"; times in ms.
std::optional<GenerationFolders> Parse(std::istream& text) {
  GenerationFolders folders;
  bool answers = false;
  for (std::string line; std::getline(text, line);) {
    std::istringstream split(line);
    const std::vector<std::string> words(std::istream_iterator<std::string>(split), {});
    if (words.size() < 2 || words.size() > 4 || !IsGeneration(words[1])) return std::nullopt;
    const auto began = words.size() > 2 ? TimeIn(words[2]) : std::nullopt;
    if (words.size() > 2 && !began) return std::nullopt;
    if (words[0] == "answers" && words.size() < 4 && !answers) {
      answers = true;
      folders.answering = words[1];
      folders.began = began;
    } else if (words[0] == "counts" && began && !folders.next) {
      if (words.size() == 4 && words[3] != "loss-accepted") return std::nullopt;
      folders.next = {.folder = words[1], .began = *began, .loss_accepted = words.size() == 4};
    } else {
      return std::nullopt;
    }
  }
  const bool apart = !folders.next || folders.next->folder != folders.answering;
  return answers && apart ? std::optional(folders) : std::nullopt;
}

std::string TextOf(const GenerationFolders& folders) {
  const auto ms = [](TimeMs time) { return " " + std::to_string(ToUnixMs(time)); };
  std::string text = "answers " + folders.answering + (folders.began ? ms(*folders.began) : "") + "\n";
  if (const auto& next = folders.next) {
    text += "counts " + next->folder + ms(next->began) + (next->loss_accepted ? " loss-accepted" : "") + "\n";
  }
  return text;
}

bool WriteSynced(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return false;
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  errno = why;
  return written;
}

}  // namespace

std::expected<GenerationFolders, std::string> GenerationFile::Read() const {
  const std::string path = PathOf(kFileName);
  std::error_code error;
  if (!fs::exists(path, error) && !error) return GenerationFolders();
  std::ifstream file(path);
  const auto folders = file ? Parse(file) : std::nullopt;
  if (folders) return *folders;
  return std::unexpected(path + " does not say which view answers; write \"answers FOLDER\" into it");
}

std::expected<void, std::string> GenerationFile::Write(const GenerationFolders& folders) const {
  const std::string path = PathOf(kFileName), fresh = path + ".new";
  if (WriteSynced(fresh, TextOf(folders)) && std::rename(fresh.c_str(), path.c_str()) == 0) return {};
  return std::unexpected(path + " can not be written: " + std::strerror(errno));
}

std::expected<void, std::string> GenerationFile::Remove(const std::string& folder) const {
  std::error_code error;
  fs::remove_all(PathOf(folder), error);
  if (!error) return {};
  return std::unexpected(PathOf(folder) + " can not be removed: " + error.message());
}

std::string GenerationFile::NameAfter(const std::string& answering) {
  const auto number =
      IsNumbered(answering) ? ParseWhole<std::uint32_t>(std::string_view(answering).substr(kNumbered.size())) : 1;
  return kNumbered + std::to_string(number.value_or(1) + 1);
}

std::expected<GenerationFolders, std::string> GenerationFile::Settle() const {
  auto read = Read();
  if (!read) return read;
  GenerationFolders folders = *std::move(read);
  std::error_code error;
  if (folders.answering != kFirst) {
    const auto settled = CallFirst(folders);
    if (!settled) return std::unexpected(settled.error());
  }
  std::vector<std::string> unneeded;
  for (fs::directory_iterator entry(data_folder_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool needed = name == folders.answering || (folders.next && name == folders.next->folder);
    if (IsNumbered(name) && !needed) unneeded.push_back(name);
  }
  for (const std::string& name : unneeded) (void)Remove(name);  // what stays only takes room
  return folders;
}

// If it can not be done, as on a full disk, the view keeps its name.
std::expected<void, std::string> GenerationFile::CallFirst(GenerationFolders& folders) const {
  const std::string name = std::exchange(folders.answering, kFirst);
  std::error_code error;
  // A crash came between the renaming and the writing.
  if (!fs::exists(PathOf(name), error) && !error) return Write(folders);
  const bool removed = Remove(kFirst).has_value();
  if (removed) fs::rename(PathOf(name), PathOf(kFirst), error);
  if (removed && !error && Write(folders)) return {};
  if (removed && !error) fs::rename(PathOf(kFirst), PathOf(name), error);
  folders.answering = name;
  return {};
}

}  // namespace monitor
