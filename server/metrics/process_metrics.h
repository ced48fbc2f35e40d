// Memory, processor time, threads, open files and the start of this process, named as Prometheus does.
#pragma once

#include "server/metrics.h"

namespace monitor::metrics {

void AddProcessMetrics(Registry& registry);

}  // namespace monitor::metrics
