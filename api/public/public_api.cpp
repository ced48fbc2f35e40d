#include "api/public/public_api.h"

#include <exception>
#include <string>
#include <utility>

#include "api/public/response_json.h"
#include "api/requests/request_json.h"
#include "domain/events/event_codec.h"
#include "eventstore/random.h"

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

http::Reply BusyReply(std::string_view message, int retry_after_s) {
  http::Reply reply = http::ErrorReply(503, 18, message);
  reply.headers.Add("Retry-After", std::to_string(retry_after_s));
  return reply;
}

bool NamesSomebody(const PublicCall& call, const RequestBody& body) {
  return call.visitor().has_value() || !body.identities.empty();
}

}  // namespace

// Requests by resource and status, and how long they took.
struct PublicApi::Counters {
  static constexpr int kStatuses[] = {200, 201, 202, 204, 400, 401, 404, 405, 413, 500, 503};

  explicit Counters(metrics::Registry& registry)
      : seconds(registry.AddHistogram("monitor_request_duration_seconds", "Time spent in the handler.",
                                      {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5})) {
    for (std::size_t i = 0; i <= kResources; ++i) {
      const std::string resource(i < kResources ? ToText(static_cast<Resource>(i)) : "none");
      for (std::size_t j = 0; j < std::size(kStatuses); ++j) {
        requests[i][j] = &registry.AddCounter("monitor_requests_total", "Public requests by resource and status.",
                                              {{"resource", resource}, {"status", std::to_string(kStatuses[j])}});
      }
    }
  }

  void Count(std::optional<Resource> resource, int status, std::chrono::steady_clock::duration taken) {
    const std::size_t row = resource ? std::to_underlying(*resource) : kResources;
    for (std::size_t j = 0; j < std::size(kStatuses); ++j) {
      if (kStatuses[j] == status) requests[row][j]->Add();
    }
    seconds.Observe(std::chrono::duration<double>(taken).count());
  }

  metrics::Counter* requests[kResources + 1][std::size(kStatuses)];
  metrics::Histogram& seconds;
};

PublicApi::PublicApi(Accounts& accounts, Visits& visits, const MasterKey& master_key, PublicApiOptions options)
    : accounts_(accounts), visits_(visits), master_key_(master_key), options_(std::move(options)) {
  if (options_.metrics != nullptr) counters_ = std::make_unique<Counters>(*options_.metrics);
}
PublicApi::~PublicApi() = default;

http::Reply PublicApi::Handle(const http::Request& request) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<Resource> resource;
  http::Reply reply;
  try {
    reply = Answer(request, resource);
  } catch (const std::exception&) {
    reply = http::ErrorReply(500, 18, "unexpected server error");  // what() may hold what a client sent
  }
  if (reply.fixed_headers.empty()) reply.fixed_headers = kHeaders;
  reply.headers.Add("X-Request-Id", RequestIdOf(request));
  if (counters_) counters_->Count(resource, reply.status, std::chrono::steady_clock::now() - begin);
  return reply;
}

// The first of the checks, in the order of http-api.md section 1: size, path, method.
http::Reply PublicApi::Answer(const http::Request& request, std::optional<Resource>& resource) {
  if (draining_.load(std::memory_order_relaxed)) return BusyReply("the server is shutting down", kDrainingRetryAfterS);
  if (options_.refuses && options_.refuses()) {
    return BusyReply("the server's data must be put right by its operator first", kRefusingRetryAfterS);
  }
  if (request.body().size() > options_.max_body_bytes) {
    return http::ErrorReply(413, 5,
                            "body: must not be larger than " + std::to_string(options_.max_body_bytes) + " bytes");
  }
  std::optional<Route> route = FindRoute(request.path());
  if (!route) return http::ErrorReply(404, 5, "path: there is nothing here");
  resource = route->resource;
  const http::Method method = MethodOf(request);
  if (!IsAllowed(route->resource, method)) {
    http::Reply reply = http::ErrorReply(405, 5, "method: is not allowed here");
    reply.headers.Add("Allow", AllowedMethods(route->resource));
    return reply;
  }
  if (method == http::Method::kOptions) {
    http::Reply reply{.status = 204};
    reply.fixed_headers = kPreflightHeaders;
    reply.headers.Add("Allow", AllowedMethods(*resource));
    return reply;
  }
  return AnswerRoute(
      PublicCall(request, method, *std::move(route), std::chrono::steady_clock::now() + options_.deadline));
}

http::Reply PublicApi::AnswerRoute(const PublicCall& call) {
  if (call.route().resource == Resource::kBaseUri) return AnswerBaseUri(call);
  if (!call.version()) return http::ErrorReply(400, 33, "v: must be 1.0 or 1.1");
  switch (call.route().resource) {
    case Resource::kEngagement:
    case Resource::kReport:
      return AnswerVisit(call);
    default:
      return AnswerSibling(call);
  }
}

