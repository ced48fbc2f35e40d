// The funnel's page: `files/` of this folder, what it shares with the campaign console (server/page) and what draws its
// pictures, as funneld serves them at / and below /page/ (interfaces.md section 3). They hold nothing secret: what they
// show they ask of the query API, with a token where it needs one. Thread-safe.
#pragma once

#include <string_view>

#include "server/http_server.h"

namespace monitor {

// The file of that name, or 404.
http::Reply PageReply(std::string_view name, const http::Request& request);

}  // namespace monitor
