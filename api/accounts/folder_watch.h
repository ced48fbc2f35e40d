// Calls back when something in a folder may have changed: by inotify, and every few seconds anyway, for file systems
// that tell nothing and for folders that come later. Has one thread, on which the call-back runs.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace monitor {

class FolderWatch {
 public:
  // `changed` must not throw. Throws std::system_error if the system has no descriptors or threads left.
  FolderWatch(std::string folder, std::function<void()> changed);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

 private:
  void Run();
  void Watch();

  const std::string folder_;
  const std::function<void()> changed_;
  int inotify_ = -1;  // -1: the system gives none, looks must do
  int watch_ = -1;
  int stop_ = -1;  // an eventfd
  std::thread thread_;
};

}  // namespace monitor
