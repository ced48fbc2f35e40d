#include "tests/failing_calls.h"

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#include <fcntl.h>
#include <sys/syscall.h>

#include <cstdarg>

extern "C" int rename(const char* from, const char* to) noexcept {
  if (monitor::Fails(monitor::Call::kRename, std::string_view(to))) return -1;
  return static_cast<int>(::syscall(SYS_rename, from, to));
}

extern "C" int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, int) : 0;
  va_end(rest);
  if (monitor::Fails(monitor::Call::kOpen, std::string_view(path))) return -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
#endif
