// What readyz says, as numbers: whether the server serves, and which checks find something wrong.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/metrics.h"
#include "server/readiness.h"

namespace monitor::metrics {

// PREFIX_ready and PREFIX_check_ok{check}. `checks` is asked at every scrape, as Registry's functions are.
void AddReadinessMetrics(Registry& registry, const std::string& prefix,
                         const std::function<std::vector<http::Check>()>& checks);

}  // namespace monitor::metrics
