#include "api/admin/token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "eventstore/random.h"

namespace monitor {
namespace {

std::unexpected<std::string> Failed(const std::string& path, const char* what) {
  return std::unexpected("admin token file " + path + ": " + what + ": " + std::strerror(errno));
}

// True if it was made, false if it is there.
std::expected<bool, std::string> Make(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return false;
  if (fd < 0) return Failed(path, "cannot be made");
  const std::string line = RandomHex(32) + "\n";
  const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written) {
    ::unlink(path.c_str());
    return Failed(path, "cannot be written");
  }
  return true;
}

}  // namespace

std::expected<std::string, std::string> LoadTokenFile(const std::string& path) {
  if (auto made = Make(path); !made) return std::unexpected(made.error());
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return Failed(path, "cannot be read");
  if ((status.st_mode & 077) != 0) {
    return std::unexpected("admin token file " + path + " is open to others; its mode must be 600");
  }
  std::string token;
  std::ifstream file(path);
  if (!file) return Failed(path, "cannot be read");
  std::getline(file, token);
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) return std::unexpected("admin token file " + path + " is empty");
  return token;
}

}  // namespace monitor