http::Reply PublicApi::AnswerVisit(const PublicCall& call) {
  if (!IsWellFormedAccountId(call.account())) return http::ErrorReply(404, 6, "accountId: is malformed");
  const bool loading = IsLoading(call);  // asked first: what loads in between is then found
  const std::shared_ptr<const AccountState> account = accounts_.Find(AccountId(call.account()));
  if (!account) return loading ? LoadingReply(call) : http::ErrorReply(404, 6, "accountId: there is no such account");

  VisitCall visit{.account = account};
  visit.request.app_installation = AppInstallationId(call.route().parameters[1]);
  const AppInstallation* app = account->account->FindApp(visit.request.app_installation);
  if (app == nullptr || !app->enabled) {
    return http::ErrorReply(404, 18, "appInstallationId: is unknown to the account, or disabled");
  }
  if (!call.visitor_is_well_formed()) return http::ErrorReply(404, 37, "vid: is malformed");
  if (!call.session_is_well_formed()) return http::ErrorReply(404, 39, "sid: is malformed");

  const bool report = call.route().resource == Resource::kReport;
  visit.request.kind = report ? VisitRequest::Kind::kReport : VisitRequest::Kind::kEngagement;
  auto body = ParseRequestBody(call.request().body(), visit.request.kind);
  if (!body) return http::ErrorReply(400, 5, body.error().message);
  if (report && !NamesSomebody(call, *body)) {
    return http::ErrorReply(400, 5, "consumerId: one of vid, consumerId and identities[].sub is required");
  }
  visit.request.address = call.on_behalf() ? std::move(body->ip_address) : std::string(call.peer_address());
  (*std::move(body)).MoveInto(visit.request);
  Complete(call, *account->account, visit);

  const VisitorId visitor = visit.request.visitor;
  auto decision = visits_.Handle(std::move(visit));
  if (!decision) return FailureReply(call, decision.error());
  return {.status = decision->new_session ? 201 : 200,
          .body = report ? ReportResponse(visitor, *decision) : EngagementResponse(visitor, *decision)};
}

void PublicApi::Complete(const PublicCall& call, const Account& account, VisitCall& visit) const {
  VisitRequest& request = visit.request;
  if (const auto visitor = call.visitor()) {
    request.visitor = VisitorId(*visitor);
    if (const auto session = call.session()) request.session = SessionId(*session);
  } else {
    request.visitor = GenerateVisitorId(account.id);  // a session id alone names nothing
    visit.fresh_visitor = true;
  }
  if (!request.page) request.fresh_page = GeneratePageId();
  request.user_agent = call.user_agent();
  request.stored_address = account.settings.keep_full_address ? request.address : TruncateAddress(request.address);
  if (options_.geo != nullptr && !request.address.empty()) request.geo = options_.geo->Lookup(request.address);
  for (Identity& identity : request.identities) identity.hash = master_key_.HashIdentity(identity.iss, identity.sub);
  visit.traceparent = call.traceparent();
  visit.on_behalf = call.on_behalf();
  visit.deadline = call.deadline();
}

// The account may be there: its document is not at hand yet, or not until a good one is put.
bool PublicApi::IsLoading(const PublicCall& call) const {
  return accounts_.loading() || accounts_.IsRefused(AccountId(call.account()));
}

http::Reply PublicApi::LoadingReply(const PublicCall& call) const {
  return call.version() == ApiVersion::k1_1 ? LoadingReply(call, 202, 38) : LoadingReply(call, 500, 20);
}

http::Reply PublicApi::LoadingReply(const PublicCall& call, int status, int internal_code) const {
  const AccountId account(call.account());
  const auto sent = call.visitor();
  const VisitorId visitor = sent && call.visitor_is_well_formed() ? VisitorId(*sent) : GenerateVisitorId(account);
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return {.status = status, .body = LoadingResponse(account.str(), visitor, internal_code, now)};
}

http::Reply PublicApi::FailureReply(const PublicCall& call, const VisitFailure& failure) const {
  switch (failure.code) {
    case VisitFailure::Code::kInvalid:
      return http::ErrorReply(400, 5, failure.message);
    case VisitFailure::Code::kCapped:
    case VisitFailure::Code::kOverloaded:
      return BusyReply(failure.message, failure.retry_after_s);
    case VisitFailure::Code::kDeadline:
      return LoadingReply(call, 500, 20);  // either version
    case VisitFailure::Code::kUnauthorized:
      return http::ErrorReply(401, 10, failure.message);
    case VisitFailure::Code::kNotFound:
      return http::ErrorReply(404, 12, failure.message);
    case VisitFailure::Code::kUnacknowledged:
      return {.status = 0, .unanswered = true};
    case VisitFailure::Code::kCorrupt:
      break;
  }
  return http::ErrorReply(500, 18, failure.message);
}

}  // namespace monitor
