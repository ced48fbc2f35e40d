#include "consumers/query/query_api.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "consumers/format/funnel_format.h"
#include "consumers/query/alerts_format.h"
#include "consumers/query/funnel_request.h"
#include "consumers/query/page.h"
#include "consumers/query/readiness.h"
#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "server/log.h"
#include "server/router.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

struct QueryCall {
  const http::Request& request;
  const http::Query query;
  const http::Arguments& arguments;
};

struct QueryRoute {
  http::Method method;
  std::string_view pattern;
  http::Reply (*handler)(QueryParts&, const QueryCall&);
  std::vector<std::string_view> parameters = {};  // of its query; others are refused
  bool at_once = false;                           // blocks on nothing
  bool slow = false;                              // may take long
  bool open = false;                              // to who has no token, too
};

constexpr int kInvalid = 5, kNoAccount = 6, kUnauthorized = 10,
              kServerError = 18;  // internal codes of http-api.md section 1
constexpr std::int64_t kDefaultWaitMs = 10'000, kMaxWaitMs = 60'000;
// Who waits for a position looks so often whether anybody still waits for the answer.
constexpr milliseconds kWaitSlice{100};

constexpr std::string_view kHeaders = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
// May be kept, and is asked for again with its ETag.
constexpr std::string_view kFunnelHeaders = "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n";
constexpr std::string_view kPageHeaders =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
    "Content-Security-Policy: default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'\r\n";

http::Reply Json(std::string body, int status = 200) {
  http::Reply reply{.status = status, .body = std::move(body)};
  reply.fixed_headers = kHeaders;
  return reply;
}

http::Reply Error(int status, int internal_code, std::string_view message) {
  http::Reply reply = http::ErrorReply(status, internal_code, message);
  reply.fixed_headers = kHeaders;
  return reply;
}

http::Reply Live(QueryParts&, const QueryCall&) { return Json("{\"status\":\"ok\"}"); }

http::Reply Page(QueryParts&, const QueryCall&) {
  http::Reply reply{.body = std::string(kPageHtml), .content_type = "text/html; charset=utf-8"};
  reply.fixed_headers = kPageHeaders;
  return reply;
}

http::Reply OpenApi(QueryParts&, const QueryCall&) { return Json(std::string(kOpenApiJson)); }

http::Reply Unavailable(std::string_view message) {
  http::Reply reply = Error(503, kServerError, message);
  reply.headers.Add("Retry-After", "1");
  return reply;
}

http::Reply Abandoned() { return Unavailable("the answer is not waited for, or the server is going"); }

http::Reply TooLong(const AnswerBounds& bounds) {
  return Error(400, kInvalid,
               "by: the answer would be longer than " + std::to_string(bounds.max_bytes >> 20) +
                   " MiB; ask for a shorter time or fewer of them");
}

// Of the answer to this query. The version: with several partitions an event may be counted before `as_of` moves.
std::string TagOf(std::string_view query, const Positions& as_of, std::string_view version,
                  const std::vector<int>& missing) {
  std::string text(query);
  text.append("\n").append(PositionsJson(as_of)).append(PartitionsJson(missing)).append(version);
  const auto hash = Sha256(text);
  return '"' + Hex({reinterpret_cast<const char*>(hash.data()), 16}) + '"';
}

std::string CurrentTag(const Answering& now, const http::Request& request) {
  return TagOf(request.query(), now.view->CommittedPositions(), now.view->Version(), now.source.missing);
}

// A tag is quoted, so that none is a part of another.
bool HasTag(const http::Request& request, const std::string& tag) {
  const auto tags = request.Header("If-None-Match");
  return tags && (*tags == "*" || tags->find(tag) != tags->npos);
}

struct AwaitedPosition {
  std::string origin;
  std::uint64_t seq;
};

std::optional<AwaitedPosition> ParsePosition(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  const auto seq = ParseWhole<std::uint64_t>(text.substr(colon + 1));
  if (!seq) return std::nullopt;
  return AwaitedPosition{std::string(text.substr(0, colon)), *seq};
}

