// Durable appends a second with 64 waiting threads, beside what the disk does with plain appends and fdatasync in the
// same run. Usage: store_bench [SECONDS=5] [FOLDER=.]
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/log/rocksdb_store.h"

namespace monitor {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kThreads = 64;
constexpr std::size_t kEventBytes = 700;  // an activity-reported

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// Appends of `bytes`, each with a sync of its own.
double RawAppendsPerSecond(const std::string& folder, std::size_t bytes, double seconds) {
  std::string path = folder + "/raw";
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  if (file < 0) std::exit(1);
  std::string block(bytes, 'x');
  std::uint64_t appends = 0;
  auto start = Clock::now();
  while (Seconds(Clock::now() - start) < seconds) {
    if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) std::exit(1);
    ++appends;
  }
  double rate = static_cast<double>(appends) / Seconds(Clock::now() - start);
  ::close(file);
  std::filesystem::remove(path);
  return rate;
}

AppendRequest Request(int thread, std::uint64_t version) {
  std::string visitor = "00000000000000000000000000000" + std::to_string(100 + thread);
  AppendRequest request;
  request.key = "demo/" + visitor;
  request.now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  request.streams.push_back({StreamName("session/demo/" + visitor + "/0123456789abcdef0123456789abcdef"),
                             version,
                             {{"activity-reported", std::string(kEventBytes, 'x')}}});
  return request;
}

// Of the whole process, user and system: unlike the rate it hardly depends on what else the machine does.
double CpuSeconds() {
  struct rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

struct StoreRate {
  double appends, batches, cpu_us;
  double p50_us, p99_us;
};

StoreRate StoreAppendsPerSecond(const std::string& folder, int threads, double seconds) {
  auto store = RocksDbStore::Open({.path = folder + "/store"});
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().c_str());
    std::exit(1);
  }
  std::atomic<bool> stop{false};
  std::vector<std::vector<float>> waits(static_cast<std::size_t>(threads));
  std::vector<std::thread> workers;
  double cpu = CpuSeconds();
  auto start = Clock::now();
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      for (std::uint64_t version = 0; !stop; ++version) {
        auto begin = Clock::now();
        if (!(*store)->Append(Request(t, version))) std::exit(1);
        waits[static_cast<std::size_t>(t)].push_back(static_cast<float>(Seconds(Clock::now() - begin) * 1e6));
      }
    });
  }
  while (Seconds(Clock::now() - start) < seconds) {
    (*store)->WaitForSeq(~0ull, std::chrono::milliseconds(50));
  }
  stop = true;
  for (auto& worker : workers) worker.join();
  double elapsed = Seconds(Clock::now() - start);
  cpu = CpuSeconds() - cpu;
  std::vector<float> all;
  for (const auto& of_thread : waits) all.insert(all.end(), of_thread.begin(), of_thread.end());
  std::sort(all.begin(), all.end());
  auto statistics = (*store)->Statistics();
  store->reset();
  std::filesystem::remove_all(folder + "/store");
  return {static_cast<double>(all.size()) / elapsed, static_cast<double>(statistics.batches) / elapsed,
          cpu * 1e6 / static_cast<double>(all.size()), all[all.size() / 2], all[all.size() * 99 / 100]};
}

void Run(double seconds, const std::string& where) {
  std::string folder = where + "/store_bench-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  double raw = RawAppendsPerSecond(folder, kEventBytes, seconds / 4);
  // What a perfect group commit of all 64 would do: one write and one sync for all.
  double grouped = kThreads * RawAppendsPerSecond(folder, kThreads * kEventBytes, seconds / 4);
  std::printf("%-44s %10s %9s %9s %9s %9s %9s\n", "", "appends/s", "of raw64", "syncs/s", "cpu us", "p50 us", "p99 us");
  std::printf("%-44s %10.0f %9.2f\n", "raw: append 700 bytes + fdatasync", raw, raw / grouped);
  std::printf("%-44s %10.0f %9.2f\n", "raw64: append 64 x 700 bytes + fdatasync", grouped, 1.0);
  for (int threads : {1, 8, kThreads}) {
    StoreRate rate = StoreAppendsPerSecond(folder, threads, seconds);
    std::string name = "store: " + std::to_string(threads) + " waiting threads";
    std::printf("%-44s %10.0f %9.2f %9.0f %9.1f %9.0f %9.0f\n", name.c_str(), rate.appends, rate.appends / grouped,
                rate.batches, rate.cpu_us, rate.p50_us, rate.p99_us);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace monitor

int main(int argc, char** argv) {
  monitor::Run(argc > 1 ? std::atof(argv[1]) : 5, argc > 2 ? argv[2] : ".");
  return 0;
}
