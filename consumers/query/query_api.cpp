#include "consumers/query/query_api.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "consumers/page/page.h"
#include "consumers/query/funnel_answer.h"
#include "consumers/query/funnel_request.h"
#include "consumers/query/openapi.h"
#include "consumers/query/parts_answer.h"
#include "consumers/query/readiness.h"
#include "domain/values/json.h"
#include "server/log.h"
#include "server/metrics/readiness_metrics.h"
#include "server/router.h"

namespace monitor {
namespace {

// Whose threads a request gets (ServerOptions::lanes). Nothing in the last two waits for another instance: if instances
// asked each other where others wait for them, all could wait for all.
enum Lane : std::uint8_t { kQuick, kSlow, kForPeers, kRowsForPeers };

struct QueryRoute {
  http::Method method;
  std::string_view pattern;
  http::Reply (*handler)(QueryParts&, const QueryCall&);
  std::vector<std::string_view> parameters = {};  // of its query; others are refused
  bool at_once = false;                           // blocks on nothing
  Lane lane = kQuick;
  bool open = false;                            // to who has no token, too
  bool changes = method != http::Method::kGet;  // something: needs the operator's token
};

http::Reply Live(QueryParts&, const QueryCall&) { return Json("{\"status\":\"ok\"}"); }

http::Reply Page(QueryParts&, const QueryCall& call) { return PageReply("index.html", call.request); }

http::Reply PageFile(QueryParts&, const QueryCall& call) { return PageReply(call.arguments[0], call.request); }

http::Reply OpenApi(QueryParts&, const QueryCall&) { return Json(std::string(kOpenApiJson)); }

http::Reply Accounts(QueryParts& parts, const QueryCall& call) {
  const auto accounts = parts.instances.Accounts([&] { return call.request.abandoned(); });
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
  const auto abandoned = [&] { return call.request.abandoned(); };
  const auto moment = parts.instances.Look(*id, abandoned);
  if (!moment) return ViewUnreadable();
  if (!moment->account) return NoAccountIn(*moment);
  const auto keeper = Instances::KeeperOf(*moment, AccountId(*id));
  if (keeper.is_this) return TellPeersAlerts(parts, call);
  if (keeper.peer == nullptr) return Unavailable("account: nobody has the partition of its document at present");
  auto told = parts.instances.Ask(*keeper.peer, "/api/parts/alerts?account=" + std::string(*id), abandoned);
  return told ? Json(*std::move(told)) : Unavailable("account: " + keeper.peer->url() + " " + told.error());
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

std::vector<http::Check> ChecksOf(const QueryParts& parts) {
  return Checks(parts.generations.Now(), parts.topic_trouble(), parts.instances.Trouble(), parts.draining);
}

http::Reply Ready(QueryParts& parts, const QueryCall&) {
  http::Reply reply = http::ReadyReply(ChecksOf(parts));
  reply.fixed_headers = kHeaders;
  return reply;
}

const http::Router<QueryRoute>& Routes() {
  using enum http::Method;
  static const http::Router<QueryRoute> kRoutes({
      // Open: it asks for the token itself, which a browser does not send along. Its script reads the parameter.
      {.method = kGet, .pattern = "/", .handler = Page, .parameters = {"account"}, .open = true},
      {.method = kGet, .pattern = "/page/*", .handler = PageFile, .open = true},
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
      {kGet, "/api/position", AnswerPosition, {"waitFor", "waitMs"}},
      {kGet, "/api/funnel", AnswerFunnel, {kFunnelParameters.begin(), kFunnelParameters.end()}, false, kSlow},
      // Of peers alone, so not in openapi.json.
      {kGet, "/api/parts", TellPeers, {"account"}, false, kForPeers},
      {kGet, "/api/parts/accounts", TellPeersAccounts, {}, false, kForPeers},
      {kGet, "/api/parts/alerts", TellPeersAlerts, {"account"}, false, kForPeers},
      {.method = kPost,
       .pattern = "/api/parts/rows",
       .handler = CountForPeers,
       .lane = kRowsForPeers,
       .changes = false},
  });
  return kRoutes;
}

std::vector<std::string_view> Patterns() {
  std::vector<std::string_view> patterns;
  for (const QueryRoute& route : Routes().routes()) patterns.push_back(route.pattern);
  return patterns;
}

}  // namespace

QueryApi::QueryApi(Generations& generations, Instances& instances, AlarmBook& alarms, const Alerts& alerts,
                   metrics::Registry& metrics, int max_waiting, Tokens tokens,
                   std::function<std::string()> topic_trouble)
    : tokens_(std::move(tokens)),
      parts_{generations, instances, alarms, alerts, metrics, max_waiting, std::move(topic_trouble)},
      durations_(metrics, Patterns()) {
  metrics::AddReadinessMetrics(metrics, "funneld", [this] { return ChecksOf(parts_); });
}

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

std::vector<http::ServerOptions::Lane> QueryApi::Lanes(int threads) {
  const int some = std::max(1, threads / 4);
  constexpr std::size_t kOfManyPeers = 256;
  return {{.threads = some}, {.threads = 2, .max_queued = kOfManyPeers}, {.threads = some, .max_queued = kOfManyPeers}};
}

std::size_t QueryApi::LaneOf(const http::Request& request) const {
  const auto match = Routes().Find(request.method(), request.path());
  if (match.route == nullptr || match.route->lane == kQuick || !MayRead(request)) return kQuick;
  return match.route->lane == kSlow && TagSeemsToHold(parts_, request) ? kQuick : match.route->lane;
}

http::Reply QueryApi::Handle(const http::Request& request) {
  const auto began = std::chrono::steady_clock::now();
  std::optional<std::size_t> route;
  http::Reply reply = Answer(request, route);
  durations_.Observe(route, request.method(), reply.status, std::chrono::steady_clock::now() - began);
  return reply;
}

http::Reply QueryApi::Answer(const http::Request& request, std::optional<std::size_t>& route) {
  const auto match = Routes().Find(request.method(), request.path());
  if (match.path != nullptr) route = static_cast<std::size_t>(match.path - Routes().routes().data());
  const bool open = match.route != nullptr && match.route->open;
  const bool changes = match.route != nullptr && match.route->changes;
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
