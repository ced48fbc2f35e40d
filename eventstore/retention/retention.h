// Drops what the log need not keep any more (docs/decisions/retention.md): looks once a minute, on a thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/log/rocksdb_store.h"

namespace monitor {

struct RetentionOptions {
  // Events are kept for so long, and as long as their session can live.
  std::chrono::milliseconds events{0};
  // There is a broker: only what it has goes.
  bool relayed = false;
  // How long a session may live by the documents that are in force, or were since the process began.
  std::function<std::chrono::milliseconds()> longest_session;
  std::chrono::milliseconds pause = std::chrono::minutes(1);  // between looks
  // Event name (retention_dropped, retention_failed) and one sentence. On the thread.
  std::function<void(const std::string& event, const std::string& detail)> report;
};

class Retention {
 public:
  // The store must outlive it.
  Retention(RetentionOptions options, RocksDbStore& store);
  ~Retention();

  std::uint64_t dropped() const;  // events, since the start
  bool failing() const;           // it could not drop what it should, when it last looked
  // How old an event may become, as it last knew; 0: it does not know yet.
  std::chrono::milliseconds keeps() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace monitor
