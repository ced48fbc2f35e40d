// The parameters of GET /api/funnel (interfaces.md section 3). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "consumers/query/funnel_order.h"
#include "domain/funnel/funnel_rows.h"
#include "domain/values/time_zone.h"
#include "server/http_server.h"

namespace monitor {

enum class FunnelFormat : std::uint8_t { kJson, kCsv };

struct FunnelRequest {
  funnel::Query query;
  FunnelFormat format = FunnelFormat::kJson;
  RowOrder order;
};

// Their names; no others are taken (http::Query::Fault).
inline constexpr std::array<std::string_view, 11> kFunnelParameters = {
    "account", "by", "window", "count", "format", "from", "to", "where", "orderBy", "limit", "after"};

// `account_zone`: on whose hours the bounds must be. The error is a message that begins with the parameter's name.
std::expected<FunnelRequest, std::string> ParseFunnelRequest(const http::Query& query, const TimeZone& account_zone);

}  // namespace monitor
