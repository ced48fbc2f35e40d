#include "api/public/public_routes.h"

#include <algorithm>

namespace monitor {

const http::Router<PublicRoute>& PublicRoutes() {
  using enum http::Method;
  using enum VisitorIn;
  static const http::Router<PublicRoute> kRoutes(
      {
          {kPost, "/api/account/*/app/*/engagement", AnswerEngagement, kQuery},
          {kPut, "/api/account/*/app/*/report", AnswerReport, kQuery},
          {kGet, "/api/account/*/service/smt/baseURI.json", AnswerBaseUri, kNowhere, false},
          {kGet, "/api/account/*/monitoring/visitors/*/visits/current/state", AnswerState, kPath},
          {kGet, "/api/account/*/monitoring/visitors/*/visits/current/campaigns/*/engagements/*/contexts/*",
           AnswerContext, kPath},
          {kPut, "/api/account/*/monitoring/visitors/*/visits/current/events", AnswerEvents, kPath},
      },
      {.post_for_put = true, .options = true});
  return kRoutes;
}

http::Method MethodOf(const http::Request& request) {
  if (request.method() != http::Method::kPost) return request.method();
  const auto override_value = request.Header(kMethodOverride);
  const auto equals = [](char a, char b) { return (a & ~0x20) == b; };  // letters without regard to case
  return override_value && std::ranges::equal(*override_value, std::string_view("PUT"), equals) ? http::Method::kPut
                                                                                                : http::Method::kPost;
}

}  // namespace monitor
