#include "eventstore/backup/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "eventstore/log/crc32c.h"

namespace monitor {
namespace {

constexpr std::size_t kBuffer = 1 << 20;

}  // namespace

ReplacedFile::ReplacedFile(std::string path) : path_(std::move(path)), draft_(path_ + ".new") {
  ::unlink(draft_.c_str());
  file_ = ::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) Fail();
}

ReplacedFile::~ReplacedFile() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(draft_.c_str());
}

void ReplacedFile::Fail() {
  if (error_.empty()) error_ = path_ + " can not be written: " + std::strerror(errno);
}

void ReplacedFile::Write(std::string_view bytes) {
  crc_ = Crc32c(bytes, crc_);
  buffer_.append(bytes);
  if (buffer_.size() >= kBuffer) Flush();
}

void ReplacedFile::Flush() {
  std::string_view left = buffer_;
  while (error_.empty() && !left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written > 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      Fail();
    }
  }
  buffer_.clear();
}

std::expected<void, std::string> ReplacedFile::Finish() {
  Flush();
  if (error_.empty() && ::fsync(file_) != 0) Fail();
  if (error_.empty() && std::rename(draft_.c_str(), path_.c_str()) != 0) Fail();
  if (!error_.empty()) return std::unexpected(error_);
  ::close(std::exchange(file_, -1));
  if (!SyncFolder(std::filesystem::path(path_).parent_path())) Fail();
  if (!error_.empty()) return std::unexpected(error_);
  return {};
}

bool SyncFolder(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  return synced;
}

FolderLock::FolderLock(const std::string& folder)
    : file_(::open((folder + "/monitor.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  why_ = "the folder " + folder +
         " can not be taken: " + (errno == EWOULDBLOCK ? "somebody else is changing it now" : std::strerror(errno));
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace monitor