// Counts a waiting request for as long as it lives.
class Waiter {
 public:
  Waiter(std::atomic<int>& waiting, int max) : waiting_(waiting), admitted_(++waiting <= max) {}
  ~Waiter() { --waiting_; }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  bool admitted() const { return admitted_; }

 private:
  std::atomic<int>& waiting_;
  const bool admitted_;
};

http::Reply NoAccount() { return Error(404, kNoAccount, "account: does not exist"); }
http::Reply ViewUnreadable() { return Error(500, kServerError, "the view could not be read"); }

http::Reply Funnel(QueryParts& parts, const QueryCall& call) {
  if (call.request.abandoned()) return Abandoned();  // while it waited for its turn
  const auto began = std::chrono::steady_clock::now();
  const auto id = call.query.Get("account");
  if (!id) return Error(400, kInvalid, "account: missing");
  if (!IsWellFormedAccountId(*id)) return NoAccount();
  const Answering now = parts.generations.Now();
  const auto found = now.view->Account(*id);
  if (!found) return ViewUnreadable();
  const std::optional<AccountOutline>& account = *found;
  if (!account) return NoAccount();
  const auto request = ParseFunnelRequest(call.query, TimeZone::Find(account->time_zone).value_or(TimeZone()));
  if (!request) return Error(400, kInvalid, request.error());

  const SourceStatus& source = now.source;
  const std::string current = CurrentTag(now, call.request);
  if (HasTag(call.request, current)) {
    http::Reply reply{.status = 304, .fixed_headers = kFunnelHeaders};
    reply.headers.Add("ETag", current);
    return reply;
  }
  const AnswerBounds bounds{.abandoned = [&] { return call.request.abandoned(); }};
  auto report = now.view->Funnel(account->id, request->query, source.buckets, bounds.abandoned);
  if (!report) return ViewUnreadable();
  const auto next = ArrangeRows(report->rows, request->query, request->order);
  const bool json = request->format == FunnelFormat::kJson;
  std::optional<std::string> text;
  if (report->complete) {
    text = json ? FunnelJson(account->id, request->query, *report, source.missing, bounds, next)
                : FunnelCsv(request->query, *report, bounds);
  }
  if (!text) return call.request.abandoned() ? Abandoned() : TooLong(bounds);
  parts.seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());

  http::Reply reply{.body = std::move(*text), .fixed_headers = kFunnelHeaders};
  reply.headers.Add("ETag", TagOf(call.request.query(), report->as_of, report->version, source.missing));
  if (json) return reply;
  reply.content_type = "text/csv; charset=utf-8";
  reply.headers.Add("X-As-Of", PositionsJson(report->as_of));
  if (!source.missing.empty()) reply.headers.Add("X-Missing", PartitionsJson(source.missing));
  if (next) reply.headers.Add("X-Next", *next);
  return reply;
}

http::Reply Position(QueryParts& parts, const QueryCall& call) {
  std::uint64_t wait_ms = kDefaultWaitMs;
  if (const auto given = call.query.Get("waitMs")) {
    const auto parsed = ParseWhole<std::uint64_t>(*given);
    if (!parsed) return Error(400, kInvalid, "waitMs: must be a number of milliseconds");
    wait_ms = std::min<std::uint64_t>(*parsed, kMaxWaitMs);
  }
  if (const auto text = call.query.Get("waitFor")) {
    const auto awaited = ParsePosition(*text);
    if (!awaited) return Error(400, kInvalid, "waitFor: must be ORIGIN:SEQ");
    // What is there already, and a look without waiting, take no place.
    if (wait_ms > 0 && !parts.generations.View()->WaitFor(awaited->origin, awaited->seq, milliseconds(0))) {
      const Waiter waiter(parts.waiting, parts.max_waiting);
      if (!waiter.admitted()) return Unavailable("too many requests are waiting for a position");
      const auto end = std::chrono::steady_clock::now() + milliseconds(wait_ms);
      while (!call.request.abandoned()) {
        const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
        // Another view may take over meanwhile.
        const auto view = parts.generations.View();
        if (view->WaitFor(awaited->origin, awaited->seq, std::min(left, kWaitSlice)) || left.count() <= 0) break;
      }
    }
  }
  return Json(PositionsJson(parts.generations.View()->CommittedPositions()));
}

