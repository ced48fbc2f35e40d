#include "domain/account/account_conditions.h"

#include <algorithm>

namespace monitor {

void RequireOneOf(const Node& node, std::initializer_list<std::string_view> members) {
  const auto given = [&](std::string_view member) {
    const json::Value* value = node.value().Find(member);
    return node.Has(member) && !(value->is_array() && value->items().empty());
  };
  if (std::ranges::any_of(members, given)) return;
  std::string names;
  for (std::string_view member : members) names.append(names.empty() ? "" : ", ").append(member);
  node.Error("must have at least one of " + names);
}

FoldedTexts ReadTexts(const Node& node, std::string_view member) {
  const json::Value* value = node.value().Find(member);
  if (value == nullptr) return {};
  if (value->is_string()) return {FoldCase(value->text())};
  FoldedTexts texts;
  node.Each(member, [&](const Node& item) {
    if (auto text = item.AsText()) texts.push_back(FoldCase(*text));
  });
  return texts;
}

FoldedTexts ReadRequiredTexts(const Node& node, std::string_view member) {
  RequireList(node, member);
  return ReadTexts(node, member);
}

Range<std::int64_t> ReadIntegerRange(const Node& node, std::string_view from, std::string_view to) {
  Range<std::int64_t> range{node.Integer(from), node.Integer(to)};
  if (range.from && range.to && *range.from > *range.to) {
    node.ErrorAt(to, "must not be below " + std::string(from));
  }
  return range;
}

Range<Decimal> ReadDecimalRange(const Node& node, std::string_view from, std::string_view to) {
  Range<Decimal> range{node.Amount(from), node.Amount(to)};
  if (range.from && range.to && *range.from > *range.to) {
    node.ErrorAt(to, "must not be below " + std::string(from));
  }
  return range;
}

}  // namespace monitor
