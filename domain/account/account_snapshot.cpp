#include "domain/account/account_snapshot.h"

#include <algorithm>
#include <utility>

#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

// Does a list of entity tags hold for the current one? `*`: any, but there must be one (RFC 9110 section 13.1.1).
bool IfMatchHolds(std::string_view header, const std::optional<Revision>& current) {
  if (!current) return false;
  const std::string tag = "\"" + current->str() + "\"";
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string_view item = header.substr(0, comma);
    while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
    while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
    if (item == "*" || item == tag) return true;
    header.remove_prefix(std::min(comma + 1, header.size()));
  }
  return false;
}

}  // namespace

std::string AccountSnapshot::ToJson() const {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("version").UInt(version);
  if (!file.empty()) writer.Key("file").String(file.str());
  if (ending) writer.Key("ending").Bool(true);
  writer.Key("skills").BeginObject();
  for (const auto& [id, state] : skills) writer.Key(std::to_string(id)).String(ToText(state));
  writer.EndObject().Key("document").String(document).EndObject();
  return out;
}

std::optional<AccountSnapshot> AccountSnapshot::FromJson(std::string_view text) {
  const auto parsed = json::Document::Parse(text);
  if (!parsed || !parsed->root().is_object()) return std::nullopt;
  const json::Value& root = parsed->root();
  const json::Value* version = root.Find("version");
  const json::Value* document = root.Find("document");
  if (version == nullptr || document == nullptr) return std::nullopt;
  const auto number = ParseWhole<std::uint64_t>(version->text());
  if (!number) return std::nullopt;
  AccountSnapshot snapshot{*number, std::string(document->text()), {}, {}};
  if (const json::Value* file = root.Find("file")) snapshot.file = Revision(file->text());
  if (const json::Value* ending = root.Find("ending")) snapshot.ending = ending->boolean();
  if (const json::Value* skills = root.Find("skills")) {
    for (const json::Member& member : skills->members()) {
      const auto id = ParseWhole<std::int64_t>(member.name);
      const auto state = ParseSkillState(member.value.text());
      if (!id || !state) return std::nullopt;
      snapshot.skills[*id] = *state;
    }
  }
  return snapshot;
}

void Evolve(AccountSnapshot& kept, EventData data) {
  ++kept.version;
  if (auto* configured = std::get_if<AccountConfigured>(&data)) {
    kept.document = std::move(configured->document);
    if (configured->by.starts_with("file:")) kept.file = std::move(configured->revision);
  } else if (const auto* skill = std::get_if<SkillAvailabilityChanged>(&data)) {
    kept.skills[skill->skill_id] = skill->state;
  } else if (std::holds_alternative<AccountRemoved>(data)) {
    kept.document.clear();
    kept.skills.clear();
    kept.ending = true;
  }
}

AccountOutcome DecideDocument(const AccountSnapshot& kept, const Account& put, const std::string& by,
                              const std::optional<std::string>& if_match) {
  const auto revision = !kept.document.empty() ? std::optional(RevisionOf(kept.document)) : std::nullopt;
  if (if_match && !IfMatchHolds(*if_match, revision)) return std::unexpected(AccountRefusal::kPreconditionFailed);
  AccountDecision decision;
  if (kept.document != put.document) {
    decision.event = AccountConfigured{put.revision, put.document, by};
    Evolve(decision.after.emplace(kept), *decision.event);
  } else if (by.starts_with("file:")) {
    decision.after.emplace(kept).file = put.revision;
  }
  return decision;
}

AccountDecision DecideRemoval(const AccountSnapshot& kept) {
  AccountDecision decision;
  decision.event = AccountRemoved{};
  Evolve(decision.after.emplace(kept), AccountRemoved{});
  return decision;
}

AccountDecision DecideAction(const AccountSnapshot& kept, const AdminActionRecorded& action) {
  constexpr std::uint64_t kFoldedAtStart = 64;  // as many are folded then, at most
  AccountDecision decision;
  decision.event = action;
  Evolve(decision.after.emplace(kept), action);
  decision.keeps = decision.after->version % kFoldedAtStart == 0;
  return decision;
}

AccountOutcome DecideSkill(const AccountSnapshot& kept, const Account& account, std::int64_t skill, SkillState state) {
  if (account.FindSkill(skill) == nullptr) return std::unexpected(AccountRefusal::kUnknownSkill);
  AccountDecision decision;
  const auto told = kept.skills.find(skill);
  if ((told == kept.skills.end() ? SkillState::kOnline : told->second) == state) return decision;
  decision.event = SkillAvailabilityChanged{skill, state};
  Evolve(decision.after.emplace(kept), *decision.event);
  return decision;
}

}  // namespace monitor
