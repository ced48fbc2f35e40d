// Looks at the alerts every few seconds, on a thread of its own.
#pragma once

#include <chrono>
#include <thread>

#include "consumers/alerts/alerts.h"

namespace monitor {

class AlertWatch {
 public:
  // Both must outlive it. `pause`: between two looks.
  AlertWatch(Instances& instances, Alerts& alerts, std::chrono::milliseconds pause = std::chrono::seconds(2));

 private:
  std::jthread thread_;
};

}  // namespace monitor
