#include "domain/account/account_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using Order = std::unordered_map<const json::Value*, std::size_t>;

void NumberInOrder(const json::Value& value, Order& wanted, std::size_t& next) {
  if (auto found = wanted.find(&value); found != wanted.end()) found->second = next;
  ++next;
  for (const json::Value& item : value.items()) NumberInOrder(item, wanted, next);
  for (const json::Member& member : value.members()) NumberInOrder(member.value, wanted, next);
}

// Shortest form: 25, not 25.000000.
std::string Shown(double number) {
  std::array<char, 32> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), end};
}

std::string RangeText(NumberRange range) {
  std::string from = range.from_excluded ? "above " : std::isinf(range.to) ? "of at least " : "from ";
  std::string text = "must be a number " + from + Shown(range.from);
  return std::isinf(range.to) ? text : text + (range.from_excluded ? ", at most " : " to ") + Shown(range.to);
}

}  // namespace

void DocumentErrors::Add(const json::Value& where, std::string path, std::string message) {
  found_.push_back({&where, {std::move(path), std::move(message)}});
}

std::vector<DocumentError> DocumentErrors::Take(const json::Value& root) {
  Order order;
  for (const Found& found : found_) order.emplace(found.where, 0);
  std::size_t next = 0;
  NumberInOrder(root, order, next);
  std::ranges::stable_sort(found_, {}, [&](const Found& found) { return order.at(found.where); });
  std::vector<DocumentError> errors;
  errors.reserve(found_.size());
  for (Found& found : found_) errors.push_back(std::move(found.error));
  found_.clear();
  return errors;
}

std::string Node::Path() const {
  if (parent_ == nullptr) return {};
  std::string path = parent_->Path();
  if (name_.empty()) return path + "[" + std::to_string(index_) + "]";
  if (!path.empty()) path += '.';
  return path.append(name_);
}

void Node::Error(std::string message) const { errors_.Add(value_, Path(), std::move(message)); }

void Node::ErrorAt(std::string_view member, std::string message) const {
  const json::Value* found = value_.Find(member);
  const json::Value& where = found == nullptr ? value_ : *found;
  errors_.Add(where, Node(where, *this, member, 0).Path(), std::move(message));
}

bool Node::IsObject() const {
  if (value_.is_object()) return true;
  Error("must be an object");
  return false;
}

bool Node::IsNull(std::string_view member) const {
  return std::ranges::any_of(value_.members(), [&](const json::Member& candidate) {
    return candidate.name == member && candidate.value.is_null();
  });
}

const Node& Node::Require(std::string_view member) const {
  if (!Has(member)) ErrorAt(member, "is missing");
  return *this;
}

std::optional<std::string_view> Node::AsText() const {
  if (value_.is_string()) return value_.text();
  Error("must be a string");
  return std::nullopt;
}

std::optional<std::int64_t> Node::AsInteger(IntegerRange range) const {
  std::optional<Decimal> decimal = value_.is_number() ? Decimal::Parse(value_.text()) : std::nullopt;
  if (decimal) {
    const auto number = ParseWhole<std::int64_t>(decimal->ToString());
    if (number && range.from <= *number && *number <= range.to) return number;
  }
  Error("must be a whole number from " + std::to_string(range.from) + " to " + std::to_string(range.to));
  return std::nullopt;
}

std::optional<double> Node::AsNumber(NumberRange range) const {
  if (value_.is_number()) {
    std::string_view text = value_.text();
    double number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool above = range.from_excluded ? number > range.from : number >= range.from;
    if (error == std::errc{} && std::isfinite(number) && above && number <= range.to) return number;
  }
  Error(RangeText(range));
  return std::nullopt;
}

std::optional<Decimal> Node::AsDecimal() const {
  std::optional<Decimal> decimal = value_.is_number() ? Decimal::Parse(value_.text()) : std::nullopt;
  if (!decimal) Error("must be a number with at most 15 integer digits and 6 decimals");
  return decimal;
}

std::optional<bool> Node::AsBool() const {
  if (value_.is_bool()) return value_.boolean();
  Error("must be true or false");
  return std::nullopt;
}

std::optional<TimeMs> Node::AsInstant() const {
  std::optional<TimeMs> instant = value_.is_string() ? ParseRfc3339(value_.text()) : std::nullopt;
  if (!instant) Error("must be a date with time and offset, such as 2026-11-24T09:00:00+01:00");
  return instant;
}

std::optional<std::string_view> Node::Text(std::string_view member) const {
  return Read<std::string_view>(member, [](const Node& node) { return node.AsText(); });
}

std::optional<std::int64_t> Node::Integer(std::string_view member, IntegerRange range) const {
  return Read<std::int64_t>(member, [&](const Node& node) { return node.AsInteger(range); });
}

std::optional<double> Node::Number(std::string_view member, NumberRange range) const {
  return Read<double>(member, [&](const Node& node) { return node.AsNumber(range); });
}

std::optional<Decimal> Node::Amount(std::string_view member) const {
  return Read<Decimal>(member, [](const Node& node) { return node.AsDecimal(); });
}

std::optional<bool> Node::Bool(std::string_view member) const {
  return Read<bool>(member, [](const Node& node) { return node.AsBool(); });
}

std::optional<TimeMs> Node::Instant(std::string_view member) const {
  return Read<TimeMs>(member, [](const Node& node) { return node.AsInstant(); });
}

void Node::Object(std::string_view member, const std::function<void(const Node&)>& read) const {
  const json::Value* found = value_.Find(member);
  if (found == nullptr) return;
  Node node(*found, *this, member, 0);
  if (node.IsObject()) read(node);
}

void Node::Each(std::string_view member, const std::function<void(const Node&)>& read) const {
  const json::Value* found = value_.Find(member);
  if (found == nullptr) return;
  Node list(*found, *this, member, 0);
  if (!found->is_array()) return list.Error("must be an array");
  for (std::size_t i = 0; i < found->items().size(); ++i) read(Node(found->items()[i], list, {}, i));
}

std::vector<std::string> Node::Texts(std::string_view member) const {
  std::vector<std::string> texts;
  Each(member, [&](const Node& node) {
    if (auto text = node.AsText()) texts.emplace_back(*text);
  });
  return texts;
}

std::vector<std::int64_t> Node::Integers(std::string_view member, IntegerRange range) const {
  std::vector<std::int64_t> integers;
  Each(member, [&](const Node& node) {
    if (auto integer = node.AsInteger(range)) integers.push_back(*integer);
  });
  return integers;
}

}  // namespace monitor
