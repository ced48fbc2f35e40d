#include "consumers/query/query_call.h"

#include <utility>

namespace monitor {

http::Reply Json(std::string body, int status) {
  http::Reply reply{.status = status, .body = std::move(body)};
  reply.fixed_headers = kHeaders;
  return reply;
}

http::Reply Error(int status, int internal_code, std::string_view message) {
  http::Reply reply = http::ErrorReply(status, internal_code, message);
  reply.fixed_headers = kHeaders;
  return reply;
}

http::Reply Unavailable(std::string_view message) {
  http::Reply reply = Error(503, kServerError, message);
  reply.headers.Add("Retry-After", "1");
  return reply;
}

http::Reply Abandoned() { return Unavailable("the answer is not waited for, or the server is going"); }
http::Reply NoAccount() { return Error(404, kNoAccount, "account: does not exist"); }
http::Reply NoAccountIn(const Instances::Moment& moment) {
  return moment.silent.empty() ? NoAccount() : Unavailable("account: is not known here, and " + moment.silent);
}
http::Reply ViewUnreadable() { return Error(500, kServerError, "the view could not be read"); }

}  // namespace monitor
