#include "eventstore/relay/relay.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "eventstore/relay/broker_watch.h"
#include "eventstore/relay/relay_run.h"
#include "kafka/back_off.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

// After a life that failed, so long until the next: doubled up to the greatest while nothing gets acknowledged.
constexpr milliseconds kFirstPause{200};
constexpr milliseconds kGreatestPause{5'000};

// librdkafka's words without how long it took this time; "" where they only say that nobody answers.
std::string CauseOf(const std::string& why) {
  return why.ends_with("brokers are down") ? std::string() : why.substr(0, why.find(" (after "));
}

}  // namespace

class Relay::State {
 public:
  State(RelayOptions wanted, RocksDbStore& store)
      : options_(std::move(wanted)), store_(store), current_(store.Origins().back().origin) {
    status_.relayed = store_.RelayedSeq(current_).value_or(0);
    events_.on_connection = [this](bool connected, const std::string& why) { OnConnection(connected, why); };
    events_.on_looked = [this] { Looked(); };
    events_.on_left_out = [this](const std::string& what) { TellLeftOut(what); };
    events_.on_delivered = [this] { ++delivered_; };
    events_.on_acknowledged = [this](Origin origin, std::uint64_t seq) { OnAcknowledged(origin, seq); };
    events_.on_waiting = [this](bool something) {
      std::lock_guard lock(mutex_);
      watch_.Waits(something, BrokerWatch::Clock::now());
    };
    thread_ = std::jthread([this](std::stop_token stop) { Live(std::move(stop)); });
  }

  RelayStatus Status() const {
    std::lock_guard lock(mutex_);
    return status_;
  }

  bool BrokerIsAway() const {
    std::lock_guard lock(mutex_);
    return !status_.refusal.empty() || watch_.IsAway(BrokerWatch::Clock::now());
  }

  bool WaitRelayed(std::uint64_t seq, milliseconds max_wait) const {
    std::unique_lock lock(mutex_);
    return acknowledged_.wait_for(lock, max_wait, [&] { return status_.relayed >= seq; });
  }

  // What refuses to go on is not waited for.
  bool Drain(milliseconds max_wait) {
    return Status().refusal.empty() && WaitRelayed(store_.Statistics().last_seq, max_wait);
  }

  void WaitLooked(milliseconds max_wait) const {
    std::unique_lock lock(mutex_);
    looked_.wait_for(lock, max_wait, [&] { return status_.looked; });
  }

 private:
  void Live(std::stop_token stop) {
    kafka::BackOff back_off(kFirstPause, kGreatestPause);
    while (!stop.stop_requested()) {
      std::uint64_t before = Status().relayed;
      std::string why;
      RelayEnd end = RelayRun(options_, store_, events_, stop).Run(why);
      if (end == RelayEnd::kStopped || stop.stop_requested()) return;
      if (end == RelayEnd::kRefused) return Refuse(why);
      Failed(why);
      Pause(back_off.Next(Status().relayed > before), stop);
    }
  }

  void Pause(milliseconds pause, const std::stop_token& stop) {
    if (options_.pause) return options_.pause(pause);
    kafka::PauseFor(pause, stop);
  }

  // That there is no connection is told once, and again if it becomes known why.
  void OnConnection(bool connected, const std::string& why) {
    const std::string cause = CauseOf(why);
    {
      std::lock_guard lock(mutex_);
      status_.connected = connected;
      if (connected || !cause.empty()) status_.away = connected ? std::string() : cause;
      watch_.Connected(connected);
      if (!connected) SetLooked();
      const bool told = std::exchange(told_connected_, connected) == connected;
      if (told && (cause.empty() || cause == told_cause_)) return;
      told_cause_ = cause;
    }
    Report(connected ? "relay_connected" : "relay_disconnected", connected ? options_.client.bootstrap_servers : why);
  }

  // Of every life the same: told once.
  void TellLeftOut(const std::string& what) {
    if (left_out_.insert(what).second) Report("relay_left_out", what);
  }

  void Looked() {
    std::lock_guard lock(mutex_);
    SetLooked();
  }

  // With mutex_ held.
  void SetLooked() {
    status_.looked = true;
    looked_.notify_all();
  }

  void OnAcknowledged(Origin origin, std::uint64_t seq) {
    std::lock_guard lock(mutex_);
    status_.delivered_total += std::exchange(delivered_, 0);
    if (origin != current_) return;
    status_.relayed = seq;
    acknowledged_.notify_all();
  }

  // Says the same thing once, however often it is tried.
  void Failed(const std::string& why) {
    {
      std::lock_guard lock(mutex_);
      status_.connected = false;
      status_.away = why;
      watch_.Connected(false);
      ++status_.restarts_total;
      ++status_.errors_total;
      if (std::exchange(last_failure_, why) == why) return;
    }
    Report("relay_failed", why);
  }

  void Refuse(const std::string& why) {
    {
      std::lock_guard lock(mutex_);
      status_.connected = false;
      SetLooked();
      status_.refusal = why;
      ++status_.errors_total;
    }
    Report("relay_refused", why);
  }

  void Report(const std::string& event, const std::string& detail) const {
    if (options_.report) options_.report(event, detail);
  }

  const RelayOptions options_;
  RocksDbStore& store_;
  const Origin current_;
  RelayEvents events_;
  std::uint64_t delivered_ = 0;     // since the last acknowledgement; the relay's thread only
  std::set<std::string> left_out_;  // told; the same

  mutable std::mutex mutex_;
  mutable std::condition_variable acknowledged_, looked_;
  RelayStatus status_;
  BrokerWatch watch_{BrokerWatch::Clock::now()};
  std::string last_failure_;
  std::optional<bool> told_connected_;
  std::string told_cause_;

  std::jthread thread_;
};

Relay::Relay(RelayOptions options, RocksDbStore& store) : state_(std::make_unique<State>(std::move(options), store)) {}
Relay::~Relay() = default;

RelayStatus Relay::Status() const { return state_->Status(); }
bool Relay::BrokerIsAway() const { return state_->BrokerIsAway(); }
void Relay::WaitLooked(std::chrono::milliseconds max_wait) const { state_->WaitLooked(max_wait); }
bool Relay::Drain(std::chrono::milliseconds max_wait) { return state_->Drain(max_wait); }
bool Relay::WaitRelayed(std::uint64_t seq, std::chrono::milliseconds max_wait) const {
  return state_->WaitRelayed(seq, max_wait);
}

}  // namespace monitor
