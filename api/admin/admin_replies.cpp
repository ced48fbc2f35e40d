#include "api/admin/admin_replies.h"

#include "domain/values/json.h"

namespace monitor::admin {

http::Reply Json(std::string body, int status) {
  http::Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

http::Reply Done() { return Json("{}"); }
http::Reply NoAccount(const Accounts& accounts, const AccountId& id) {
  if (accounts.loading()) return Unavailable("accounts are loading");
  if (accounts.IsRefused(id))
    return Unavailable("the account's stored document is refused; put one that is valid first");
  return http::ErrorReply(404, 6, "account does not exist");
}
http::Reply NotFound(std::string_view message) { return http::ErrorReply(404, 12, message); }
http::Reply Invalid(std::string_view message) { return http::ErrorReply(400, 5, message); }
http::Reply Unexpected() { return http::ErrorReply(500, 18, "unexpected server error"); }

http::Reply Unanswered() { return {.status = 0, .unanswered = true}; }

http::Reply Unavailable(std::string_view message, int retry_after_s) {
  http::Reply reply = http::ErrorReply(503, 18, message);
  reply.headers.Add("Retry-After", std::to_string(retry_after_s));
  return reply;
}

http::Reply DocumentErrors(std::span<const DocumentError> errors) {
  std::string message = "document: is invalid";
  if (!errors.empty()) message = errors[0].path.empty() ? errors[0].message : errors[0].path + ": " + errors[0].message;
  http::Reply reply = Invalid(message);
  std::string list;
  json::Writer writer(list);
  writer.BeginArray();
  for (const DocumentError& error : errors) {
    writer.BeginObject().Key("path").String(error.path).Key("message").String(error.message).EndObject();
  }
  writer.EndArray();
  reply.body.pop_back();
  reply.body.append(",\"errors\":").append(list).append("}");
  return reply;
}

http::Reply Failure(const VisitFailure& failure) {
  switch (failure.code) {
    case VisitFailure::Code::kInvalid:
      return Invalid(failure.message);
    case VisitFailure::Code::kNotFound:
      return NotFound(failure.message);
    case VisitFailure::Code::kUnauthorized:
      return http::ErrorReply(401, 10, failure.message);
    case VisitFailure::Code::kCapped:
    case VisitFailure::Code::kOverloaded:
      return Unavailable(failure.message, failure.retry_after_s);
    case VisitFailure::Code::kDeadline:
      return http::ErrorReply(500, 20, failure.message);
    case VisitFailure::Code::kUnacknowledged:
      return Unanswered();
    case VisitFailure::Code::kCorrupt:
      break;
  }
  return Unexpected();
}

}  // namespace monitor::admin
