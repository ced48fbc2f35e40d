// The resources of http-api.md section 7: the address book, and what a token's holder may see of a visit.
#include <string>
#include <utility>

#include "api/public/public_handlers.h"
#include "api/public/response_json.h"
#include "api/requests/request_json.h"
#include "domain/values/whole_number.h"
#include "server/bearer_token.h"

namespace monitor {
namespace {

bool HasToken(const http::Request& request, const Settings& settings) {
  const auto token = BearerToken(request);
  return token && TokenIsAmong(*token, settings.api_token_sha256);
}

http::Reply UnauthorizedReply() {
  http::Reply reply = http::ErrorReply(401, 10, "Authorization: the token is missing or wrong");
  reply.headers.Add("WWW-Authenticate", "Bearer");
  return reply;
}

// The offer lives as long as its session, unless it was closed since.
bool IsValidContext(const PublicCall& call, const SessionState& session) {
  const auto campaign = ParseWholeAsPrinted<std::int64_t>(call.argument(2));
  const auto engagement = ParseWholeAsPrinted<std::int64_t>(call.argument(3));
  const auto context = ParseWholeAsPrinted<std::uint32_t>(call.argument(4));
  if (!campaign || !engagement || !context) return false;
  const Offer* offer = session.FindOffer(*context);
  if (offer == nullptr || offer->closed) return false;
  const Entry& entry = session.EntryOf(*offer);
  return entry.campaign_id == *campaign && entry.engagement_id == *engagement;
}

struct FoundVisit {
  std::shared_ptr<const AccountState> account;
  SessionView session;
};

// In the order 401, 404/37, 404/39, 404/12; an unknown account has no tokens.
std::expected<FoundVisit, http::Reply> FindVisit(const PublicParts& parts, const PublicCall& call) {
  auto account = FindAccount(parts, call);
  if (!account && account.error().status != 404) return std::unexpected(account.error());
  if (!account || !HasToken(call.request(), (*account)->account->settings)) return std::unexpected(UnauthorizedReply());
  if (!call.visitor_is_well_formed()) return std::unexpected(http::ErrorReply(404, 37, "visitorId: is malformed"));
  if (!call.session_is_well_formed()) return std::unexpected(http::ErrorReply(404, 39, "sid: is malformed"));

  std::optional<SessionId> named;
  if (const auto sent = call.session()) named = SessionId(*sent);
  auto session = parts.visits.views.FindSession(**account, VisitorId(*call.visitor()), named);
  if (!session) return std::unexpected(FailureReply(call, session.error()));
  if (!*session) return std::unexpected(http::ErrorReply(404, 12, "there is no such visit"));
  return FoundVisit{*std::move(account), **std::move(session)};
}

http::Reply BaseUriReply(const PublicParts& parts, const PublicCall& call) {
  if (const auto account = FindAccount(parts, call); !account) return account.error();
  if (!parts.base_uri.empty()) return {.body = BaseUriResponse(call.account(), parts.base_uri)};
  return {.body = BaseUriResponse(call.account(), call.request().Header("Host").value_or("localhost"))};
}

http::Reply StateReply(const PublicParts& parts, const PublicCall& call) {
  const auto visit = FindVisit(parts, call);
  if (!visit) return visit.error();
  const SessionState& session = visit->session.state;
  const auto transcript =
      parts.visits.views.Transcript(visit->account->account->id, VisitorId(*call.visitor()), session.id);
  if (!transcript) return FailureReply(call, transcript.error());
  return {.body = SessionResponse(session, *transcript)};
}

http::Reply ContextReply(const PublicParts& parts, const PublicCall& call) {
  const auto visit = FindVisit(parts, call);
  if (!visit) return visit.error();
  if (IsValidContext(call, visit->session.state)) return {.body = "{}"};
  return http::ErrorReply(404, 12, "contextId: names no offer of this visit, or it was closed");
}

// The report that a visit's events are, or the answer in its place.
std::expected<VisitCall, http::Reply> ReportOf(const PublicParts& parts, const PublicCall& call) {
  const auto found = FindVisit(parts, call);
  if (!found) return std::unexpected(found.error());
  if (auto refused = http::RefuseEncodedBody(call.request())) return std::unexpected(*std::move(refused));
  auto body = ParseEventsBody(call.request().body());
  if (!body) return std::unexpected(http::ErrorReply(400, 5, body.error().message));
  VisitCall visit{.account = found->account, .live_session_only = true};
  visit.request.kind = VisitRequest::Kind::kReport;
  (*std::move(body)).MoveInto(visit.request);
  Complete(parts, call, visit);
  visit.request.session = found->session.state.id;
  return visit;
}

}  // namespace

void AnswerBaseUri(const PublicParts& parts, Call call, http::Respond respond) { respond(BaseUriReply(parts, *call)); }

void AnswerState(const PublicParts& parts, Call call, http::Respond respond) { respond(StateReply(parts, *call)); }

void AnswerContext(const PublicParts& parts, Call call, http::Respond respond) { respond(ContextReply(parts, *call)); }

void AnswerEvents(const PublicParts& parts, Call call, http::Respond respond) {
  auto visit = ReportOf(parts, *call);
  if (!visit) return respond(std::move(visit.error()));
  parts.visits.commands.HandleThen(
      *std::move(visit),
      [call = std::move(call), respond = HonestRespond(std::move(respond))](VisitOutcome<Decision> decision) mutable {
        if (decision) return respond({.body = "{}"});
        // The array is the body itself here.
        constexpr std::string_view kArray = "engagementAttributes[";
        VisitFailure& failure = decision.error();
        if (failure.message.starts_with(kArray)) failure.message.erase(0, kArray.size() - 1);
        respond(FailureReply(*call, failure));
      });
}

}  // namespace monitor
