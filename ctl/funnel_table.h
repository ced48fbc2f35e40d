// The funnel by campaign as a small table, from funneld's query API. Blocks for the answer.
#pragma once

#include <expected>
#include <string>

#include "server/http_client.h"

namespace monitor::ctl {

// The table's lines, each ended by a newline; the error is one sentence.
std::expected<std::string, std::string> FunnelTable(HttpClient& client, const std::string& funnel_url,
                                                    const std::string& account);

}  // namespace monitor::ctl
