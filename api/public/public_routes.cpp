#include "api/public/public_routes.h"

#include <algorithm>
#include <span>
#include <utility>

namespace monitor {
namespace {

constexpr std::size_t kMaxSegments = 14;

struct Pattern {
  Resource resource;
  std::string_view name;
  std::string_view path;  // `*` stands for a parameter
  http::Method method;
  std::string_view allowed;
};

// In the order of Resource.
constexpr Pattern kPatterns[] = {
    {Resource::kEngagement, "engagement", "/api/account/*/app/*/engagement", http::Method::kPost, "POST, OPTIONS"},
    {Resource::kReport, "report", "/api/account/*/app/*/report", http::Method::kPut, "PUT, OPTIONS"},
    {Resource::kBaseUri, "base_uri", "/api/account/*/service/smt/baseURI.json", http::Method::kGet,
     "GET, HEAD, OPTIONS"},
    {Resource::kState, "state", "/api/account/*/monitoring/visitors/*/visits/current/state", http::Method::kGet,
     "GET, HEAD, OPTIONS"},
    {Resource::kContext, "context",
     "/api/account/*/monitoring/visitors/*/visits/current/campaigns/*/engagements/*/contexts/*", http::Method::kGet,
     "GET, HEAD, OPTIONS"},
    {Resource::kEvents, "events", "/api/account/*/monitoring/visitors/*/visits/current/events", http::Method::kPut,
     "PUT, OPTIONS"},
};
static_assert(std::size(kPatterns) == kResources);

const Pattern& PatternOf(Resource resource) { return kPatterns[std::to_underlying(resource)]; }

std::string_view TakeSegment(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// A segment that can not be decoded is kept as sent.
std::string Decode(std::string_view segment) {
  if (!segment.contains('%')) return std::string(segment);
  return http::PercentDecode(segment).value_or(std::string(segment));
}

bool Matches(const Pattern& pattern, std::string_view path, Route& route) {
  std::string_view expected = pattern.path;
  std::size_t parameters = 0;
  while (!expected.empty()) {
    if (!path.starts_with('/')) return false;
    std::string_view wanted = TakeSegment(expected);
    std::string_view segment = TakeSegment(path);
    if (wanted == "*") {
      route.parameters[parameters++] = Decode(segment);
    } else if (wanted != segment && (!segment.contains('%') || wanted != Decode(segment))) {
      return false;
    }
  }
  return path.empty();
}

}  // namespace

std::string_view ToText(Resource resource) { return PatternOf(resource).name; }

std::optional<Route> FindRoute(std::string_view path) {
  const auto segments = static_cast<std::size_t>(std::ranges::count(path, '/'));
  if (segments > kMaxSegments) return std::nullopt;
  Route route;
  for (const Pattern& pattern : kPatterns) {
    if (static_cast<std::size_t>(std::ranges::count(pattern.path, '/')) != segments) continue;
    if (!Matches(pattern, path, route)) continue;
    route.resource = pattern.resource;
    return route;
  }
  return std::nullopt;
}

http::Method MethodOf(const http::Request& request) {
  if (request.method() != http::Method::kPost) return request.method();
  const auto override_value = request.Header("X-HTTP-Method-Override");
  const auto equals = [](char a, char b) { return (a & ~0x20) == b; };  // letters without regard to case
  return override_value && std::ranges::equal(*override_value, std::string_view("PUT"), equals) ? http::Method::kPut
                                                                                                : http::Method::kPost;
}

bool IsAllowed(Resource resource, http::Method method) {
  const http::Method wanted = PatternOf(resource).method;
  return method == http::Method::kOptions || method == wanted ||
         (method == http::Method::kHead && wanted == http::Method::kGet);
}

std::string_view AllowedMethods(Resource resource) { return PatternOf(resource).allowed; }

}  // namespace monitor
