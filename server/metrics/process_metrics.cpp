#include "server/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace monitor::metrics {
namespace {

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double ProcessorSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double MostFiles() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double EntriesOf(const char* folder) {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

void AddProcessMetrics(metrics::Registry& registry) {
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  registry.AddGauge("process_start_time_seconds", "Start of the process since the epoch").Set(now);
  registry.AddGaugeFunction("process_resident_memory_bytes", "Resident memory", {}, ResidentBytes);
  registry.AddCounterFunction("process_cpu_seconds_total", "User and system time", {}, ProcessorSeconds);
  registry.AddGaugeFunction("process_open_fds", "Open file descriptors", {}, [] { return EntriesOf("/proc/self/fd"); });
  registry.AddGaugeFunction("process_max_fds", "The most that it may have open", {}, MostFiles);
  registry.AddGaugeFunction("process_threads", "Threads", {}, [] { return EntriesOf("/proc/self/task"); });
}

}  // namespace monitor::metrics
