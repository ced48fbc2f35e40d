#include "api/admin/admin_audit.h"
#include "api/admin/admin_handlers.h"
#include "api/admin/admin_replies.h"
#include "api/requests/admin_fields.h"
#include "api/requests/messaging_fields.h"
#include "domain/deciding/visitor_json.h"
#include "domain/events/event_codec.h"
#include "domain/values/json.h"
#include "eventstore/cloud_event_writer.h"

namespace monitor::admin {
namespace {

// What was so already is no act.
http::Reply ResultReply(const AdminParts& parts, const Act& act, const VisitOutcome<bool>& result) {
  if (result) return *result ? RecordDone(parts, act, Done()) : Done();
  http::Reply reply = Failure(result.error());
  return reply.unanswered ? RecordDone(parts, act, std::move(reply)) : reply;
}

std::string Conversation(const AdminCall& call) { return "conversations/" + std::string(call.arguments[1]); }
std::string Visitor(const AdminCall& call) { return "visitors/" + std::string(call.arguments[1]); }

http::Reply NoSuchVisitor() { return NotFound("nothing is known of this visitor"); }

}  // namespace

http::Reply StartConversation(const AdminParts& parts, const AdminCall& call) {
  const auto account = parts.accounts.Find(call.account());
  if (!account) return NoAccount(parts.accounts, call.account());
  const auto fields = Fields::Parse(call.request.body());
  if (!fields) return Invalid(fields.error());
  const auto start = ReadConversationStart(call.arguments[1], *fields);
  if (!start) return Invalid(start.error());
  return ResultReply(parts, {call.by, call.account(), "start-conversation", Conversation(call)},
                     parts.visits.commands.StartConversation(*account, *start));
}

http::Reply EndConversation(const AdminParts& parts, const AdminCall& call) {
  const auto account = parts.accounts.Find(call.account());
  if (!account) return NoAccount(parts.accounts, call.account());
  return ResultReply(parts, {call.by, call.account(), "end-conversation", Conversation(call)},
                     parts.visits.commands.EndConversation(*account, ConversationId(call.arguments[1])));
}

http::Reply PutAbandonScore(const AdminParts& parts, const AdminCall& call) {
  const auto account = parts.accounts.Find(call.account());
  if (!account) return NoAccount(parts.accounts, call.account());
  if (!IsWellFormedVisitorId(call.arguments[1])) return Invalid("visitorId: malformed");
  const auto fields = Fields::Parse(call.request.body());
  if (!fields) return Invalid(fields.error());
  const auto score = fields->Amount("score");
  if (!score) return Invalid(score.error());
  if (!*score) return Invalid("score: is required");
  return ResultReply(parts, {call.by, call.account(), "set-abandon-score", Visitor(call)},
                     parts.visits.commands.SetAbandonScore(*account, VisitorId(call.arguments[1]), **score));
}

http::Reply GetVisitor(const AdminParts& parts, const AdminCall& call) {
  const auto account = parts.accounts.Find(call.account());
  if (!account) return NoAccount(parts.accounts, call.account());
  if (!IsWellFormedVisitorId(call.arguments[1])) return NoSuchVisitor();
  const VisitorId visitor(call.arguments[1]);
  const auto state = parts.visits.views.FindVisitor(*account, visitor);
  if (!state) return Failure(state.error());
  const auto sessions = parts.visits.views.SessionsOf(*account, visitor);
  if (!sessions) return Failure(sessions.error());
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("accountId").String(call.account().str()).Key("visitorId").String(visitor.str());
  writer.Key("state").Raw(VisitorToJson(*state)).Key("sessions").BeginArray();
  for (const SessionOutline& session : *sessions) {
    writer.BeginObject().Key("sessionId").String(session.id.str());
    writer.Key("startedAt").Int(ToUnixMs(session.started_at));
    writer.Key("lastActivityAt").Int(ToUnixMs(session.last_activity_at));
    writer.Key("live").Bool(session.live).EndObject();
  }
  writer.EndArray().EndObject();
  return RecordShown(parts, {call.by, call.account(), "show-visitor", Visitor(call)}, Json(std::move(body)));
}

http::Reply EraseVisitor(const AdminParts& parts, const AdminCall& call) {
  const auto account = parts.accounts.Find(call.account());
  if (!account) return NoAccount(parts.accounts, call.account());
  if (!IsWellFormedVisitorId(call.arguments[1])) return NoSuchVisitor();
  return ResultReply(parts, {call.by, call.account(), "erase-visitor", Visitor(call)},
                     parts.visits.commands.Erase(*account, VisitorId(call.arguments[1])));
}

http::Reply GetSessionEvents(const AdminParts& parts, const AdminCall& call) {
  const AccountId account = call.account();
  if (!parts.accounts.Find(account)) return NoAccount(parts.accounts, call.account());
  const std::string_view visitor = call.arguments[1];
  const std::string_view session = call.arguments[2];
  if (!IsWellFormedVisitorId(visitor) || !IsWellFormedSessionId(session)) return NoSuchVisitor();
  const auto events = parts.store.ReadStream(SessionStream(account, VisitorId(visitor), SessionId(session)));
  if (!events) return Unexpected();
  if (events->empty()) return NotFound("there is no such session");
  const auto key = parts.visits.views.KeyOf(account, VisitorId(visitor));
  if (!key) return Failure(key.error());
  std::string body = "[";
  for (const StoredEvent& event : *events) {
    if (body.size() > 1) body += ',';
    // Without the key (erased) the sealed values are shown as they are.
    AppendCloudEvent(event, *key ? OpenSealedFields(event.data, **key) : event.data, body);
  }
  return RecordShown(parts, {call.by, account, "show-session", Visitor(call) + "/sessions/" + std::string(session)},
                     Json(body + "]"));
}

namespace {

// The identity that the body names, as it is known here: a hash that only this node's master key makes.
std::expected<IdentityHash, http::Reply> ReadIdentity(const AdminParts& parts, const AdminCall& call) {
  const auto fields = Fields::Parse(call.request.body());
  if (!fields) return std::unexpected(Invalid(fields.error()));
  const auto iss = fields->Text("iss"), sub = fields->Text("sub");
  for (const auto* text : {&iss, &sub}) {
    if (!*text) return std::unexpected(Invalid(text->error()));
  }
  if (!*sub) return std::unexpected(Invalid("sub: is required"));
  return parts.master_key.HashIdentity(std::string(iss->value_or("")), std::string(**sub));
}

// Of a store that an older program made it is said from where on the answer is certain.
http::Reply VisitorsReply(const AdminParts& parts, const std::vector<VisitorId>& visitors) {
  const auto from = parts.visits.views.IdentitiesFrom();
  if (!from) return Failure(from.error());
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("visitors").BeginArray();
  for (const VisitorId& visitor : visitors) writer.String(visitor.str());
  writer.EndArray();
  if (*from) writer.Key("from").String((*from)->ToString());
  writer.EndObject();
  return Json(std::move(body));
}

}  // namespace

http::Reply FindIdentity(const AdminParts& parts, const AdminCall& call) {
  const auto account = parts.accounts.Find(call.account());
  if (!account) return NoAccount(parts.accounts, call.account());
  const auto identity = ReadIdentity(parts, call);
  if (!identity) return identity.error();
  const auto visitors = parts.visits.views.FindIdentity(*account, *identity);
  if (!visitors) return Failure(visitors.error());
  return RecordShown(parts, {call.by, call.account(), "find-identity", "identities/" + identity->str()},
                     VisitorsReply(parts, *visitors));
}

http::Reply EraseIdentity(const AdminParts& parts, const AdminCall& call) {
  const auto account = parts.accounts.Find(call.account());
  if (!account) return NoAccount(parts.accounts, call.account());
  const auto identity = ReadIdentity(parts, call);
  if (!identity) return identity.error();
  const auto visitors = parts.visits.commands.EraseIdentity(*account, *identity);
  const Act act{call.by, call.account(), "erase-identity", "identities/" + identity->str()};
  if (visitors)
    return visitors->empty() ? VisitorsReply(parts, {}) : RecordDone(parts, act, VisitorsReply(parts, *visitors));
  http::Reply reply = Failure(visitors.error());
  return reply.unanswered ? RecordDone(parts, act, std::move(reply)) : reply;
}

}  // namespace monitor::admin
