// Whether the broker is known to be away: there is no connection, or nothing was acknowledged for so long although
// something waits for it (docs/decisions/log-is-truth.md, `ack=kafka`). A value; pure, not thread-safe.
#pragma once

#include <chrono>
#include <optional>

namespace monitor {

class BrokerWatch {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPatience{5};

  // Nothing is known yet: the first connection has its patience, too.
  explicit BrokerWatch(Clock::time_point now) : waits_since_(now) {}

  void Connected(bool connected) { lost_ = !connected; }
  // Told at least when something begins to wait, at every acknowledgement, and when nothing waits any more.
  void Waits(bool something, Clock::time_point now) { waits_since_ = something ? std::optional(now) : std::nullopt; }

  bool IsAway(Clock::time_point now) const { return lost_ || (waits_since_ && now - *waits_since_ >= kPatience); }

 private:
  bool lost_ = false;
  std::optional<Clock::time_point> waits_since_;  // or since the last acknowledgement; none: nothing waits
};

}  // namespace monitor
