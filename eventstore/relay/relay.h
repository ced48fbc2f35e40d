// From the log to Kafka: events.md section 3, docs/decisions/relay.md.
//
// Disposable: everything is read from the log and the saved position; after any failure of the producer another is made
// and goes on from there (relay_run.h). Starts and serves with the broker down, late or gone. Has one thread of its
// own. Threads: every function may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/log/rocksdb_store.h"
#include "kafka/client.h"

namespace monitor {

struct RelayOptions {
  kafka::ClientSettings client;
  kafka::Topics topics;  // that of dead letters is only made here, for the consumers
  int partitions = 16;  // of a topic that must be made; an existing one is never altered
  std::uint64_t max_in_flight = 20'000;
  // What the relay has to say to the operator: event name and one sentence.
  std::function<void(const std::string& event, const std::string& detail)> report;
  // Waits between a producer that failed and the next; empty: as long as it says, or until it is stopped.
  std::function<void(std::chrono::milliseconds)> pause;
};

struct RelayStatus {
  std::uint64_t relayed = 0;  // the contiguous acknowledged seq of the current origin
  bool connected = false;
  std::uint64_t delivered_total = 0, restarts_total = 0, errors_total = 0;
  bool looked = false;  // it knows that the log is not an older copy of what the topic has; or that there is no broker
  std::string away;     // why it is not connected, in words; empty if it is, or if nothing was heard yet
  std::string refusal;  // not empty: it will not go on by itself (a partition count that is no power of two, …)
};

class Relay {
 public:
  Relay(RelayOptions options, RocksDbStore& store);  // store must outlive it
  ~Relay();                                          // stops at once; flush what is in flight with Drain first

  RelayStatus Status() const;
  // What ack=kafka must know before it writes: no acknowledgement can be expected (broker_watch.h, or it refuses to go
  // on). False while that is not known yet.
  bool BrokerIsAway() const;
  // Waits for the first contact with the broker, at which an older copy of the log is noticed (RocksDbStore::Refuse),
  // for the word that there is none, or for `max_wait`.
  void WaitLooked(std::chrono::milliseconds max_wait) const;
  // True once everything that was in the log when called is acknowledged; waits at most `max_wait`.
  bool Drain(std::chrono::milliseconds max_wait);
  // True once `seq` of the current origin is acknowledged (ack=kafka).
  bool WaitRelayed(std::uint64_t seq, std::chrono::milliseconds max_wait) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace monitor