http::Reply Accounts(QueryParts& parts, const QueryCall&) {
  const auto accounts = parts.generations.View()->Accounts();
  if (!accounts) return ViewUnreadable();
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("accounts").BeginArray();
  for (const AccountOutline& account : *accounts) {
    if (account.json.empty()) {
      writer.BeginObject().Key("id").String(account.id.str()).Key("campaigns").BeginArray().EndArray().EndObject();
    } else {
      writer.Raw(account.json);
    }
  }
  writer.EndArray().EndObject();
  return Json(std::move(body));
}

http::Reply AlertsOfAccount(QueryParts& parts, const QueryCall& call) {
  const auto id = call.query.Get("account");
  if (!id) return Error(400, kInvalid, "account: missing");
  if (!IsWellFormedAccountId(*id)) return NoAccount();
  const auto account = parts.generations.View()->Account(*id);
  if (!account) return ViewUnreadable();
  return *account ? Json(AlertsJson(**account, parts.alerts)) : NoAccount();
}

http::Reply Alarms(QueryParts& parts, const QueryCall&) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("alarms").BeginArray();
  for (const StandingAlarm& alarm : parts.alarms.All()) {
    writer.BeginObject().Key("id").String(alarm.id).Key("since").Int(ToUnixMs(alarm.since));
    writer.Key("message").String(alarm.sentence).EndObject();
  }
  writer.EndArray().EndObject();
  return Json(std::move(body));
}

http::Reply ClearAlarm(QueryParts& parts, const QueryCall& call) {
  const std::string_view id = call.arguments[0];
  if (!parts.alarms.Clear(id)) return Error(404, kInvalid, "id: there is no such alarm");
  log::Info("alarm_cleared", {{"id", std::string(id)}});
  return Json("{}");
}

http::Reply Refused(const RebuildRefusal& refusal) {
  if (refusal.kind == RebuildRefusal::kUnavailable) return Unavailable(refusal.message);
  return Error(409, kInvalid, "rebuild: " + refusal.message);
}

http::Reply Rebuilding(QueryParts& parts, const QueryCall&) {
  const Answering now = parts.generations.Now();
  const auto& began = now.rebuild ? std::optional(now.rebuild->began) : now.began;
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("rebuilding").Bool(now.rebuild.has_value()).Key("since");
  began ? writer.Int(ToUnixMs(*began)) : writer.Null();
  if (now.rebuild) {
    writer.Key("eventsLeft").UInt(now.rebuild->left_events).Key("atEnd").Bool(now.rebuild->at_end).Key("held");
    now.rebuild->held.empty() ? writer.Null() : writer.String(now.rebuild->held);
  }
  writer.EndObject();
  return Json(std::move(body));
}

http::Reply Rebuild(QueryParts& parts, const QueryCall& call) {
  const auto accepts = call.query.Get("acceptLoss");
  if (accepts && *accepts != "true" && *accepts != "false") {
    return Error(400, kInvalid, "acceptLoss: must be true or false");
  }
  const auto began = parts.generations.Rebuild(accepts == "true");
  if (!began) return Refused(began.error());
  return Json("{\"since\":" + std::to_string(ToUnixMs(*began)) + "}", 202);
}

http::Reply GiveUp(QueryParts& parts, const QueryCall&) {
  const auto given_up = parts.generations.GiveUp();
  return given_up ? Json("{}") : Refused(given_up.error());
}

