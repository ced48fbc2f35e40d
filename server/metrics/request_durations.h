// http_server_request_duration_seconds: how long requests took, named and labelled as the OpenTelemetry semantic
// conventions for HTTP want it in Prometheus, so that their dashboards and rules fit.
//
// A set of labels is there once a request had it. Thread-safe; only then does Observe wait or allocate.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "server/http_server.h"
#include "server/metrics.h"

namespace monitor::metrics {

class RequestDurations {
 public:
  // `routes`: the patterns of the server's table, of static lifetime. The registry must outlive it.
  RequestDurations(Registry& registry, std::vector<std::string_view> routes);

  // `route`: its place among them; nullopt: there is no such path, or it was not looked for. `status` 0: it was not
  // answered, the connection was closed.
  void Observe(std::optional<std::size_t> route, http::Method method, int status,
               std::chrono::steady_clock::duration taken);

 private:
  Histogram& Make(std::size_t route, http::Method method, int status);

  Registry& registry_;
  const std::vector<std::string_view> routes_;
  std::vector<std::atomic<Histogram*>> made_;  // by route, method and status
};

}  // namespace monitor::metrics
