// Writes a node's data folder with a log of so many GiB, through the store's own writer, and verifies it: sessions of
// ten pages, each of a visitor of its own, whose sealed fields are empty. bench/run start keeps it in .cache.
//
//   log_fixture FOLDER GIB
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/keys/visitor_keys.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/new_event.h"
#include "session_events.h"

namespace monitor {
namespace {

constexpr int kWriters = 64;
constexpr int kPages = 10;

AppendRequest Session(std::uint64_t number) {
  // Visitors of all buckets in turns: the first two digits are the bucket.
  char id[33];
  std::snprintf(id, sizeof(id), "%02x%030llx", static_cast<unsigned>(number % 256),
                static_cast<unsigned long long>(number));
  const VisitorId visitor(id);
  StreamAppend stream;
  for (const Event& event : bench::SessionEvents(visitor, kPages)) {
    stream.stream = SessionStream(event.scope.account, visitor, event.scope.session);
    stream.events.push_back(EncodeNew(event, NoKey()));
  }
  AppendRequest request;
  request.key = "shop50/" + visitor.str();
  request.now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  request.streams.push_back(std::move(stream));
  return request;
}

void Write(RocksDbStore& store, std::uint64_t bytes) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> failed{false};
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&] {
        while (!failed && store.Statistics().bytes < bytes) {
          if (!store.Append(Session(next++))) failed = true;
        }
      });
    }
  }
  if (failed) throw std::runtime_error("the store refuses: " + store.WhyNotWritable());
}

void Run(const std::string& folder, double gib) {
  std::filesystem::create_directories(folder);
  auto store = RocksDbStore::Open({.path = folder + "/store"});
  if (!store) throw std::runtime_error(store.error());
  if (const auto key = MasterKey::LoadFor(**store, folder + "/master.key"); !key) throw std::runtime_error(key.error());
  Write(**store, static_cast<std::uint64_t>(gib * (1ull << 30)));
  const auto verified = (*store)->Verify([](std::uint64_t) {});
  if (!verified) throw std::runtime_error(verified.error());
  std::printf("%llu events\n", static_cast<unsigned long long>(*verified));
}

}  // namespace
}  // namespace monitor

int main(int argc, char** argv) {
  const double gib = argc == 3 ? std::atof(argv[2]) : 0;
  if (gib <= 0) {
    std::fprintf(stderr, "usage: log_fixture FOLDER GIB\n");
    return 2;
  }
  try {
    monitor::Run(argv[1], gib);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "log_fixture: %s\n", error.what());
    return 1;
  }
}