http::Reply Metrics(QueryParts& parts, const QueryCall&) {
  http::Reply reply = Json(parts.metrics.Text());
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return reply;
}

http::Reply Ready(QueryParts& parts, const QueryCall&) {
  http::Reply reply = Readiness(parts.generations.Now(), parts.topic_trouble(), parts.draining);
  reply.fixed_headers = kHeaders;
  return reply;
}

const http::Router<QueryRoute>& Routes() {
  using enum http::Method;
  static const http::Router<QueryRoute> kRoutes({
      {kGet, "/", Page, {"account"}},  // read by its script
      {.method = kGet, .pattern = "/livez", .handler = Live, .at_once = true, .open = true},
      {.method = kGet, .pattern = "/readyz", .handler = Ready, .at_once = true, .open = true},
      {kGet, "/openapi.json", OpenApi},
      {kGet, "/metrics", Metrics, {}, true},
      {kGet, "/api/accounts", Accounts},
      {kGet, "/api/alerts", AlertsOfAccount, {"account"}},
      {kGet, "/api/alarms", Alarms},
      {kPost, "/api/alarms/*/clear", ClearAlarm},
      {kGet, "/api/rebuild", Rebuilding},
      {kPost, "/api/rebuild", Rebuild, {"acceptLoss"}},
      {kDelete, "/api/rebuild", GiveUp},
      {kGet, "/api/position", Position, {"waitFor", "waitMs"}},
      {kGet, "/api/funnel", Funnel, {kFunnelParameters.begin(), kFunnelParameters.end()}, false, true},
  });
  return kRoutes;
}

}  // namespace

QueryApi::QueryApi(Generations& generations, AlarmBook& alarms, const Alerts& alerts, metrics::Registry& metrics,
                   int max_waiting, Tokens tokens, std::function<std::string()> topic_trouble)
    : tokens_(std::move(tokens)),
      parts_{generations,
             alarms,
             alerts,
             metrics,
             metrics.AddHistogram("funneld_query_seconds", "Time to answer a query of the funnel",
                                  {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10}),
             max_waiting,
             std::move(topic_trouble)} {}

std::vector<std::string_view> QueryApi::AtOnce() { return Routes().PatternsOf(&QueryRoute::at_once); }

bool QueryApi::MayChange(const http::Request& request) const {
  const auto token = tokens_.admin ? BearerToken(request) : std::nullopt;
  return token && tokens_.admin->Matches(*token);
}

// Who may change something may read everything.
bool QueryApi::MayRead(const http::Request& request) const {
  if (!tokens_.read) return true;
  const auto token = BearerToken(request);
  return token && (tokens_.read->Matches(*token) || MayChange(request));
}

bool QueryApi::TakesLong(const http::Request& request) const {
  const auto match = Routes().Find(request.method(), request.path());
  return match.route != nullptr && match.route->slow && MayRead(request) &&
         !HasTag(request, CurrentTag(parts_.generations.Now(), request));
}

http::Reply QueryApi::Handle(const http::Request& request) {
  const auto match = Routes().Find(request.method(), request.path());
  const bool open = match.route != nullptr && match.route->open;
  const bool changes = match.route != nullptr && match.route->method != http::Method::kGet;
  if (changes ? !MayChange(request) : !open && !MayRead(request)) {
    http::Reply reply = Error(401, kUnauthorized, "Authorization: the token is missing or wrong");
    reply.headers.Add("WWW-Authenticate", "Bearer");
    return reply;
  }
  if (match.path == nullptr) return Error(404, kInvalid, "path: no such resource");
  if (match.route == nullptr) {
    http::Reply reply = Error(405, kInvalid, "method: is not allowed here");
    reply.headers.Add("Allow", match.allowed);
    return reply;
  }
  const QueryCall call{request, http::Query(request.query()), match.arguments};
  if (const auto fault = call.query.Fault(match.route->parameters)) return Error(400, kInvalid, *fault);
  return match.route->handler(parts_, call);
}

}  // namespace monitor
