// Calls of the C library that fail on command, for this test program and RocksDB in it, in folders of tests only
// (temporary_folder.h). `rename` and `open` are replaced by failing_calls.cpp; `write` and the syncs by the program's
// own test, which asks here. Not in sanitizer builds: their runtimes replace the same functions, and use them before
// they are ready.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <ostream>
#include <string_view>

namespace monitor {

enum class Call : std::uint8_t { kNone, kWrite, kSync, kRename, kOpen };

inline std::atomic<Call> failing_call{Call::kNone};
inline std::atomic<int> failing_error{EIO};

// Sets errno if it does.
inline bool Fails(Call call, std::string_view path) {
  if (failing_call != call || path.find("/monitor-test-") == path.npos) return false;
  errno = failing_error;
  return true;
}

inline bool Fails(Call call, int file) {
  if (failing_call != call) return false;
  char link[64], path[4'096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = ::readlink(link, path, sizeof path);
  return size > 0 && Fails(call, std::string_view(path, static_cast<std::size_t>(size)));
}

// As on a disk that is full: half of what is asked, then nothing. How much to write; 0: fail.
inline std::size_t Writable(int file, std::size_t size) {
  if (!Fails(Call::kWrite, file)) return size;
  static thread_local bool half_written = false;
  half_written = !half_written;
  return half_written ? size / 2 : 0;
}

struct FailingCall {
  Call call;
  int error;
  const char* name;
};

// For GoogleTest, which would print its bytes, other ones in each process.
inline void PrintTo(const FailingCall& failing, std::ostream* out) { *out << failing.name; }

// Each of them in turn.
constexpr FailingCall kFailingCalls[] = {{Call::kWrite, ENOSPC, "WriteNoSpace"},
                                         {Call::kWrite, EIO, "Write"},
                                         {Call::kSync, EIO, "Sync"},
                                         {Call::kRename, EIO, "Rename"},
                                         {Call::kOpen, EMFILE, "Open"}};

inline void Break(const FailingCall& failing) {
  failing_error = failing.error;
  failing_call = failing.call;
}

}  // namespace monitor
