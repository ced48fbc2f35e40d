// One public request as its handler sees it: route, query, ids and client, read once (http-api.md sections 1 and 2).
//
// Lives until its request is answered; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/values/names.h"
#include "server/http_server.h"
#include "server/router.h"

namespace monitor {

enum class ApiVersion : std::uint8_t { k1_0, k1_1 };

// `1`, `1.0`, `1.00` are 1.0. nullopt: not a number in JSON's grammar, or another.
std::optional<ApiVersion> ParseApiVersion(std::string_view text);

// The client's X-Request-Id if it is 1–128 characters of `!` to `~`, else a new one. Null: a request that could not be
// read.
std::string RequestIdOf(const http::Request* request);

// Where a resource's visitor is named: as `vid`, or in the path behind the account.
enum class VisitorIn : std::uint8_t { kQuery, kPath, kNowhere };

class PublicCall {
 public:
  PublicCall(const http::Request& request, VisitorIn visitor_in, http::Arguments arguments,
             std::chrono::steady_clock::time_point deadline)
      : request_(request),
        visitor_in_(visitor_in),
        arguments_(std::move(arguments)),
        query_(request.query()),
        deadline_(deadline) {}

  const http::Request& request() const { return request_; }
  // Of the path, decoded: account, then app installation, or visitor, campaign, engagement and context.
  std::string_view argument(std::size_t index) const { return arguments_[index]; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

  std::string_view account() const { return argument(0); }
  // The visitor's id as sent; absent if it is empty.
  std::optional<std::string_view> visitor() const;
  std::optional<std::string_view> session() const { return query_.Get("sid"); }
  bool visitor_is_well_formed() const;  // absent is
  bool session_is_well_formed() const;
  std::optional<ApiVersion> version() const;
  bool on_behalf() const;  // obh

  // The visitor that the edge spoke to: the last of X-Forwarded-For, which the edge sets. Empty if unknown.
  std::string peer_address() const;
  // Shortened and in ASCII, as it may be written to JSON.
  std::string user_agent() const;
  // W3C Trace Context; empty if none or malformed.
  std::string traceparent() const;

 private:
  const http::Request& request_;
  const VisitorIn visitor_in_;
  const http::Arguments arguments_;
  const http::Query query_;
  const std::chrono::steady_clock::time_point deadline_;
};

}  // namespace monitor
