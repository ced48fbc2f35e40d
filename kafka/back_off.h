// Pauses between tries: the first, doubled up to the greatest, the first again after progress. A value; pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace monitor {

class BackOff {
 public:
  using Pause = std::chrono::milliseconds;

  BackOff(Pause first, Pause greatest) : first_(first), greatest_(greatest), next_(first) {}

  // How long to wait now. `progressed`: the last try achieved something before it failed.
  Pause Next(bool progressed) {
    const Pause pause = progressed ? first_ : next_;
    next_ = std::min(2 * pause, greatest_);
    return pause;
  }

 private:
  Pause first_, greatest_, next_;
};

}  // namespace monitor
