// The resources engagement and report, and what all resources share.
#include <string>
#include <utility>

#include "api/public/public_handlers.h"
#include "api/public/response_json.h"
#include "api/requests/request_json.h"
#include "domain/events/event_codec.h"
#include "eventstore/random.h"

namespace monitor {
namespace {

bool NamesSomebody(const PublicCall& call, const RequestBody& body) {
  return call.visitor().has_value() || !body.identities.empty();
}

http::Reply LoadingReply(const PublicCall& call, int status, int internal_code) {
  const AccountId account(call.account());
  const auto sent = call.visitor();
  const VisitorId visitor = sent && call.visitor_is_well_formed() ? VisitorId(*sent) : GenerateVisitorId(account);
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return {.status = status, .body = LoadingResponse(account.str(), visitor, internal_code, now)};
}

// The visit that a request asks for, or the answer in its place.
std::expected<VisitCall, http::Reply> VisitOf(const PublicParts& parts, const PublicCall& call,
                                              VisitRequest::Kind kind) {
  const auto account = FindAccount(parts, call);
  if (!account) return std::unexpected(account.error());
  VisitCall visit{.account = *account};
  visit.request.kind = kind;
  visit.request.app_installation = AppInstallationId(call.argument(1));
  const AppInstallation* app = visit.account->account->FindApp(visit.request.app_installation);
  if (app == nullptr || !app->enabled) {
    return std::unexpected(http::ErrorReply(404, 18, "appInstallationId: is unknown to the account, or disabled"));
  }
  if (!call.visitor_is_well_formed()) return std::unexpected(http::ErrorReply(404, 37, "vid: is malformed"));
  if (!call.session_is_well_formed()) return std::unexpected(http::ErrorReply(404, 39, "sid: is malformed"));

  if (auto refused = http::RefuseEncodedBody(call.request())) return std::unexpected(*std::move(refused));
  auto body = ParseRequestBody(call.request().body(), kind);
  if (!body) return std::unexpected(http::ErrorReply(400, 5, body.error().message));
  if (kind == VisitRequest::Kind::kReport && !NamesSomebody(call, *body)) {
    return std::unexpected(
        http::ErrorReply(400, 5, "consumerId: one of vid, consumerId and identities[].sub is required"));
  }
  visit.request.address = call.on_behalf() ? std::move(body->ip_address) : call.peer_address();
  (*std::move(body)).MoveInto(visit.request);
  Complete(parts, call, visit);
  return visit;
}

void AnswerVisit(const PublicParts& parts, Call call, VisitRequest::Kind kind, http::Respond respond) {
  auto visit = VisitOf(parts, *call, kind);
  if (!visit) return respond(std::move(visit.error()));
  VisitorId visitor = visit->request.visitor;
  parts.visits.commands.HandleThen(
      *std::move(visit), [call = std::move(call), kind, visitor = std::move(visitor),
                          respond = HonestRespond(std::move(respond))](VisitOutcome<Decision> decision) mutable {
        if (!decision) return respond(FailureReply(*call, decision.error()));
        const bool report = kind == VisitRequest::Kind::kReport;
        respond({.status = decision->new_session ? 201 : 200,
                 .body = report ? ReportResponse(visitor, *decision) : EngagementResponse(visitor, *decision)});
      });
}

}  // namespace

void AnswerEngagement(const PublicParts& parts, Call call, http::Respond respond) {
  AnswerVisit(parts, std::move(call), VisitRequest::Kind::kEngagement, std::move(respond));
}

void AnswerReport(const PublicParts& parts, Call call, http::Respond respond) {
  AnswerVisit(parts, std::move(call), VisitRequest::Kind::kReport, std::move(respond));
}

std::expected<std::shared_ptr<const AccountState>, http::Reply> FindAccount(const PublicParts& parts,
                                                                            const PublicCall& call) {
  if (!IsWellFormedAccountId(call.account())) {
    return std::unexpected(http::ErrorReply(404, 6, "accountId: is malformed"));
  }
  const AccountId id(call.account());
  // It may be there: its document is not at hand yet, or not until a good one is put. Asked first: what loads in
  // between is then found.
  const bool loading = parts.accounts.loading() || parts.accounts.IsRefused(id);
  auto account = parts.accounts.Find(id);
  if (account && account->account->enabled) return account;
  if (account) return std::unexpected(http::ErrorReply(404, 6, "accountId: the account is suspended"));
  if (!loading) return std::unexpected(http::ErrorReply(404, 6, "accountId: there is no such account"));
  const bool waits = call.version() == ApiVersion::k1_1;
  return std::unexpected(waits ? LoadingReply(call, 202, 38) : LoadingReply(call, 500, 20));
}

void Complete(const PublicParts& parts, const PublicCall& call, VisitCall& visit) {
  VisitRequest& request = visit.request;
  const Account& account = *visit.account->account;
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
  if (parts.geo != nullptr && !request.address.empty()) request.geo = parts.geo->Lookup(request.address);
  for (Identity& identity : request.identities)
    identity.hash = parts.master_key.HashIdentity(identity.iss, identity.sub);
  visit.traceparent = call.traceparent();
  visit.on_behalf = call.on_behalf();
  visit.deadline = call.deadline();
}

http::Reply BusyReply(std::string_view message, int retry_after_s) {
  http::Reply reply = http::ErrorReply(503, 18, message);
  reply.headers.Add("Retry-After", std::to_string(retry_after_s));
  return reply;
}

http::Reply FailureReply(const PublicCall& call, const VisitFailure& failure) {
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
