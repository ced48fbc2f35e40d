// One public request as its handler sees it: route, query, ids and client, read once (http-api.md sections 1 and 2).
//
// Lives as long as its handler runs, on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/public/public_routes.h"
#include "domain/values/names.h"
#include "server/http_server.h"

namespace monitor {

enum class ApiVersion : std::uint8_t { k1_0, k1_1 };

// `1`, `1.0`, `1.00` are 1.0. nullopt: not a number in JSON's grammar, or another.
std::optional<ApiVersion> ParseApiVersion(std::string_view text);

// The client's X-Request-Id if it is 1–128 characters of `!` to `~`, else a new one.
std::string RequestIdOf(const http::Request& request);

class PublicCall {
 public:
  PublicCall(const http::Request& request, http::Method method, Route route,
             std::chrono::steady_clock::time_point deadline)
      : request_(request), method_(method), route_(std::move(route)), query_(request.query()), deadline_(deadline) {}

  const http::Request& request() const { return request_; }
  http::Method method() const { return method_; }
  const Route& route() const { return route_; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

  std::string_view account() const { return route_.parameters[0]; }
  // The visitor's id as sent, in the query or (sibling resources) in the path; absent if it is empty.
  std::optional<std::string_view> visitor() const;
  std::optional<std::string_view> session() const { return query_.Get("sid"); }
  bool visitor_is_well_formed() const;  // absent is
  bool session_is_well_formed() const;
  std::optional<ApiVersion> version() const;
  bool on_behalf() const;  // obh

  // The visitor that the edge spoke to: the last of X-Forwarded-For, which the edge sets. Empty if unknown.
  std::string_view peer_address() const;
  // Shortened and in ASCII, as it may be written to JSON.
  std::string user_agent() const;
  // W3C Trace Context; empty if none or malformed.
  std::string traceparent() const;

 private:
  const http::Request& request_;
  const http::Method method_;
  const Route route_;
  const http::Query query_;
  const std::chrono::steady_clock::time_point deadline_;
};

}  // namespace monitor
