// What the handlers of the query API have in common. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "consumers/query/query_api.h"
#include "server/router.h"

namespace monitor {

struct QueryCall {
  const http::Request& request;
  const http::Query query;
  const http::Arguments& arguments;
};

constexpr int kInvalid = 5, kNoAccount = 6, kUnauthorized = 10,
              kServerError = 18;  // internal codes of http-api.md section 1

constexpr std::string_view kHeaders = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";

http::Reply Json(std::string body, int status = 200);
http::Reply Error(int status, int internal_code, std::string_view message);
http::Reply Unavailable(std::string_view message);
http::Reply Abandoned();
http::Reply NoAccount();
// It may yet exist, if there is somebody who does not answer.
http::Reply NoAccountIn(const Instances::Moment& moment);
http::Reply ViewUnreadable();

}  // namespace monitor
