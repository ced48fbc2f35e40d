#include "api/admin/admin.h"

#include <algorithm>

#include "api/admin/admin_replies.h"
#include "server/log.h"
#include "server/readiness.h"

namespace monitor {

struct Admin::Route {
  http::Method method;
  std::string_view path;  // `*` stands for one segment
  http::Reply (Admin::*handler)(const Call&);
  bool open = false;                              // needs no token
  std::vector<std::string_view> parameters = {};  // of its query; others are refused
};

const std::vector<Admin::Route>& Admin::Routes() {
  using http::Method;
  static const std::vector<Route> kRoutes = {
      {Method::kGet, "livez", &Admin::Live, true},
      {Method::kGet, "readyz", &Admin::Ready, true},
      {Method::kGet, "metrics", &Admin::Metrics, true},
      {Method::kGet, "admin/accounts", &Admin::ListAccounts},
      {Method::kGet, "admin/accounts/*", &Admin::GetAccount},
      {Method::kPut, "admin/accounts/*", &Admin::PutAccount},
      {Method::kPost, "admin/accounts/*/explain", &Admin::Explain},
      {Method::kPost, "admin/accounts/*/what-if", &Admin::AskWhatIf},
      {Method::kPut, "admin/accounts/*/skills/*", &Admin::PutSkill},
      {Method::kPut, "admin/accounts/*/conversations/*", &Admin::StartConversation},
      {Method::kDelete, "admin/accounts/*/conversations/*", &Admin::EndConversation},
      {Method::kPut, "admin/accounts/*/visitors/*/abandon-score", &Admin::PutAbandonScore},
      {Method::kGet, "admin/accounts/*/visitors/*", &Admin::GetVisitor},
      {Method::kDelete, "admin/accounts/*/visitors/*", &Admin::EraseVisitor},
      {Method::kGet, "admin/accounts/*/visitors/*/sessions/*/events", &Admin::GetSessionEvents},
      {Method::kGet, "admin/log", &Admin::GetLog, false, {"from", "limit", "waitMs"}},
      {Method::kGet, "admin/position", &Admin::GetPosition},
      {Method::kPost, "admin/drain", &Admin::BeginDrain},
  };
  return kRoutes;
}

namespace {

std::string_view TakeSegment(std::string_view& path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return segment;
}

// What stands for the stars; nullopt: another path.
std::optional<std::vector<std::string>> Match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> arguments;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view expected = TakeSegment(pattern);
    const auto segment = http::PercentDecode(TakeSegment(path));
    if (!segment || segment->empty()) return std::nullopt;
    if (expected == "*") {
      arguments.push_back(*segment);
    } else if (expected != *segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return arguments;
}

http::Reply Unauthorized() {
  http::Reply reply = http::ErrorReply(401, 10, "Authorization: the admin token is missing or wrong");
  reply.headers.Add("WWW-Authenticate", "Bearer");
  return reply;
}

}  // namespace

Admin::Admin(Parts parts, AdminOptions options)
    : parts_(std::move(parts)), options_(std::move(options)), token_(options_.token) {}

bool Admin::Authorized(const http::Request& request) const {
  const auto token = BearerToken(request);
  return token && token_.Matches(*token);
}

http::Reply Admin::Handle(const http::Request& request) {
  std::string_view path = request.path();
  if (path.starts_with('/')) path.remove_prefix(1);
  std::string allowed;
  for (const Route& route : Routes()) {
    auto arguments = Match(route.path, path);
    if (!arguments) continue;
    if (!route.open && !Authorized(request)) return Unauthorized();
    const bool is_get = route.method == http::Method::kGet;
    if (request.method() == route.method || (is_get && request.method() == http::Method::kHead)) {
      return Dispatch(route, request, std::move(*arguments));
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += is_get ? "GET, HEAD" : ToText(route.method);
  }
  if (!allowed.empty()) {
    http::Reply reply = http::ErrorReply(405, 5, "method not allowed");
    reply.headers.Add("Allow", allowed);
    return reply;
  }
  // Who has no token does not learn which paths there are.
  return Authorized(request) ? http::ErrorReply(404, 5, "unknown path") : Unauthorized();
}

http::Reply Admin::Dispatch(const Route& route, const http::Request& request, std::vector<std::string> arguments) {
  const bool command = route.method == http::Method::kPut || route.method == http::Method::kDelete;
  const bool fits = !command || waiting_commands_.fetch_add(1) < options_.max_waiting_commands;
  http::Reply reply =
      fits ? Run(route, request, std::move(arguments)) : admin::Unavailable("too many commands wait for their commit");
  if (command) waiting_commands_.fetch_sub(1);
  reply.headers.Add("Cache-Control", "no-store");
  return reply;
}

http::Reply Admin::Run(const Route& route, const http::Request& request, std::vector<std::string> arguments) {
  try {
    const Call call{request, std::move(arguments), http::Query(request.query())};
    if (const auto fault = call.query.Fault(route.parameters)) return admin::Invalid(*fault);
    return (this->*route.handler)(call);
  } catch (const std::exception& error) {
    log::Error("admin_request_failed", {{"route", route.path}, {"reason", error.what()}});
    return admin::Unexpected();
  }
}

http::Reply Admin::Live(const Call&) { return admin::Json(R"({"status":"ok"})"); }

namespace {

constexpr std::size_t kMaxNamed = 10;

// "" if none is.
std::string WhichAreRefused(const Accounts& accounts) {
  const auto refused = accounts.Refused();
  std::string names;
  std::size_t named = 0;
  for (const auto& [id, account] : refused) {
    if (named++ == kMaxNamed) break;
    names += (names.empty() ? "" : ", ") + id.str();
  }
  if (refused.size() > kMaxNamed) names += " and " + std::to_string(refused.size() - kMaxNamed) + " more";
  return names.empty() ? names : "not in force, their stored documents are refused: " + names;
}

}  // namespace

http::Reply Admin::Ready(const Call&) {
  const bool loading = parts_.accounts.loading();
  const auto ask = [](const std::function<std::string()>& fault) { return fault ? fault() : std::string(); };
  std::vector<http::Check> checks = {
      {"accounts", loading ? "loading" : WhichAreRefused(parts_.accounts), loading},
      {"store", ask(parts_.store_fault), true},
      {"clock", ask(parts_.clock_fault)},
      {"origin", ask(parts_.refusal), true},
      {"drain", parts_.drain.begun() ? "draining" : "", true},
  };
  if (parts_.broker) checks.push_back({"broker", parts_.broker()});
  return http::ReadyReply(checks);
}

http::Reply Admin::Metrics(const Call&) {
  http::Reply reply = admin::Json(parts_.metrics.Text());
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return reply;
}

http::Reply Admin::BeginDrain(const Call&) {
  if (!parts_.drain.begun()) log::Info("draining", {{"by", "admin"}});
  parts_.drain.Begin();
  return admin::Done();
}

}  // namespace monitor
