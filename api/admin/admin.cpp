#include "api/admin/admin.h"

#include <algorithm>
#include <chrono>
#include <expected>
#include <optional>

#include "api/admin/admin_audit.h"
#include "api/admin/admin_handlers.h"
#include "api/admin/admin_replies.h"
#include "server/log.h"

namespace monitor {

using admin::AdminCall;

struct AdminRoute {
  http::Method method;
  std::string_view pattern;
  // What the token must be for; nullopt: none is needed. It stands before the handler so that a route without one does
  // not compile.
  std::optional<AdminScope> scope;
  http::Reply (*handler)(const AdminParts&, const AdminCall&);
  std::vector<std::string_view> parameters = {};  // of its query; others are refused
  bool at_once = false;                           // a short answer that blocks on nothing
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

std::vector<http::Check> ChecksOf(const AdminParts& parts) {
  const bool loading = parts.accounts.loading();
  const auto ask = [](const std::function<std::string()>& fault) { return fault ? fault() : std::string(); };
  std::vector<http::Check> checks = {
      {"accounts", loading ? "loading" : WhichAreRefused(parts.accounts), loading},
      {"store", ask(parts.store_fault), true},
      {"clock", ask(parts.clock_fault)},
      {"origin", ask(parts.refusal), true},
      {"drain", parts.drain.begun() ? "draining" : "", true},
  };
  if (parts.tokens.has_file()) checks.push_back({"tokens", parts.tokens.Fault()});
  if (parts.broker) checks.push_back({"broker", parts.broker()});
  return checks;
}

http::Reply Ready(const AdminParts& parts, const AdminCall&) { return http::ReadyReply(ChecksOf(parts)); }

http::Reply Metrics(const AdminParts& parts, const AdminCall&) {
  http::Reply reply = admin::Json(parts.metrics.Text());
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return reply;
}

http::Reply BeginDrain(const AdminParts& parts, const AdminCall& call) {
  if (parts.drain.begun()) return admin::Done();
  log::Info("draining", {{"by", call.by}});
  parts.drain.Begin();
  return admin::RecordDone(parts, {call.by, AccountId(), "drain"}, admin::Done());
}

const http::Router<AdminRoute>& Routes() {
  using namespace admin;
  using enum http::Method;
  using enum AdminScope;
  constexpr std::nullopt_t kOpen = std::nullopt;
  static const http::Router<AdminRoute> kRoutes({
      {.method = kGet, .pattern = "/livez", .scope = kOpen, .handler = Live, .at_once = true},
      {.method = kGet, .pattern = "/readyz", .scope = kOpen, .handler = Ready, .at_once = true},
      {.method = kGet, .pattern = "/metrics", .scope = kOpen, .handler = Metrics, .at_once = true},
      {kGet, "/console", kOpen, ConsoleMoved},
      {kGet, "/console/", kOpen, ConsoleFile},
      {kGet, "/console/*", kOpen, ConsoleFile},
      {kGet, "/console/*/*", kOpen, ConsoleFile},
      {kGet, "/admin/accounts", kRead, ListAccounts},
      {kGet, "/admin/accounts/*", kRead, GetAccount},
      {kPut, "/admin/accounts/*", kPublish, PutAccount},
      {kDelete, "/admin/accounts/*", kErase, RemoveAccount, {"confirm"}},
      {kPost, "/admin/accounts/*/validate", kRead, ValidateDocument},
      {kGet, "/admin/accounts/*/revisions", kRead, ListRevisions},
      {kGet, "/admin/accounts/*/revisions/*", kRead, GetRevision},
      {kGet, "/admin/accounts/*/revisions/*/changes", kRead, ListChanges, {"since"}},
      {kPost, "/admin/accounts/*/changes", kRead, CompareDocument},
      {kPost, "/admin/accounts/*/explain", kRead, Explain},
      {kPost, "/admin/accounts/*/what-if", kRead, AskWhatIf},
      {kGet, "/admin/accounts/*/skills", kRead, ListSkills},
      {kPut, "/admin/accounts/*/skills/*", kSkills, PutSkill},
      {kPut, "/admin/accounts/*/conversations/*", kConversations, StartConversation},
      {kDelete, "/admin/accounts/*/conversations/*", kConversations, EndConversation},
      {kPut, "/admin/accounts/*/visitors/*/abandon-score", kConversations, PutAbandonScore},
      {kGet, "/admin/accounts/*/visitors/*", kRead, GetVisitor},
      {kDelete, "/admin/accounts/*/visitors/*", kErase, EraseVisitor},
      {kGet, "/admin/accounts/*/visitors/*/sessions/*/events", kRead, GetSessionEvents},
      {kPost, "/admin/accounts/*/identities/find", kRead, FindIdentity},
      {kPost, "/admin/accounts/*/identities/erase", kErase, EraseIdentity},
      {kGet, "/admin/log", kRead, GetLog, {"from", "limit", "waitMs"}},
      {kGet, "/admin/position", kRead, GetPosition},
      {kGet, "/admin/audit", kRead, GetAudit, {"from", "limit", "before"}},
      {kPost, "/admin/backup", kNode, MakeBackup},
      {kPost, "/admin/drain", kNode, BeginDrain},
  });
  return kRoutes;
}

http::Reply Unauthorized(std::string_view why) {
  http::Reply reply = http::ErrorReply(401, 10, "Authorization: " + std::string(why));
  reply.headers.Add("WWW-Authenticate", "Bearer");
  return reply;
}

http::Reply Forbidden(AdminScope scope) {
  const std::string word(ToText(scope));
  http::Reply reply = http::ErrorReply(403, 10,
                                       word.empty() ? "Authorization: only the token admin may do this"
                                                    : "Authorization: the token lacks the scope " + word);
  reply.headers.Add("WWW-Authenticate",
                    "Bearer error=\"insufficient_scope\"" + (word.empty() ? "" : ", scope=\"" + word + "\""));
  return reply;
}

// The error is a 401.
std::expected<AdminToken, http::Reply> Authenticate(AdminTokens& tokens, const http::Request& request) {
  const auto sent = BearerToken(request);
  auto token = sent ? tokens.Find(*sent) : std::nullopt;
  if (!token) return std::unexpected(Unauthorized("the admin token is missing or wrong"));
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  if (token->IsOver(now)) return std::unexpected(Unauthorized("the admin token has expired"));
  return *std::move(token);
}

}  // namespace

Admin::Admin(AdminParts parts, AdminOptions options) : parts_(std::move(parts)), options_(std::move(options)) {}

std::vector<std::string_view> Admin::AtOnce() { return Routes().PatternsOf(&AdminRoute::at_once); }

// Who has no token does not learn which paths there are.
std::vector<http::Check> Admin::Checks() const { return ChecksOf(parts_); }

http::Reply Admin::Handle(const http::Request& request) {
  auto match = Routes().Find(request.method(), request.path());
  const AdminRoute* asked = match.route != nullptr ? match.route : match.path;
  std::string by;
  if (asked == nullptr || asked->scope) {
    auto token = Authenticate(parts_.tokens, request);
    if (!token) return token.error();
    if (match.route != nullptr && !token->scopes.contains(*asked->scope)) return Forbidden(*asked->scope);
    by = std::move(token->name);
  }
  if (match.path == nullptr) return http::ErrorReply(404, 5, "unknown path");
  if (match.route != nullptr) {
    if (auto refused = http::RefuseEncodedBody(request)) return *std::move(refused);
    return Dispatch(*match.route, request, std::move(match.arguments), by);
  }
  http::Reply reply = http::ErrorReply(405, 5, "method not allowed");
  reply.headers.Add("Allow", match.allowed);
  return reply;
}

http::Reply Admin::Dispatch(const AdminRoute& route, const http::Request& request, http::Arguments arguments,
                            std::string_view by) {
  const bool command = route.method == http::Method::kPut || route.method == http::Method::kDelete;
  const bool fits = !command || waiting_.commands.fetch_add(1) < options_.max_waiting_commands;
  http::Reply reply = fits ? Run(route, request, std::move(arguments), by)
                           : admin::Unavailable("too many commands wait for their commit");
  if (command) waiting_.commands.fetch_sub(1);
  if (reply.fixed_headers.empty()) reply.headers.Add("Cache-Control", "no-store");  // else they say it
  return reply;
}

http::Reply Admin::Run(const AdminRoute& route, const http::Request& request, http::Arguments arguments,
                       std::string_view by) {
  try {
    const AdminCall call{request, std::move(arguments), http::Query(request.query()), std::string(by), options_,
                         waiting_};
    if (const auto fault = call.query.Fault(route.parameters)) return admin::Invalid(*fault);
    return route.handler(parts_, call);
  } catch (const std::exception& error) {
    log::Error("admin_request_failed", {{"route", route.pattern}, {"reason", error.what()}});
    return admin::Unexpected();
  }
}

}  // namespace monitor
