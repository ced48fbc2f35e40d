#include "server/metrics/readiness_metrics.h"

namespace monitor::metrics {

void AddReadinessMetrics(Registry& registry, const std::string& prefix,
                         const std::function<std::vector<http::Check>()>& checks) {
  registry.AddGaugeFunction(prefix + "_ready", "1: it serves, whole or degraded; 0: readyz is 503", {},
                            [checks] { return http::Serves(checks()) ? 1.0 : 0.0; });
  registry.AddGaugesFunction(prefix + "_check_ok", "1: readyz finds nothing wrong here; 0: it says there what is",
                             "check", [checks] {
                               std::map<std::string, double> ok;
                               for (const http::Check& check : checks()) {
                                 ok[std::string(check.name)] = check.fault.empty() ? 1 : 0;
                               }
                               return ok;
                             });
}

}  // namespace monitor::metrics
