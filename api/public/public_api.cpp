#include "api/public/public_api.h"

#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "api/public/public_routes.h"

namespace monitor {
namespace {

constexpr int kDrainingRetryAfterS = 3;
constexpr int kRefusingRetryAfterS = 30;

// On every answer (http-api.md section 1): any origin may call, without credentials.
constexpr std::string_view kHeaders =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: X-Request-Id, Retry-After\r\n";

// The content type here, too, although there is no content: every response has these.
constexpr std::string_view kPreflightHeaders =
    "Content-Type: application/json\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: X-Request-Id, Retry-After\r\n"
    "Access-Control-Allow-Methods: GET, POST, PUT, OPTIONS\r\n"
    "Access-Control-Allow-Headers: Accept, Accept-Language, Authorization, Cache-Control, Content-Language, "
    "Content-Type, X-Requested-With, X-HTTP-Method-Override, X-Request-Id, traceparent\r\n"
    "Access-Control-Max-Age: 86400\r\n";

}  // namespace

PublicApi::PublicApi(PublicParts parts, PublicApiOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {
  if (options_.metrics == nullptr) return;
  std::vector<std::string_view> patterns;
  for (const PublicRoute& one : PublicRoutes().routes()) patterns.push_back(one.pattern);
  durations_ = std::make_unique<metrics::RequestDurations>(*options_.metrics, std::move(patterns));
}
PublicApi::~PublicApi() = default;

// What every answer gets: its headers, and its place in the measures. What goes unanswered (something was thrown) is a
// 500 with a fixed text: what() may hold what a client sent.
class PublicApi::Answering {
 public:
  Answering(const PublicApi& api, const http::Request& request, http::Respond respond)
      : api_(&api), request_(&request), respond_(std::move(respond)) {}
  Answering(Answering&&) noexcept = default;
  Answering& operator=(Answering&&) = delete;
  ~Answering() {
    if (!respond_) return;
    try {
      (*this)(http::ErrorReply(500, 18, "unexpected server error"));
    } catch (const std::exception&) {  // the connection closes
    }
  }

  void operator()(http::Reply reply) {
    if (!reply.unanswered) Complete(reply, request_);
    Measure(reply.unanswered ? 0 : reply.status);
    std::exchange(respond_, nullptr)(std::move(reply));  // the request, and maybe the API, are gone after it
  }

  const PublicRoute* route = nullptr;  // null where there is no such path

 private:
  void Measure(int status) const {
    if (!api_->durations_) return;
    std::optional<std::size_t> place;
    if (route != nullptr) place = static_cast<std::size_t>(route - PublicRoutes().routes().data());
    api_->durations_->Observe(place, request_->method(), status, std::chrono::steady_clock::now() - begin_);
  }

  const PublicApi* api_;
  const http::Request* request_;
  http::Respond respond_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

void PublicApi::Handle(const http::Request& request, http::Respond respond) {
  Answering answering(*this, request, std::move(respond));
  Call call;
  auto route = Judge(request, answering.route, call);
  if (!route) return answering(std::move(route.error()));
  (*route)->handler(parts_, std::move(call), std::move(answering));
}

void PublicApi::Complete(http::Reply& reply, const http::Request* request) {
  if (reply.fixed_headers.empty()) reply.fixed_headers = kHeaders;
  reply.headers.Add("X-Request-Id", RequestIdOf(request));
}

// The first of the checks, in the order of http-api.md section 1: size, path, method, version.
std::expected<const PublicRoute*, http::Reply> PublicApi::Judge(const http::Request& request, const PublicRoute*& route,
                                                                Call& call) const {
  if (draining_.load(std::memory_order_relaxed)) {
    return std::unexpected(BusyReply("the server is shutting down", kDrainingRetryAfterS));
  }
  if (options_.refuses && options_.refuses()) {
    return std::unexpected(
        BusyReply("the server's data must be put right by its operator first", kRefusingRetryAfterS));
  }
  if (request.body().size() > options_.max_body_bytes) {
    return std::unexpected(http::ErrorReply(
        413, 5, "body: must not be larger than " + std::to_string(options_.max_body_bytes) + " bytes"));
  }
  const http::Method method = MethodOf(request);
  auto match = PublicRoutes().Find(method, request.path());
  // A page that is being left can only send beacons, which set no header: where there is no POST it is the PUT.
  if (match.route == nullptr && method == http::Method::kPost && !request.Header(kMethodOverride)) {
    match = PublicRoutes().Find(http::Method::kPut, request.path());
  }
  route = match.path;
  if (route == nullptr) return std::unexpected(http::ErrorReply(404, 5, "path: there is nothing here"));
  if (match.route == nullptr) {
    const bool preflight = method == http::Method::kOptions;
    http::Reply reply = preflight ? http::Reply{.status = 204, .fixed_headers = kPreflightHeaders}
                                  : http::ErrorReply(405, 5, "method: is not allowed here");
    reply.headers.Add("Allow", match.allowed);
    return std::unexpected(std::move(reply));
  }
  call = std::make_unique<const PublicCall>(request, route->visitor, std::move(match.arguments),
                                            std::chrono::steady_clock::now() + options_.deadline);
  if (route->versioned && !call->version()) return std::unexpected(http::ErrorReply(400, 33, "v: must be 1.0 or 1.1"));
  return match.route;
}

}  // namespace monitor
