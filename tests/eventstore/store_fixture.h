// A store in a folder of its own, opened, killed and opened again by the tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "domain/values/bytes.h"
#include "eventstore/keys/visitor_keys.h"
#include "eventstore/log/database.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/rocksdb_store.h"
#include "tests/temporary_folder.h"

namespace monitor {

inline RocksDbStoreOptions OptionsFor(const std::string& path) {
  RocksDbStoreOptions options;
  options.path = path;
  options.min_free_bytes = 0;
  return options;
}

inline std::unique_ptr<RocksDbStore> OpenStore(RocksDbStoreOptions options) {
  auto store = RocksDbStore::Open(std::move(options));
  EXPECT_TRUE(store) << store.error();
  return store ? std::move(*store) : nullptr;
}

// A request of `count` events of one session's stream.
inline AppendRequest RequestOf(const std::string& visitor, std::uint64_t expected_version, int count = 1,
                               const std::string& data = R"({"accountId":"demo"})") {
  AppendRequest request;
  request.key = "demo/" + visitor;
  request.now = FromUnixMs(1'700'000'000'000);
  StreamAppend append;
  append.stream = StreamName("session/demo/" + visitor + "/s");
  append.expected_version = expected_version;
  for (int i = 0; i < count; ++i) append.events.push_back({"activity-reported", data});
  request.streams.push_back(std::move(append));
  return request;
}

// As a restore will: what is appended from now on belongs to another origin of the node. The store must be closed.
inline void BeginEpoch(const std::string& path, std::uint32_t number) {
  const auto database = OpenDatabase({.path = path, .on_sync_failure = [](const std::string&) {}});
  ASSERT_TRUE(database) << database.error();
  std::string epoch, error;
  AppendBig(number, epoch);
  rocksdb::WriteBatch batch;
  batch.Put((*database)->family(Family::kMeta), ToSlice(kEpochKey), epoch);
  const auto committed = CommitBatch(**database, batch, [](const std::string&) {});
  ASSERT_TRUE(committed) << committed.error();
}

inline std::vector<StoredEvent> ReadAll(const EventStore& store) {
  std::vector<StoredEvent> all;
  for (const OriginRange& range : store.Origins()) {
    LogPosition from{range.origin, 1};
    for (;;) {
      auto events = store.ReadLog(from, {});
      EXPECT_TRUE(events);
      if (!events || events->empty()) break;
      from.seq = events->back().position.seq + 1;
      for (auto& event : *events) all.push_back(std::move(event));
    }
  }
  return all;
}

}  // namespace monitor
