// The public API's table (http-api.md sections 1, 3, 4 and 7). Pure; any thread.
#pragma once

#include "api/public/public_call.h"
#include "api/public/public_handlers.h"
#include "server/router.h"

namespace monitor {

struct PublicRoute {
  http::Method method;
  std::string_view pattern;
  void (*handler)(const PublicParts&, Call, http::Respond);
  VisitorIn visitor;
  bool versioned = true;  // needs `v`
};

const http::Router<PublicRoute>& PublicRoutes();

constexpr std::string_view kMethodOverride = "X-HTTP-Method-Override";

// The request's method, that header applied.
http::Method MethodOf(const http::Request& request);

}  // namespace monitor
