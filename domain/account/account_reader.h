// Walks an account document and collects everything that is wrong with it, each with its place. Part of ParseAccount.
//
// A Node is a value with its place. It lives on the stack of the code that reads it and must not outlive its parent.
// Readers never stop at an error: they note it and give back nothing, or the default, so that one pass finds all.
// `null` counts as absent. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/account/account.h"
#include "domain/values/decimal.h"
#include "domain/values/json.h"
#include "domain/values/timestamp.h"

namespace monitor {

class DocumentErrors {
 public:
  // `where` is the value that is wrong, or the object in which one is missing.
  void Add(const json::Value& where, std::string path, std::string message);
  bool empty() const { return found_.empty(); }
  // In the document's order.
  std::vector<DocumentError> Take(const json::Value& root);

 private:
  struct Found {
    const json::Value* where;
    DocumentError error;
  };
  std::vector<Found> found_;
};

struct IntegerRange {
  std::int64_t from = 0;
  std::int64_t to = 999'999'999'999'999;  // exact as a double, so that every JSON tool reads the same number
};

struct NumberRange {
  double from;
  double to;
  bool from_excluded = false;
};

class Node {
 public:
  Node(const json::Value& root, DocumentErrors& errors) : value_(root), errors_(errors) {}

  const json::Value& value() const { return value_; }
  std::string Path() const;
  void Error(std::string message) const;                             // about this value
  void ErrorAt(std::string_view member, std::string message) const;  // about a member, or its absence
  // False, with an error, if this is no object.
  bool IsObject() const;
  bool Has(std::string_view member) const { return value_.Find(member) != nullptr; }
  // Written as `null`, which a few members tell from being absent.
  bool IsNull(std::string_view member) const;
  // Notes an error if the member is absent.
  const Node& Require(std::string_view member) const;

  // This value itself. nullopt, with an error, if it is of another type or out of range.
  std::optional<std::string_view> AsText() const;
  std::optional<std::int64_t> AsInteger(IntegerRange range = {}) const;
  std::optional<double> AsNumber(NumberRange range) const;
  std::optional<Decimal> AsDecimal() const;
  std::optional<bool> AsBool() const;
  std::optional<TimeMs> AsInstant() const;  // RFC 3339 with an offset
  // One of the words that `parse` knows; `choices` lists them for the error.
  template <class Word>
  std::optional<Word> AsOneOf(std::optional<Word> (*parse)(std::string_view), std::string_view choices) const {
    std::optional<std::string_view> text = AsText();
    if (!text) return std::nullopt;
    std::optional<Word> word = parse(*text);
    if (!word) Error("must be " + std::string(choices));
    return word;
  }

  // Members. nullopt if absent, or wrong (then with an error). `read` takes the member as a Node.
  template <class Result, class Reader>
  std::optional<Result> Read(std::string_view member, Reader read) const {
    const json::Value* found = value_.Find(member);
    if (found == nullptr) return std::nullopt;
    return read(Node(*found, *this, member, 0));
  }

  std::optional<std::string_view> Text(std::string_view member) const;
  std::optional<std::int64_t> Integer(std::string_view member, IntegerRange range = {}) const;
  std::optional<double> Number(std::string_view member, NumberRange range) const;
  std::optional<Decimal> Amount(std::string_view member) const;
  std::optional<bool> Bool(std::string_view member) const;
  std::optional<TimeMs> Instant(std::string_view member) const;
  template <class Word>
  std::optional<Word> OneOf(std::string_view member, std::optional<Word> (*parse)(std::string_view),
                            std::string_view choices) const {
    return Read<Word>(member, [&](const Node& node) { return node.AsOneOf(parse, choices); });
  }

  // Reads the member as an object, or each element of the member as an array, if it is there.
  void Object(std::string_view member, const std::function<void(const Node&)>& read) const;
  void Each(std::string_view member, const std::function<void(const Node&)>& read) const;
  std::vector<std::string> Texts(std::string_view member) const;
  std::vector<std::int64_t> Integers(std::string_view member, IntegerRange range = {}) const;

 private:
  Node(const json::Value& value, const Node& parent, std::string_view name, std::size_t index)
      : value_(value), errors_(parent.errors_), parent_(&parent), name_(name), index_(index) {}

  const json::Value& value_;
  DocumentErrors& errors_;
  const Node* parent_ = nullptr;
  std::string_view name_;  // empty: an element of the parent's array
  std::size_t index_ = 0;
};

}  // namespace monitor
