// The query API of funneld (interfaces.md section 3): routes only; what they ask is in generations.h and view_store.h.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consumers/alerts/alerts.h"
#include "consumers/generations/generations.h"
#include "consumers/peers/instances.h"
#include "consumers/readers/alarm_book.h"
#include "server/bearer_token.h"
#include "server/http_server.h"
#include "server/metrics.h"
#include "server/metrics/request_durations.h"

namespace monitor {

// What its answers are made of; all must outlive it.
struct QueryParts {
  Generations& generations;
  Instances& instances;
  AlarmBook& alarms;
  const Alerts& alerts;
  metrics::Registry& metrics;
  // Of requests that wait for a position at a time, so that waiting ones never take all of the server's handlers; a
  // further one is answered 503 at once.
  const int max_waiting;
  const std::function<std::string()> topic_trouble;  // FunnelTopic's
  std::atomic<int> waiting{0};
  std::atomic<bool> draining{false};
};

class QueryApi {
 public:
  // The registry must not be asked any more once it is gone. Without `read` nothing asks for a token to be read;
  // without `admin` nothing can be changed.
  struct Tokens {
    std::optional<TokenHash> read, admin;
  };
  QueryApi(
      Generations& generations, Instances& instances, AlarmBook& alarms, const Alerts& alerts,
      metrics::Registry& metrics, int max_waiting, Tokens tokens,
      std::function<std::string()> topic_trouble = [] { return std::string(); });

  // Any thread.
  http::Reply Handle(const http::Request& request);
  // readyz turns 503.
  void Drain() { parts_.draining = true; }

  // For ServerOptions: the paths of which the answers block on nothing; the lanes beside so many handler threads, and
  // which of them a request gets. A query whose tag still holds takes the place of a quick one: many pages ask the same
  // again and again.
  static std::vector<std::string_view> AtOnce();
  static std::vector<http::ServerOptions::Lane> Lanes(int threads);
  std::size_t LaneOf(const http::Request& request) const;

 private:
  bool MayRead(const http::Request& request) const;
  bool MayChange(const http::Request& request) const;
  // Tells the path's place among the routes, if it has one.
  http::Reply Answer(const http::Request& request, std::optional<std::size_t>& route);

  const Tokens tokens_;
  QueryParts parts_;
  metrics::RequestDurations durations_;
};

}  // namespace monitor
