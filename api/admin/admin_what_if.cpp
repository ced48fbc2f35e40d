#include "api/admin/admin_documents.h"
#include "api/admin/admin_handlers.h"
#include "api/admin/admin_replies.h"
#include "api/requests/admin_fields.h"
#include "domain/deciding/what_if.h"
#include "domain/values/json.h"
#include "eventstore/replay/replay_log.h"

namespace monitor::admin {
namespace {

void WriteBeforeAfter(json::Writer& writer, std::string_view name, const BeforeAfter& numbers) {
  writer.Key(name).BeginObject().Key("before").UInt(numbers.before).Key("after").UInt(numbers.after).EndObject();
}

std::string ReportJson(const LogPosition& from, const WhatIfReport& report, std::uint64_t other_rules) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("from").String(from.ToString()).Key("sessions").UInt(report.sessions);
  WriteBeforeAfter(writer, "offers", report.offers);
  WriteBeforeAfter(writer, "exposures", report.exposures);
  writer.Key("byEngagement").BeginArray();
  for (const auto& [engagement, numbers] : report.offers_by_engagement) {
    writer.BeginObject().Key("engagementId").Int(engagement);
    writer.Key("before").UInt(numbers.before).Key("after").UInt(numbers.after).EndObject();
  }
  writer.EndArray();
  WriteBeforeAfter(writer, "zoneConflicts", report.zone_conflicts);
  writer.Key("otherRules").UInt(other_rules);  // requests left out: decided by rules of another version
  writer.EndObject();
  return body;
}

std::expected<WhatIf::Question, http::Reply> ReadQuestion(const Fields& fields, const AccountId& account) {
  const json::Value* document = fields.Find("document");
  if (document == nullptr) return std::unexpected(Invalid("document: an object is required"));
  const auto from = fields.Integer("from"), to = fields.Integer("to");
  for (const auto* bound : {&from, &to}) {
    if (!*bound) return std::unexpected(Invalid(bound->error()));
  }
  auto parsed = ReadDocument(*document, account);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  WhatIf::Question question{*std::move(parsed), std::nullopt, std::nullopt};
  if (*from) question.from = FromUnixMs(**from);
  if (*to) question.to = FromUnixMs(**to);
  return question;
}

}  // namespace

http::Reply AskWhatIf(const AdminParts& parts, const AdminCall& call) {
  const AccountId account = call.account();
  if (!parts.accounts.Find(account)) return NoAccount(parts.accounts, call.account());
  const auto fields = Fields::Parse(call.request.body(), kDocumentFieldLimits);
  if (!fields) return Invalid(fields.error());
  auto question = ReadQuestion(*fields, account);
  if (!question) return question.error();
  // It reads the whole log: one at a time.
  const std::unique_lock alone(call.waiting.what_if, std::try_to_lock);
  if (!alone) return Unavailable("another what-if is running", 10);

  WhatIf what_if(std::move(*question));
  Replayer replayer([&what_if](const RecordedRequest& recorded) { what_if.Take(recorded); });
  const auto go_on = [&](std::uint64_t) { return !call.waiting.stopping.load() && !call.request.abandoned(); };
  const auto from = ReplayLog(parts.store, parts.master_key, {.account = account, .go_on = go_on}, replayer);
  if (!from) {
    return from.error().code == StoreError::kCorrupt ? Unexpected() : Unavailable("the log can not be read");
  }
  return Json(ReportJson(*from, what_if.report(), replayer.counts().other_rules));
}

}  // namespace monitor::admin
