#include "api/admin/admin_documents.h"

#include <utility>

#include "api/admin/admin_replies.h"

namespace monitor::admin {
namespace {

std::string ETag(const Revision& revision) { return "\"" + revision.str() + "\""; }

std::expected<std::shared_ptr<const Account>, http::Reply> Validated(std::string document, const AccountId& id) {
  auto account = ValidateAccount(std::move(document), id);
  if (!account) return std::unexpected(DocumentErrors(account.error()));
  return *std::move(account);
}

}  // namespace

std::expected<std::shared_ptr<const Account>, http::Reply> ReadDocument(const json::Value& document,
                                                                        const AccountId& account) {
  if (!document.is_object()) return std::unexpected(Invalid("document: must be an object"));
  std::string text;
  json::Writer(text).Copy(document);
  return Validated(std::move(text), account);
}

http::Reply RevisionReply(const Revision& revision, int status) {
  std::string body;
  json::Writer(body).BeginObject().Key("revision").String(revision.str()).EndObject();
  http::Reply reply = Json(std::move(body), status);
  reply.headers.Add("ETag", ETag(revision));
  return reply;
}

http::Reply DocumentReply(std::string document, const Revision& revision) {
  http::Reply reply = Json(std::move(document));
  reply.headers.Add("ETag", ETag(revision));
  return reply;
}

// What would be put need not be there yet.
http::Reply ValidateDocument(const AdminParts&, const AdminCall& call) {
  const auto account = Validated(std::string(call.request.body()), call.account());
  return account ? RevisionReply((*account)->revision, 200) : account.error();
}

}  // namespace monitor::admin
