#include "api/admin/admin_audit.h"
#include "api/admin/admin_handlers.h"
#include "api/admin/admin_replies.h"
#include "api/requests/admin_fields.h"
#include "domain/values/json.h"
#include "server/log.h"

namespace monitor::admin {
namespace {

constexpr int kRetryAfterS = 10;

http::Reply Refuse(const BackupFailure& failure) {
  switch (failure.code) {
    case BackupFailure::Code::kInvalid:
      return Invalid(failure.message);
    case BackupFailure::Code::kBusy:
      return Unavailable(failure.message, kRetryAfterS);
    case BackupFailure::Code::kFailed:
      break;
  }
  log::Error("backup_failed", {{"reason", failure.message}});
  return Unavailable(failure.message, kRetryAfterS);
}

}  // namespace

http::Reply MakeBackup(const AdminParts& parts, const AdminCall& call) {
  const auto fields = Fields::Parse(call.request.body());
  if (!fields) return Invalid(fields.error());
  const auto folder = fields->Text("dir"), keys = fields->Text("keys");
  for (const auto* text : {&folder, &keys}) {
    if (!*text) return Invalid(text->error());
  }
  BackupWanted wanted{std::string(folder->value_or("")), std::string(keys->value_or(""))};
  wanted.go_on = [&] { return !call.waiting.stopping.load() && !call.request.abandoned(); };
  const auto made = parts.backup.Make(wanted);
  if (!made) return Refuse(made.error());
  const std::string position = made->position.ToString();
  log::Info("backup_made", {{"id", std::int64_t{made->id}}, {"position", position}});
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("id").UInt(made->id).Key("position").String(position);
  writer.Key("bytes").UInt(made->bytes).EndObject();
  return RecordDone(parts, {call.by, AccountId(), "backup", std::to_string(made->id)}, Json(std::move(body)));
}

}  // namespace monitor::admin
