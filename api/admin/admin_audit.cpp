#include "api/admin/admin_audit.h"

#include <algorithm>
#include <utility>

#include "api/accounts/admin_actions.h"
#include "api/admin/admin_replies.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "server/log.h"

namespace monitor::admin {
namespace {

constexpr std::size_t kDefaultActions = 100;
constexpr std::size_t kMaxActions = 1'000;

bool Record(const AdminParts& parts, const Act& act, std::string_view outcome) {
  const auto recorded = parts.accounts.Record(act.account, {act.by, act.action, act.target, std::string(outcome)});
  return recorded || recorded.error() == StoreError::kUnacknowledged;
}

void Write(json::Writer& writer, const AdminAction& action) {
  writer.BeginObject().Key("at").Int(ToUnixMs(action.at)).Key("position").String(action.position.ToString());
  if (!action.account.empty()) writer.Key("accountId").String(action.account.str());
  writer.Key("by").String(action.data.by).Key("action").String(action.data.action);
  writer.Key("target").String(action.data.target).Key("outcome").String(action.data.outcome).EndObject();
}

// The oldest that is asked for: by its place in the log, or by its time.
class From {
 public:
  static std::expected<From, http::Reply> Read(const AdminParts& parts, std::optional<std::string_view> text) {
    From from(parts.store.Origins());
    if (!text) return from;
    if (const auto ms = ParseWhole<std::int64_t>(*text)) return from.time_ = FromUnixMs(*ms), from;
    if ((from.time_ = ParseRfc3339(*text))) return from;
    from.position_ = LogPosition::Parse(*text);
    if (!from.position_) return std::unexpected(Invalid("from: must be ORIGIN:SEQ or a time"));
    if (from.AgeOf(from.position_->origin) == from.origins_.end()) {
      return std::unexpected(NotFound("from: the origin is not known here"));
    }
    return from;
  }

  bool Includes(const AdminAction& action) const {
    if (time_) return action.at >= *time_;
    if (!position_) return true;
    const auto age = AgeOf(action.position.origin), oldest = AgeOf(position_->origin);
    return age == oldest ? action.position.seq >= position_->seq : age > oldest;
  }

 private:
  using Origins = std::vector<OriginRange>;
  explicit From(Origins origins) : origins_(std::move(origins)) {}

  Origins::const_iterator AgeOf(const Origin& origin) const {
    return std::ranges::find(origins_, origin, &OriginRange::origin);
  }

  Origins origins_;  // oldest first
  std::optional<TimeMs> time_;
  std::optional<LogPosition> position_;
};

}  // namespace

http::Reply RecordDone(const AdminParts& parts, const Act& act, http::Reply reply) {
  if (!Record(parts, act, reply.unanswered ? "unacknowledged" : "done")) {
    log::Error("admin_action_not_recorded", {{"action", act.action}, {"account", act.account.str()}});
  }
  return reply;
}

http::Reply RecordShown(const AdminParts& parts, const Act& act, http::Reply reply) {
  if (!Record(parts, act, "done")) return Unavailable("what is shown can not be recorded now");
  return reply;
}

http::Reply GetAudit(const AdminParts& parts, const AdminCall& call) {
  if (parts.accounts.loading()) return Unavailable("accounts are loading");
  const auto from = From::Read(parts, call.query.Get("from"));
  if (!from) return from.error();
  const auto limit = ParseWhole<std::uint64_t>(call.query.Get("limit").value_or(std::to_string(kDefaultActions)));
  if (!limit || *limit == 0) return Invalid("limit: must be a positive integer");
  const auto before = ParseWhole<std::uint64_t>(call.query.Get("before").value_or("0"));
  if (!before) return Invalid("before: must be the next of an answer");
  const std::size_t count = std::min<std::uint64_t>(*limit, kMaxActions);
  const auto page = ReadActions(parts.store, *before, count);
  if (!page) return page.error() == StoreError::kCorrupt ? Unexpected() : Unavailable("the log can not be read");
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("actions").BeginArray();
  bool more = page->next.has_value();
  for (const AdminAction& action : page->actions) {
    if (!from->Includes(action)) {
      more = false;
      break;
    }
    Write(writer, action);
  }
  writer.EndArray();
  if (more) writer.Key("next").String(std::to_string(*page->next));
  writer.EndObject();
  return Json(std::move(body));
}

}  // namespace monitor::admin
