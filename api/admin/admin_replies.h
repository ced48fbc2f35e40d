// Replies that the admin API's parts share. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/accounts/accounts.h"
#include "api/visits/visits.h"
#include "domain/account/account.h"
#include "server/http_server.h"

namespace monitor::admin {

http::Reply Json(std::string body, int status = 200);
http::Reply Done();  // 200 {}
// An account that is not in force: 503 while accounts are loading, and where its stored document is refused; else
// 404/6.
http::Reply NoAccount(const Accounts& accounts, const AccountId& id);
http::Reply NotFound(std::string_view message);  // 404/12
http::Reply Invalid(std::string_view message);   // 400/5
http::Reply Unavailable(std::string_view message, int retry_after_s = 1);
http::Reply Unexpected();  // 500/18
http::Reply Unanswered();  // it is written, but not acknowledged: nobody can say whether it is done
// 400/5 with the first error as its message, and `errors` with every error and its place beside it.
http::Reply DocumentErrors(std::span<const DocumentError> errors);
http::Reply Failure(const VisitFailure& failure);

}  // namespace monitor::admin
