// The query API of funneld (interfaces.md section 3): routes only; what they ask is in view_store.h and source.h.
// Thread-safe.
#pragma once

#include <atomic>
#include <string>

#include "consumers/readers/source.h"
#include "consumers/view/view_store.h"
#include "server/http_server.h"
#include "server/metrics.h"

namespace monitor {

class QueryApi {
 public:
  // All must outlive it. At most `max_waiting` requests wait for a position at a time, so that waiting ones never take
  // all of the server's handlers; a further one is answered 503 at once.
  QueryApi(const ViewStore& store, const Source& source, metrics::Registry& metrics, int max_waiting);

  // Any thread; may throw std::runtime_error when the disk fails.
  http::Reply Handle(const http::Request& request);
  // readyz turns 503.
  void Drain() { draining_ = true; }

 private:
  http::Reply Route(std::string_view path, const http::Request& request);
  http::Reply Funnel(const http::Request& request, const http::Query& query) const;
  http::Reply Position(const http::Request& request, const http::Query& query);
  http::Reply Accounts() const;
  http::Reply Ready() const;
  http::Reply Metrics() const;

  const ViewStore& store_;
  const Source& source_;
  metrics::Registry& metrics_;
  metrics::Histogram& query_seconds_;
  const int max_waiting_;
  std::atomic<int> waiting_{0};
  std::atomic<bool> draining_{false};
};

}  // namespace monitor
