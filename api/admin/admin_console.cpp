#include "api/admin/admin_handlers.h"
#include "api/console/console.h"

namespace monitor::admin {

// The page names its files without their folder, so the folder's slash matters.
http::Reply ConsoleMoved(const AdminParts&, const AdminCall&) {
  http::Reply reply{.status = 308, .content_type = ""};
  reply.headers.Add("Location", "/console/");
  return reply;
}

// `/console/`, `/console/*` and `/console/*/*`.
http::Reply ConsoleFile(const AdminParts&, const AdminCall& call) {
  std::string name(call.arguments[0]);
  if (!call.arguments[1].empty()) name.append("/").append(call.arguments[1]);
  return ConsoleReply(name, call.request);
}

}  // namespace monitor::admin
