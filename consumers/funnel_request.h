// The parameters of GET /api/funnel (interfaces.md section 3). Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "api/server/http_server.h"
#include "domain/funnel_rows.h"
#include "domain/time_zone.h"

namespace monitor {

enum class FunnelFormat : std::uint8_t { kJson, kCsv };

struct FunnelRequest {
  funnel::Query query;
  FunnelFormat format = FunnelFormat::kJson;
};

// `account_zone`: on whose hours the bounds must be. The error is a message that begins with the parameter's name.
std::expected<FunnelRequest, std::string> ParseFunnelRequest(const http::Query& query, const TimeZone& account_zone);

}  // namespace monitor
