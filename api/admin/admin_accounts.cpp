#include <limits>

#include "api/admin/admin_audit.h"
#include "api/admin/admin_documents.h"
#include "api/admin/admin_handlers.h"
#include "api/admin/admin_replies.h"
#include "api/requests/admin_fields.h"
#include "api/requests/messaging_fields.h"
#include "api/requests/request_json.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "eventstore/random.h"

namespace monitor::admin {
namespace {

// The document to judge by is another than the one in force: no stream version numbers what its address conditions
// matched.
constexpr std::uint64_t kNoVersion = std::numeric_limits<std::uint64_t>::max();

// By whose document the request is explained: the one that comes with it, else the one in force.
std::expected<std::shared_ptr<const AccountState>, http::Reply> ExplainedBy(
    const Fields& fields, std::shared_ptr<const AccountState> in_force) {
  const json::Value* document = fields.Find("document");
  if (document == nullptr) return in_force;
  auto account = ReadDocument(*document, in_force->account->id);
  if (!account) return std::unexpected(std::move(account.error()));
  return std::make_shared<const AccountState>(*std::move(account), in_force->skills, kNoVersion);
}

}  // namespace

http::Reply ListAccounts(const AdminParts& parts, const AdminCall&) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("accounts").BeginArray();
  for (const AccountSummary& account : parts.accounts.List()) {
    writer.BeginObject().Key("id").String(account.id.str()).Key("revision").String(account.revision.str());
    writer.Key("name").String(account.name);
    if (!account.refused.empty()) writer.Key("refused").String(account.refused);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return Json(std::move(body));
}

http::Reply GetAccount(const AdminParts& parts, const AdminCall& call) {
  auto document = CurrentDocument(parts.accounts, call.account());
  if (!document) return NoAccount(parts.accounts, call.account());
  const Revision revision = RevisionOf(*document);
  return RecordShown(parts, {call.by, call.account(), "show-account"}, DocumentReply(*std::move(document), revision));
}

http::Reply PutAccount(const AdminParts& parts, const AdminCall& call) {
  // Until the log is folded nobody knows what is in force.
  if (parts.accounts.loading()) return Unavailable("accounts are loading");
  PutAccountRequest put{call.account(), std::string(call.request.body()), call.by, std::nullopt};
  if (const auto if_match = call.request.Header("If-Match")) put.if_match = std::string(*if_match);
  const auto result = parts.accounts.Put(put);
  const Act act{call.by, call.account(), "put-account"};
  if (result) {
    http::Reply reply = RevisionReply(result->revision, result->created ? 201 : 200);
    return result->changed ? RecordDone(parts, act, std::move(reply)) : reply;
  }
  switch (result.error().code) {
    case PutAccountError::Code::kInvalid:
      return DocumentErrors(result.error().errors);
    case PutAccountError::Code::kPreconditionFailed:
      return http::ErrorReply(412, 5, result.error().message);
    case PutAccountError::Code::kUnacknowledged:
      return RecordDone(parts, act, Unanswered());
    case PutAccountError::Code::kUnavailable:
      break;
  }
  return Unavailable(result.error().message);
}

http::Reply RemoveAccount(const AdminParts& parts, const AdminCall& call) {
  const AccountId id = call.account();
  if (!parts.accounts.Find(id) && !parts.accounts.IsRefused(id)) return NoAccount(parts.accounts, id);
  if (call.query.Get("confirm") != call.arguments[0]) return Invalid("confirm: must be the account's id");
  const AccountChange change = parts.accounts.Remove(id);
  if (change == AccountChange::kUnknownAccount) return NoAccount(parts.accounts, id);
  const bool unanswered = change == AccountChange::kUnacknowledged;
  if (!unanswered && change != AccountChange::kDone) return Unavailable("the log takes nothing now");
  if (parts.account_removed) parts.account_removed();
  return RecordDone(parts, {call.by, id, "remove-account"}, unanswered ? Unanswered() : Done());
}

http::Reply ListSkills(const AdminParts& parts, const AdminCall& call) {
  const auto state = parts.accounts.Find(call.account());
  if (!state) return NoAccount(parts.accounts, call.account());
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("skills").BeginArray();
  for (const Skill& skill : state->account->skills) {
    writer.BeginObject().Key("id").Int(skill.id).Key("name").String(skill.name);
    writer.Key("state").String(ToText(state->StateOfSkill(skill.id))).EndObject();
  }
  writer.EndArray().EndObject();
  return RecordShown(parts, {call.by, call.account(), "show-skills", "skills"}, Json(std::move(body)));
}

http::Reply PutSkill(const AdminParts& parts, const AdminCall& call) {
  const auto body = Fields::Parse(call.request.body());
  if (!body) return Invalid(body.error());
  const auto state = ReadSkillState(*body);
  if (!state) return Invalid(state.error());
  const auto id = ParseWhole<std::int64_t>(call.arguments[1]);
  if (!parts.accounts.Find(call.account())) return NoAccount(parts.accounts, call.account());
  const Act act{call.by, call.account(), "set-skill", "skills/" + std::string(call.arguments[1])};
  switch (id ? parts.accounts.SetSkill(call.account(), *id, *state) : AccountChange::kUnknownSkill) {
    case AccountChange::kDone:
      return RecordDone(parts, act, Done());
    case AccountChange::kUnchanged:
      return Done();
    case AccountChange::kUnknownAccount:
      return NoAccount(parts.accounts, call.account());
    case AccountChange::kUnknownSkill:
      return NotFound("the account has no such skill");
    case AccountChange::kUnacknowledged:
      return RecordDone(parts, act, Unanswered());
    case AccountChange::kUnavailable:
      break;
  }
  return Unavailable("the log takes nothing now");
}

namespace {

// What the explained request says of itself, in its body.
std::expected<VisitRequest, http::Reply> ExplainedRequest(const Fields& fields, const Account& account,
                                                          const MasterKey& master_key) {
  const auto visitor = fields.Text("visitorId"), session = fields.Text("sessionId");
  const auto app = fields.Text("appInstallationId");
  for (const auto* text : {&visitor, &session, &app}) {
    if (!*text) return std::unexpected(Invalid(text->error()));
  }
  if (*visitor && !IsWellFormedVisitorId(**visitor)) return std::unexpected(Invalid("visitorId: malformed"));
  if (*session && !IsWellFormedSessionId(**session)) return std::unexpected(Invalid("sessionId: malformed"));
  if (!*app) return std::unexpected(Invalid("appInstallationId: is required"));
  const AppInstallation* installation = account.FindApp(AppInstallationId(**app));
  if (installation == nullptr || !installation->enabled) {
    return std::unexpected(http::ErrorReply(404, 18, "app installation does not exist or is disabled"));
  }
  const json::Value* sent = fields.Find("request");
  auto body = sent ? ReadRequestBody(*sent, VisitRequest::Kind::kEngagement)
                   : ParseRequestBody("", VisitRequest::Kind::kEngagement);
  if (!body) return std::unexpected(Invalid("request." + body.error().message));

  VisitRequest request{};
  request.kind = VisitRequest::Kind::kEngagement;
  request.app_installation = AppInstallationId(**app);
  if (*visitor) request.visitor = VisitorId(**visitor);
  if (*session) request.session = SessionId(**session);
  request.fresh_page = GeneratePageId();
  request.address = body->ip_address;
  std::move(*body).MoveInto(request);
  for (Identity& identity : request.identities) identity.hash = master_key.HashIdentity(identity.iss, identity.sub);
  return request;
}

std::string ExplanationJson(const Revision& revision, const std::vector<Judgement>& judgements) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("revision").String(revision.str()).Key("engagements").BeginArray();
  for (const Judgement& judgement : judgements) {
    writer.BeginObject().Key("campaignId").Int(judgement.campaign_id);
    writer.Key("engagementId").Int(judgement.engagement_id).Key("verdict").String(ToText(judgement.verdict));
    if (judgement.reason != Reason::kNone) writer.Key("reason").String(ToText(judgement.reason));
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return body;
}

}  // namespace

http::Reply Explain(const AdminParts& parts, const AdminCall& call) {
  const auto in_force = parts.accounts.Find(call.account());
  if (!in_force) return NoAccount(parts.accounts, call.account());
  const auto fields = Fields::Parse(call.request.body(), kDocumentFieldLimits);
  if (!fields) return Invalid(fields.error());
  const auto at = fields->Integer("at");
  if (!at) return Invalid(at.error());
  const auto explained_by = ExplainedBy(*fields, in_force);
  if (!explained_by) return explained_by.error();
  const auto& account = *explained_by;
  auto request = ExplainedRequest(*fields, *account->account, parts.master_key);
  if (!request) return request.error();
  const auto document_at = [&](std::uint64_t version) { return parts.accounts.AtVersion(call.account(), version); };
  const auto judgements = parts.visits.views.Explain(
      *account, *std::move(request), *at ? std::optional(FromUnixMs(**at)) : std::nullopt, document_at, parts.geo);
  if (!judgements) return Failure(judgements.error());
  return Json(ExplanationJson(account->account->revision, *judgements));
}

}  // namespace monitor::admin
