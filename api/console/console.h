// The campaign console's files, `page/` of this folder and what its editor needs, as the admin listener serves them
// below /console/ (interfaces.md section 2). They hold nothing secret: every call that they make needs a token.
// Thread-safe.
#pragma once

#include <string_view>

#include "server/http_server.h"

namespace monitor {

// The file of that name, "" being the page itself, or 404.
http::Reply ConsoleReply(std::string_view name, const http::Request& request);

}  // namespace monitor
