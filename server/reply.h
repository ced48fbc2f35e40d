// A reply's bytes, and the one form of errors. Knows no sockets. Pure; any thread.
#pragma once

#include <string>

#include "server/http_server.h"

namespace monitor::http {

struct ReplyFraming {
  bool head_request = false;  // the body is left out, its length is told
  bool http10 = false;
  bool keep_alive = true;
};

// Status line and headers up to the empty line, appended to `out`. The body, where HasBody, is to follow as it is.
void WriteReplyHead(const Reply& reply, ReplyFraming framing, std::string& out);
bool HasBody(const Reply& reply, ReplyFraming framing);

}  // namespace monitor::http
