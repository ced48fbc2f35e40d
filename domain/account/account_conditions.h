// What the conditions of profiles and behaviours have in common when they are read. Part of ParseAccount. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/account/account_draft.h"
#include "domain/account/account_reader.h"
#include "domain/account/library.h"

namespace monitor {

// An error if none of the members is there, an empty list being none.
void RequireOneOf(const Node& node, std::initializer_list<std::string_view> members);

// A list of texts, folded; a single text is a list of one. Empty if absent.
FoldedTexts ReadTexts(const Node& node, std::string_view member);
// The same; an error if absent or an empty list.
FoldedTexts ReadRequiredTexts(const Node& node, std::string_view member);

// Both ends optional; an error if the first is above the second.
Range<std::int64_t> ReadIntegerRange(const Node& node, std::string_view from, std::string_view to);
Range<Decimal> ReadDecimalRange(const Node& node, std::string_view from, std::string_view to);

// How one type of condition is read; nullopt after an error.
template <class Rule>
using RuleReader = std::pair<std::string_view, std::optional<Rule> (*)(const Node&, AccountDraft&)>;

// The `conditions` of one profile or behaviour; `readers` are the types that it may have.
template <class Rule>
std::vector<Condition<Rule>> ReadConditions(const Node& entry, AccountDraft& draft,
                                            std::span<const RuleReader<Rule>> readers) {
  std::vector<Condition<Rule>> conditions;
  entry.Each("conditions", [&](const Node& node) {
    if (!node.IsObject()) return;
    bool exclude = node.Bool("exclude").value_or(false);
    auto type = node.Require("type").Text("type");
    if (!type) return;
    for (const auto& [name, read] : readers) {
      if (name != *type) continue;
      if (auto rule = read(node, draft)) conditions.push_back({exclude, std::move(*rule)});
      return;
    }
    std::string known;
    for (const auto& [name, read] : readers) known.append(known.empty() ? "" : ", ").append(name);
    node.ErrorAt("type", "must be one of " + known);
  });
  return conditions;
}

}  // namespace monitor
