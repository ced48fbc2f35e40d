#include "domain/account/account_draft.h"

#include <string>

namespace monitor {

std::int64_t IdTable::Declare(const Node& entry, std::size_t index) {
  std::optional<std::int64_t> id = entry.Require("id").Integer("id");
  if (!id) return 0;
  auto [place, is_new] = declared_.try_emplace(*id, Declared{static_cast<std::uint32_t>(index), entry.Path()});
  if (!is_new) entry.ErrorAt("id", std::to_string(*id) + " is already the id of " + place->second.path);
  return *id;
}

std::optional<std::uint32_t> IdTable::ResolveValue(const Node& reference) const {
  std::optional<std::int64_t> id = reference.AsInteger();
  if (!id) return std::nullopt;
  auto found = declared_.find(*id);
  if (found != declared_.end()) return found->second.index;
  reference.Error("there is no " + kind_ + " with the id " + std::to_string(*id));
  return std::nullopt;
}

std::optional<std::uint32_t> IdTable::Resolve(const Node& node, std::string_view member) const {
  return node.Read<std::uint32_t>(member, [&](const Node& reference) { return ResolveValue(reference); });
}

std::vector<std::uint32_t> IdTable::ResolveAll(const Node& node, std::string_view member) const {
  std::vector<std::uint32_t> indexes;
  node.Each(member, [&](const Node& reference) {
    if (auto index = ResolveValue(reference)) indexes.push_back(*index);
  });
  return indexes;
}

void RequireList(const Node& node, std::string_view member) {
  node.Require(member);
  const json::Value* list = node.value().Find(member);
  if (list != nullptr && list->is_array() && list->items().empty()) node.ErrorAt(member, "must not be empty");
}

std::optional<Regex> ReadRegex(const Node& pattern) {
  std::optional<std::string_view> text = pattern.AsText();
  if (!text) return std::nullopt;
  auto regex = Regex::Compile(*text);
  if (regex) return std::move(*regex);
  pattern.Error("is no valid regular expression: " + regex.error());
  return std::nullopt;
}

}  // namespace monitor
