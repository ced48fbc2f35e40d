// The public HTTP API: http-api.md, word by word. Requests in, replies out; what is done is Visits' business.
//
// Thread-safe: Handle runs on many server threads at once, and waits for nothing but what it must read. Nothing throws
// out of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>

#include "api/public/public_handlers.h"
#include "server/http_server.h"
#include "server/metrics.h"
#include "server/metrics/request_durations.h"

namespace monitor {

struct PublicApiOptions {
  std::size_t max_body_bytes = 65'536;        // the largest accepted
  std::chrono::milliseconds deadline{8'000};  // from the handler's begin to handing over to the writer
  metrics::Registry* metrics = nullptr;       // must outlive it
  std::function<bool()> refuses;              // true: every request is answered 503/18; empty: never so
};

struct PublicRoute;

class PublicApi {
 public:
  // All must outlive it.
  PublicApi(PublicParts parts, PublicApiOptions options);
  ~PublicApi();

  // Answers now, or once what the request says is on disk; the request must live until then.
  void Handle(const http::Request& request, http::Respond respond);
  // The headers that every answer has, also one that the server makes by itself (http::ServerOptions::complete).
  static void Complete(http::Reply& reply, const http::Request* request);

  // From now on every request is answered 503/18 with Retry-After.
  void StartDraining() { draining_.store(true, std::memory_order_relaxed); }

 private:
  // One request's way to its answer.
  class Answering;
  // What is said without asking a handler, or the handler's call. Tells the path's route in `route`, whatever it is.
  std::expected<const PublicRoute*, http::Reply> Judge(const http::Request& request, const PublicRoute*& route,
                                                       Call& call) const;

  const PublicParts parts_;
  const PublicApiOptions options_;
  std::unique_ptr<metrics::RequestDurations> durations_;
  std::atomic<bool> draining_ = false;
};

}  // namespace monitor
