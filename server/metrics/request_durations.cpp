#include "server/metrics/request_durations.h"

#include <algorithm>
#include <string>
#include <utility>

namespace monitor::metrics {
namespace {

// Those that the servers answer; another one costs a search each time. 0: unanswered.
constexpr int kStatuses[] = {0,   200, 201, 202, 204, 304, 400, 401, 403, 404, 405,
                             409, 413, 415, 421, 429, 431, 500, 501, 503, 507};
constexpr std::size_t kMethods = static_cast<std::size_t>(http::Method::kOther) + 1;

// The conventions' own, and below them those in which this server usually answers.
const std::vector<double> kSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1,
                                      0.25,   0.5,   0.75,   1,     2.5,  5,     7.5,  10};

}  // namespace

RequestDurations::RequestDurations(Registry& registry, std::vector<std::string_view> routes)
    : registry_(registry), routes_(std::move(routes)), made_((routes_.size() + 1) * kMethods * std::size(kStatuses)) {}

void RequestDurations::Observe(std::optional<std::size_t> route, http::Method method, int status,
                               std::chrono::steady_clock::duration taken) {
  const double seconds = std::chrono::duration<double>(taken).count();
  const std::size_t row = route.value_or(routes_.size());
  const auto* known = std::ranges::find(kStatuses, status);
  if (known == std::end(kStatuses)) return Make(row, method, status).Observe(seconds);
  const auto column = static_cast<std::size_t>(known - kStatuses);
  auto& place = made_[(row * kMethods + static_cast<std::size_t>(method)) * std::size(kStatuses) + column];
  Histogram* histogram = place.load(std::memory_order_acquire);
  if (histogram == nullptr) {
    histogram = &Make(row, method, status);  // to two at once the registry gives the same one
    place.store(histogram, std::memory_order_release);
  }
  histogram->Observe(seconds);
}

Histogram& RequestDurations::Make(std::size_t route, http::Method method, int status) {
  const std::string name(http::ToText(method));
  Labels labels{{"http_request_method", name.empty() ? "_OTHER" : name}};
  if (route < routes_.size()) labels["http_route"] = routes_[route];
  if (status == 0) {
    labels["error_type"] = "unanswered";
  } else {
    labels["http_response_status_code"] = std::to_string(status);
  }
  return registry_.AddHistogram("http_server_request_duration_seconds", "Duration of HTTP server requests.", kSeconds,
                                labels);
}

}  // namespace monitor::metrics
