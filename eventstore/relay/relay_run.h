// One life of the relay: a producer, what is in flight with it, and the log from the saved position on. Ends with the
// first failure; the next life starts from the saved position (docs/decisions/relay.md). Threads: the relay's own
// thread only, but for `stop`.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "eventstore/relay/relay.h"
#include "eventstore/relay/relay_progress.h"
#include "kafka/producer.h"

namespace monitor {

// What a life tells while it lasts.
struct RelayEvents {
  std::function<void(bool connected, const std::string& why)> on_connection;
  std::function<void()> on_looked;                                        // the log is no older copy
  std::function<void(const std::string& what)> on_left_out;               // what is in this log and will never be sent
  std::function<void()> on_delivered;                                     // one event
  std::function<void(Origin origin, std::uint64_t seq)> on_acknowledged;  // contiguous
  std::function<void(bool something)> on_waiting;                         // as BrokerWatch::Waits wants it
};

enum class RelayEnd : std::uint8_t { kStopped, kFailed, kRefused };

class RelayRun {
 public:
  // All must outlive it.
  RelayRun(const RelayOptions& options, RocksDbStore& store, const RelayEvents& events, std::stop_token stop);

  // Returns when it was stopped, failed (start another) or refuses to go on; `why` says it in a sentence.
  RelayEnd Run(std::string& why);

 private:
  std::expected<void, std::string> Connect();
  std::expected<void, std::string> ComparePartitions();
  std::expected<void, std::string> CompareWithTopic();
  void LeaveOut(Origin origin, std::uint64_t saved);
  // Sends one origin's events from its saved position on; true when a closed origin is done.
  std::expected<bool, std::string> RelayOrigin(const OriginRange& range, bool closed);
  std::expected<std::size_t, std::string> SendNext(Origin origin, std::uint64_t& next);
  std::expected<bool, std::string> SendEvent(const StoredEvent& event);
  std::expected<bool, std::string> SendTableRow(const StoredEvent& event);
  std::expected<bool, std::string> Send(kafka::NewMessage& message, std::uint64_t seq);
  void TellConnection(bool connected, const std::string& why);
  void TellWaiting(bool progressed);
  void WaitForMore(Origin origin, std::uint64_t next, std::size_t sent, bool closed);
  std::expected<void, std::string> Serve(Origin origin, std::chrono::milliseconds max_wait);
  std::expected<void, std::string> SavePosition(Origin origin);
  void TellLastPosition(Origin origin);
  bool Stopping() const { return stop_.stop_requested(); }

  const RelayOptions& options_;
  RocksDbStore& store_;
  const RelayEvents& events_;
  const std::stop_token stop_;

  std::unique_ptr<kafka::Producer> producer_;
  int partitions_ = 0, positions_partitions_ = 0, accounts_partitions_ = 0;
  std::optional<RelayProgress> progress_;
  std::set<Origin> older_copies_;  // closed origins of which the topic has more than this log
  std::string delivery_error_, refusal_;
  bool connected_ = false;     // what on_connection last said
  std::optional<bool> waits_;  // what on_waiting last said
  std::uint64_t told_ = 0;     // what on_acknowledged last said
  std::uint64_t saved_ = 0;    // what SavePosition last wrote
  bool position_due_ = true;   // written once in every life, and when idle
  bool unsaved_ = false;       // the store did not take the last position: its disk is low
  std::chrono::steady_clock::time_point saved_at_;
};

}  // namespace monitor
