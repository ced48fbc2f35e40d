#include "api/accounts/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace monitor {
namespace {

constexpr int kLookEvery_ms = 5'000;
// Writers are waited for: a file that is open for writing is half a file.
constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

FolderWatch::FolderWatch(std::string folder, std::function<void()> changed)
    : folder_(std::move(folder)), changed_(std::move(changed)) {
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  inotify_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  Watch();
  thread_ = std::thread([this] { Run(); });
}

FolderWatch::~FolderWatch() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof one);
  thread_.join();
  ::close(stop_);
  if (inotify_ >= 0) ::close(inotify_);
}

// The folder may have come, or have been replaced.
void FolderWatch::Watch() {
  if (inotify_ >= 0) watch_ = ::inotify_add_watch(inotify_, folder_.c_str(), kEvents);
}

void FolderWatch::Run() {
  for (;;) {
    pollfd ready[2] = {{stop_, POLLIN, 0}, {inotify_, POLLIN, 0}};  // a descriptor of -1 is passed over
    ::poll(ready, 2, kLookEvery_ms);
    if (ready[0].revents != 0) return;
    char events[4'096];
    while (inotify_ >= 0 && ::read(inotify_, events, sizeof events) > 0) {
    }
    Watch();
    changed_();
  }
}

}  // namespace monitor
