#include "eventstore/retention/retention.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "domain/values/whole_number.h"
#include "eventstore/log/keys.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

// A session that a document allowed to live for longer than any does now may still be alive for so long.
constexpr milliseconds kLongestSession = std::chrono::days(7);  // the contract's greatest maxAge

// Remembered in the store, "AGE TIME" in ms: the longest age that a session could get, and when it was last in force.
constexpr milliseconds kTellAgain = std::chrono::days(1);
struct Longest {
  milliseconds age;
  TimeMs in_force;
};

std::optional<Longest> ParseLongest(std::string_view row) {
  const std::size_t space = std::min(row.find(' '), row.size());
  const auto age = ParseWhole<std::int64_t>(row.substr(0, space));
  const auto in_force = ParseWhole<std::int64_t>(row.substr(std::min(space + 1, row.size())));
  if (!age || !in_force) return std::nullopt;
  return Longest{milliseconds(*age), FromUnixMs(*in_force)};
}

}  // namespace

class Retention::State {
 public:
  State(RetentionOptions options, RocksDbStore& store) : options_(std::move(options)), store_(store) {
    thread_ = std::jthread([this](const std::stop_token& stop) { Live(stop); });
  }

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  bool failing() const { return failing_.load(std::memory_order_relaxed); }
  milliseconds keeps() const { return keeps_.load(std::memory_order_relaxed); }

 private:
  void Live(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopping;
    std::unique_lock lock(mutex);
    do {
      Look();
    } while (!stopping.wait_for(lock, stop, options_.pause, [&] { return stop.stop_requested(); }));
  }

  void Look() {
    if (!store_.Writable() || store_.Refusal() != nullptr) return;
    const auto longest = LongestSession();
    if (!longest) return;
    const TimeMs now = store_.Now();
    const milliseconds keeps = std::max(options_.events, *longest);
    keeps_.store(keeps, std::memory_order_relaxed);
    const auto end = [this](Origin origin) {
      if (!options_.relayed) return std::numeric_limits<std::uint64_t>::max();
      return store_.RelayedSeq(origin).value_or(0) + 1;
    };
    const auto dropped = store_.DropBefore(now - keeps, end);
    if (!dropped) {
      if (!failing_.exchange(true)) Report("retention_failed", "old events could not be dropped");
      return;
    }
    failing_ = false;
    if (*dropped == 0) return;
    dropped_.fetch_add(*dropped, std::memory_order_relaxed);
    const OriginRange log = store_.Origins().back();
    Report("retention_dropped", std::to_string(*dropped) + " events were dropped, the log begins at " +
                                    LogPosition{log.origin, log.first}.ToString());
  }

  // nullopt: it can not be told now.
  std::optional<milliseconds> LongestSession() {
    const milliseconds now_allowed = options_.longest_session();
    const TimeMs now = store_.Now();
    const auto kept = store_.ReadState(StateTable::kMeta, kLongestKey);
    if (!kept) return std::nullopt;
    const auto known = *kept ? ParseLongest(**kept) : std::nullopt;
    if (known && known->age > now_allowed && now - known->in_force < kLongestSession) return known->age;
    if (!known || known->age != now_allowed || now - known->in_force > kTellAgain) {
      std::string row = std::to_string(now_allowed.count()) + " " + std::to_string(ToUnixMs(now));
      const auto told = store_.Append({.now = now, .states = {{StateTable::kMeta, kLongestKey, std::move(row)}}});
      if (!told) return std::nullopt;
    }
    return now_allowed;
  }

  void Report(const std::string& event, const std::string& detail) const {
    if (options_.report) options_.report(event, detail);
  }

  const RetentionOptions options_;
  RocksDbStore& store_;
  std::atomic<bool> failing_ = false;
  std::atomic<milliseconds> keeps_ = milliseconds(0);
  std::atomic<std::uint64_t> dropped_ = 0;
  std::jthread thread_;
};

Retention::Retention(RetentionOptions options, RocksDbStore& store)
    : state_(std::make_unique<State>(std::move(options), store)) {}
Retention::~Retention() = default;

std::uint64_t Retention::dropped() const { return state_->dropped(); }
bool Retention::failing() const { return state_->failing(); }
milliseconds Retention::keeps() const { return state_->keeps(); }

}  // namespace monitor
