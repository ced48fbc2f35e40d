#include "api/admin/admin_documents.h"

#include <utility>

#include "api/accounts/account_revisions.h"
#include "api/admin/admin_audit.h"
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

namespace {

// Also of an account whose document is refused: an older one may mend it.
bool IsKnown(const Accounts& accounts, const AccountId& id) {
  return accounts.Find(id) != nullptr || (!accounts.loading() && accounts.IsRefused(id));
}

http::Reply NotReadable(StoreError error) {
  return error == StoreError::kCorrupt ? Unexpected() : Unavailable("the log can not be read");
}

}  // namespace

http::Reply ListRevisions(const AdminParts& parts, const AdminCall& call) {
  if (!IsKnown(parts.accounts, call.account())) return NoAccount(parts.accounts, call.account());
  const auto revisions = ReadRevisions(parts.store, call.account());
  if (!revisions) return NotReadable(revisions.error());
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("revisions").BeginArray();
  for (const AccountRevision& one : *revisions) {
    writer.BeginObject().Key("revision").String(one.revision.str()).Key("at").Int(ToUnixMs(one.at));
    writer.Key("by").String(one.by).Key("position").String(one.position.ToString()).EndObject();
  }
  writer.EndArray().EndObject();
  return RecordShown(parts, {call.by, call.account(), "show-revisions"}, Json(std::move(body)));
}

http::Reply GetRevision(const AdminParts& parts, const AdminCall& call) {
  if (!IsKnown(parts.accounts, call.account())) return NoAccount(parts.accounts, call.account());
  const Revision revision(call.arguments[1]);
  auto document = ReadRevision(parts.store, call.account(), revision);
  if (!document) return NotReadable(document.error());
  if (!*document) return NotFound("the account was never at this revision");
  return RecordShown(parts, {call.by, call.account(), "show-revision", "revisions/" + revision.str()},
                     DocumentReply(**std::move(document), revision));
}

}  // namespace monitor::admin
