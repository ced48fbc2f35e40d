// PublicApi's resources of http-api.md section 7: the address book, and what a token's holder may see of a visit.
#include <string>
#include <utility>

#include "api/public/public_api.h"
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

http::Reply NoVisitReply() { return http::ErrorReply(404, 12, "there is no such visit"); }

http::Reply NoOfferReply() {
  return http::ErrorReply(404, 12, "contextId: names no offer of this visit, or it was closed");
}

// The offer lives as long as its session, unless it was closed since.
bool IsValidContext(const Route& route, const SessionState& session) {
  const auto campaign = ParseWholeAsPrinted<std::int64_t>(route.parameters[2]);
  const auto engagement = ParseWholeAsPrinted<std::int64_t>(route.parameters[3]);
  const auto context = ParseWholeAsPrinted<std::uint32_t>(route.parameters[4]);
  if (!campaign || !engagement || !context) return false;
  const Offer* offer = session.FindOffer(*context);
  return offer != nullptr && !offer->closed && offer->entry.campaign_id == *campaign &&
         offer->entry.engagement_id == *engagement;
}

}  // namespace

http::Reply PublicApi::AnswerBaseUri(const PublicCall& call) const {
  if (!IsWellFormedAccountId(call.account())) return http::ErrorReply(404, 6, "accountId: is malformed");
  const bool loading = IsLoading(call);
  if (!accounts_.Find(AccountId(call.account()))) {
    return loading ? LoadingReply(call) : http::ErrorReply(404, 6, "accountId: there is no such account");
  }
  if (!options_.base_uri.empty()) return {.body = BaseUriResponse(call.account(), options_.base_uri)};
  return {.body = BaseUriResponse(call.account(), call.request().Header("Host").value_or("localhost"))};
}

// In the order 401, 404/37, 404/39, 404/12; an unknown account has no tokens.
http::Reply PublicApi::AnswerSibling(const PublicCall& call) {
  const bool loading = IsLoading(call);
  std::shared_ptr<const AccountState> account;
  if (IsWellFormedAccountId(call.account())) {
    account = accounts_.Find(AccountId(call.account()));
    if (!account && loading) return LoadingReply(call);
  }
  if (!account || !HasToken(call.request(), account->account->settings)) return UnauthorizedReply();
  if (!call.visitor_is_well_formed()) return http::ErrorReply(404, 37, "visitorId: is malformed");
  if (!call.session_is_well_formed()) return http::ErrorReply(404, 39, "sid: is malformed");

  std::optional<SessionId> named;
  if (const auto sent = call.session()) named = SessionId(*sent);
  auto session = visits_.FindSession(*account, VisitorId(*call.visitor()), named);
  if (!session) return FailureReply(call, session.error());
  if (!*session) return NoVisitReply();
  const SessionState& state = (*session)->state;
  switch (call.route().resource) {
    case Resource::kState:
      return {.body = SessionResponse(state)};
    case Resource::kContext:
      return IsValidContext(call.route(), state) ? http::Reply{.body = "{}"} : NoOfferReply();
    default:
      return AnswerEvents(call, account, state.id);
  }
}

http::Reply PublicApi::AnswerEvents(const PublicCall& call, const std::shared_ptr<const AccountState>& account,
                                    const SessionId& session) {
  auto body = ParseEventsBody(call.request().body());
  if (!body) return http::ErrorReply(400, 5, body.error().message);
  VisitCall visit{.account = account, .live_session_only = true};
  visit.request.kind = VisitRequest::Kind::kReport;
  (*std::move(body)).MoveInto(visit.request);
  Complete(call, *account->account, visit);
  visit.request.session = session;
  auto decision = visits_.Handle(std::move(visit));
  if (decision) return {.body = "{}"};
  // The array is the body itself here.
  constexpr std::string_view kArray = "engagementAttributes[";
  VisitFailure& failure = decision.error();
  if (failure.message.starts_with(kArray)) failure.message.erase(0, kArray.size() - 1);
  return FailureReply(call, failure);
}

}  // namespace monitor
