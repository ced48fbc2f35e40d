#include "api/admin/admin_documents.h"

#include <utility>

#include "api/accounts/account_revisions.h"
#include "api/admin/admin_audit.h"
#include "api/admin/admin_replies.h"
#include "domain/account/document_diff.h"

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

std::optional<std::string> CurrentDocument(const Accounts& accounts, const AccountId& id) {
  if (const auto state = accounts.Find(id)) return state->account->document;
  const auto refused = accounts.Refused();
  const auto found = refused.find(id);
  return found == refused.end() ? std::nullopt : std::optional(found->second->kept.document);
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

// Of a revision, as it was put.
std::expected<std::string, http::Reply> DocumentOf(const AdminParts& parts, const AccountId& id,
                                                   const Revision& revision) {
  auto document = ReadRevision(parts.store, id, revision);
  if (!document) return std::unexpected(NotReadable(document.error()));
  if (!*document) return std::unexpected(NotFound("the account was never at this revision"));
  return **std::move(document);
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
  auto document = DocumentOf(parts, call.account(), revision);
  if (!document) return document.error();
  return RecordShown(parts, {call.by, call.account(), "show-revision", "revisions/" + revision.str()},
                     DocumentReply(*std::move(document), revision));
}

namespace {

http::Reply Changes(std::string_view before, std::string_view after) {
  const auto was = json::Document::Parse(before, kDocumentFieldLimits);
  const auto is = json::Document::Parse(after, kDocumentFieldLimits);
  if (!was) return Unexpected();
  if (!is) return Invalid("document: " + is.error().message);
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("changes").BeginArray();
  for (const Difference& change : DiffDocuments(was->root(), is->root())) {
    writer.BeginObject();
    WriteDifference(change, writer);
    writer.Key("text").String(change.text).EndObject();
  }
  writer.EndArray().EndObject();
  return Json(std::move(body));
}

}  // namespace

http::Reply ListChanges(const AdminParts& parts, const AdminCall& call) {
  const AccountId account = call.account();
  if (!IsKnown(parts.accounts, account)) return NoAccount(parts.accounts, account);
  const auto since = call.query.Get("since");
  if (!since) return Invalid("since: is required, a revision");
  const auto before = DocumentOf(parts, account, Revision(*since));
  if (!before) return before.error();
  const auto after = DocumentOf(parts, account, Revision(call.arguments[1]));
  if (!after) return after.error();
  const std::string target = "revisions/" + std::string(call.arguments[1]) + "/changes";
  return RecordShown(parts, {call.by, account, "show-changes", target}, Changes(*before, *after));
}

// A document that is not valid yet can be compared, too.
http::Reply CompareDocument(const AdminParts& parts, const AdminCall& call) {
  const auto current = CurrentDocument(parts.accounts, call.account());
  if (!current) return NoAccount(parts.accounts, call.account());
  http::Reply changes = Changes(*current, call.request.body());
  if (changes.status != 200) return changes;
  return RecordShown(parts, {call.by, call.account(), "show-changes"}, std::move(changes));
}

}  // namespace monitor::admin
