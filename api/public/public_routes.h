// Which resource a public request means: path and method, as a table (http-api.md sections 1, 3, 4 and 7). Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/values/enumerators.h"
#include "server/http_server.h"

namespace monitor {

enum class Resource : std::uint8_t { kEngagement, kReport, kBaseUri, kState, kContext, kEvents };
constexpr std::size_t kResources = kEnumerators<Resource>;
std::string_view ToText(Resource resource);  // for metrics

struct Route {
  static constexpr std::size_t kMaxParameters = 5;

  Resource resource;
  // The path's parameters in order, percent-decoded once: account, then app installation, or visitor, campaign,
  // engagement and context.
  std::array<std::string, kMaxParameters> parameters;
};

// nullopt: there is no such path.
std::optional<Route> FindRoute(std::string_view path);

// The request's method, X-HTTP-Method-Override applied.
http::Method MethodOf(const http::Request& request);
// OPTIONS is always allowed, HEAD where GET is.
bool IsAllowed(Resource resource, http::Method method);
std::string_view AllowedMethods(Resource resource);  // the Allow header

}  // namespace monitor
