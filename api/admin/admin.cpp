#include "api/admin/admin.h"

#include <algorithm>

#include "api/admin/admin_audit.h"
#include "api/admin/admin_handlers.h"
#include "api/admin/admin_replies.h"
#include "server/log.h"
#include "server/readiness.h"

namespace monitor {

using admin::AdminCall;

struct AdminRoute {
  http::Method method;
  std::string_view pattern;
  http::Reply (*handler)(const AdminParts&, const AdminCall&);
  bool at_once = false;                           // blocks on nothing, and needs no token
  std::vector<std::string_view> parameters = {};  // of its query; others are refused
};

namespace {

http::Reply Live(const AdminParts&, const AdminCall&) { return admin::Json(R"({"status":"ok"})"); }

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

http::Reply Ready(const AdminParts& parts, const AdminCall&) {
  const bool loading = parts.accounts.loading();
  const auto ask = [](const std::function<std::string()>& fault) { return fault ? fault() : std::string(); };
  std::vector<http::Check> checks = {
      {"accounts", loading ? "loading" : WhichAreRefused(parts.accounts), loading},
      {"store", ask(parts.store_fault), true},
      {"clock", ask(parts.clock_fault)},
      {"origin", ask(parts.refusal), true},
      {"drain", parts.drain.begun() ? "draining" : "", true},
  };
  if (parts.broker) checks.push_back({"broker", parts.broker()});
  return http::ReadyReply(checks);
}

http::Reply Metrics(const AdminParts& parts, const AdminCall&) {
  http::Reply reply = admin::Json(parts.metrics.Text());
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return reply;
}

http::Reply BeginDrain(const AdminParts& parts, const AdminCall&) {
  if (parts.drain.begun()) return admin::Done();
  log::Info("draining", {{"by", "admin"}});
  parts.drain.Begin();
  return admin::RecordDone(parts, {AccountId(), "drain"}, admin::Done());
}

const http::Router<AdminRoute>& Routes() {
  using namespace admin;
  using enum http::Method;
  static const http::Router<AdminRoute> kRoutes({
      {kGet, "/livez", Live, true},
      {kGet, "/readyz", Ready, true},
      {kGet, "/metrics", Metrics, true},
      {kGet, "/admin/accounts", ListAccounts},
      {kGet, "/admin/accounts/*", GetAccount},
      {kPut, "/admin/accounts/*", PutAccount},
      {kDelete, "/admin/accounts/*", RemoveAccount, false, {"confirm"}},
      {kPost, "/admin/accounts/*/validate", ValidateDocument},
      {kGet, "/admin/accounts/*/revisions", ListRevisions},
      {kGet, "/admin/accounts/*/revisions/*", GetRevision},
      {kPost, "/admin/accounts/*/explain", Explain},
      {kPost, "/admin/accounts/*/what-if", AskWhatIf},
      {kPut, "/admin/accounts/*/skills/*", PutSkill},
      {kPut, "/admin/accounts/*/conversations/*", StartConversation},
      {kDelete, "/admin/accounts/*/conversations/*", EndConversation},
      {kPut, "/admin/accounts/*/visitors/*/abandon-score", PutAbandonScore},
      {kGet, "/admin/accounts/*/visitors/*", GetVisitor},
      {kDelete, "/admin/accounts/*/visitors/*", EraseVisitor},
      {kGet, "/admin/accounts/*/visitors/*/sessions/*/events", GetSessionEvents},
      {kPost, "/admin/accounts/*/identities/find", FindIdentity},
      {kPost, "/admin/accounts/*/identities/erase", EraseIdentity},
      {kGet, "/admin/log", GetLog, false, {"from", "limit", "waitMs"}},
      {kGet, "/admin/position", GetPosition},
      {kGet, "/admin/audit", GetAudit, false, {"from", "limit", "before"}},
      {kPost, "/admin/backup", MakeBackup},
      {kPost, "/admin/drain", BeginDrain},
  });
  return kRoutes;
}

http::Reply Unauthorized() {
  http::Reply reply = http::ErrorReply(401, 10, "Authorization: the admin token is missing or wrong");
  reply.headers.Add("WWW-Authenticate", "Bearer");
  return reply;
}

}  // namespace

Admin::Admin(AdminParts parts, AdminOptions options)
    : parts_(std::move(parts)), options_(std::move(options)), token_(options_.token) {}

std::vector<std::string_view> Admin::AtOnce() { return Routes().PatternsOf(&AdminRoute::at_once); }

bool Admin::Authorized(const http::Request& request) const {
  const auto token = BearerToken(request);
  return token && token_.Matches(*token);
}

// Who has no token does not learn which paths there are.
http::Reply Admin::Handle(const http::Request& request) {
  auto match = Routes().Find(request.method(), request.path());
  const bool open = match.path != nullptr && match.path->at_once;
  if (!open && !Authorized(request)) return Unauthorized();
  if (match.path == nullptr) return http::ErrorReply(404, 5, "unknown path");
  if (match.route != nullptr) {
    if (auto refused = http::RefuseEncodedBody(request)) return *std::move(refused);
    return Dispatch(*match.route, request, std::move(match.arguments));
  }
  http::Reply reply = http::ErrorReply(405, 5, "method not allowed");
  reply.headers.Add("Allow", match.allowed);
  return reply;
}

http::Reply Admin::Dispatch(const AdminRoute& route, const http::Request& request, http::Arguments arguments) {
  const bool command = route.method == http::Method::kPut || route.method == http::Method::kDelete;
  const bool fits = !command || waiting_.commands.fetch_add(1) < options_.max_waiting_commands;
  http::Reply reply =
      fits ? Run(route, request, std::move(arguments)) : admin::Unavailable("too many commands wait for their commit");
  if (command) waiting_.commands.fetch_sub(1);
  reply.headers.Add("Cache-Control", "no-store");
  return reply;
}

http::Reply Admin::Run(const AdminRoute& route, const http::Request& request, http::Arguments arguments) {
  try {
    const AdminCall call{request, std::move(arguments), http::Query(request.query()), options_, waiting_};
    if (const auto fault = call.query.Fault(route.parameters)) return admin::Invalid(*fault);
    return route.handler(parts_, call);
  } catch (const std::exception& error) {
    log::Error("admin_request_failed", {{"route", route.pattern}, {"reason", error.what()}});
    return admin::Unexpected();
  }
}

}  // namespace monitor
