#include "api/accounts/account_snapshot.h"

#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor {
std::string AccountSnapshot::ToJson() const {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("version").UInt(version);
  if (!file.empty()) writer.Key("file").String(file.str());
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

}  // namespace monitor
