#include "api/admin/admin.h"
#include "api/admin/admin_replies.h"
#include "api/requests/admin_fields.h"
#include "api/requests/messaging_fields.h"
#include "domain/events/event_codec.h"
#include "domain/values/json.h"
#include "eventstore/cloud_event_writer.h"

namespace monitor {
namespace {

http::Reply ResultReply(const std::expected<void, VisitFailure>& result) {
  return result ? admin::Done() : admin::Failure(result.error());
}

http::Reply NoSuchVisitor() { return admin::NotFound("nothing is known of this visitor"); }

}  // namespace

http::Reply Admin::StartConversation(const Call& call) {
  const auto account = parts_.accounts.Find(call.account());
  if (!account) return admin::NoAccount(parts_.accounts, call.account());
  const auto fields = admin::Fields::Parse(call.request.body());
  if (!fields) return admin::Invalid(fields.error());
  const auto start = ReadConversationStart(call.arguments[1], *fields);
  if (!start) return admin::Invalid(start.error());
  return ResultReply(parts_.visits.StartConversation(*account, *start));
}

http::Reply Admin::EndConversation(const Call& call) {
  const auto account = parts_.accounts.Find(call.account());
  if (!account) return admin::NoAccount(parts_.accounts, call.account());
  return ResultReply(parts_.visits.EndConversation(*account, ConversationId(call.arguments[1])));
}

http::Reply Admin::PutAbandonScore(const Call& call) {
  const auto account = parts_.accounts.Find(call.account());
  if (!account) return admin::NoAccount(parts_.accounts, call.account());
  if (!IsWellFormedVisitorId(call.arguments[1])) return admin::Invalid("visitorId: malformed");
  const auto fields = admin::Fields::Parse(call.request.body());
  if (!fields) return admin::Invalid(fields.error());
  const auto score = fields->Amount("score");
  if (!score) return admin::Invalid(score.error());
  if (!*score) return admin::Invalid("score: is required");
  return ResultReply(parts_.visits.SetAbandonScore(*account, VisitorId(call.arguments[1]), **score));
}

http::Reply Admin::GetVisitor(const Call& call) {
  const auto account = parts_.accounts.Find(call.account());
  if (!account) return admin::NoAccount(parts_.accounts, call.account());
  if (!IsWellFormedVisitorId(call.arguments[1])) return NoSuchVisitor();
  const VisitorId visitor(call.arguments[1]);
  const auto state = parts_.visits.FindVisitor(*account, visitor);
  if (!state) return admin::Failure(state.error());
  const auto sessions = parts_.visits.SessionsOf(*account, visitor);
  if (!sessions) return admin::Failure(sessions.error());
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("accountId").String(call.account().str()).Key("visitorId").String(visitor.str());
  writer.Key("state").Raw(state->ToJson()).Key("sessions").BeginArray();
  for (const StreamName& stream : *sessions) {
    writer.String(std::string_view(stream.str()).substr(stream.str().rfind('/') + 1));
  }
  writer.EndArray().EndObject();
  return admin::Json(std::move(body));
}

http::Reply Admin::EraseVisitor(const Call& call) {
  const auto account = parts_.accounts.Find(call.account());
  if (!account) return admin::NoAccount(parts_.accounts, call.account());
  if (!IsWellFormedVisitorId(call.arguments[1])) return NoSuchVisitor();
  return ResultReply(parts_.visits.Erase(*account, VisitorId(call.arguments[1])));
}

http::Reply Admin::GetSessionEvents(const Call& call) {
  const AccountId account = call.account();
  if (!parts_.accounts.Find(account)) return admin::NoAccount(parts_.accounts, call.account());
  const std::string& visitor = call.arguments[1];
  const std::string& session = call.arguments[2];
  if (!IsWellFormedVisitorId(visitor) || !IsWellFormedSessionId(session)) return NoSuchVisitor();
  const auto events = parts_.store.ReadStream(SessionStream(account, VisitorId(visitor), SessionId(session)));
  if (!events) return admin::Unexpected();
  if (events->empty()) return admin::NotFound("there is no such session");
  const auto key = parts_.visits.KeyOf(account, VisitorId(visitor));
  if (!key) return admin::Failure(key.error());
  std::string body = "[";
  for (const StoredEvent& event : *events) {
    if (body.size() > 1) body += ',';
    // Without the key (erased) the sealed values are shown as they are.
    AppendCloudEvent(event, *key ? OpenSealedFields(event.data, **key) : event.data, body);
  }
  return admin::Json(body + "]");
}

}  // namespace monitor
