// Takes fields out of one object of an event's data. The first field that is missing or no good is remembered; what is
// returned from then on is not used. Of the decoder (event_decode.cpp), on its thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/decimal.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor {

class EventFields {
 public:
  EventFields(const json::Value& object, std::string& fault) : object_(object), fault_(fault) {}

  const json::Value* Find(std::string_view name) const { return object_.Find(name); }

  const json::Value& Required(std::string_view name) {
    static const json::Value kAbsent;
    const json::Value* value = object_.Find(name);
    if (value == nullptr) Fail(name, "is missing");
    return value == nullptr ? kAbsent : *value;
  }

  std::string Text(std::string_view name) {
    const json::Value& value = Required(name);
    if (!value.is_string()) Fail(name, "is no string");
    return std::string(value.text());
  }
  std::optional<std::string> OptionalText(std::string_view name) {
    return Find(name) == nullptr ? std::nullopt : std::optional(Text(name));
  }

  template <class Number>
  Number Integer(std::string_view name) {
    return IntegerOf<Number>(name, Required(name));
  }
  template <class Number>
  std::optional<Number> OptionalInteger(std::string_view name) {
    return Find(name) == nullptr ? std::nullopt : std::optional(Integer<Number>(name));
  }
  template <class Number>
  std::vector<Number> Integers(std::string_view name) {
    std::vector<Number> numbers;
    if (const json::Value* list = Find(name)) {
      for (const json::Value& item : list->items()) numbers.push_back(IntegerOf<Number>(name, item));
    }
    return numbers;
  }

  bool Flag(std::string_view name, bool otherwise = false) {
    const json::Value* value = Find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_bool()) Fail(name, "is no boolean");
    return value->boolean();
  }

  std::optional<Decimal> OptionalDecimal(std::string_view name) {
    const json::Value* value = Find(name);
    if (value == nullptr) return std::nullopt;
    auto decimal = Decimal::Parse(value->text());
    if (!decimal) Fail(name, "is no decimal");
    return decimal;
  }

  // `parse` is one of vocabulary.h's.
  template <class Word>
  Word OneOf(std::string_view name, std::optional<Word> (*parse)(std::string_view)) {
    auto word = parse(Required(name).text());
    if (!word) Fail(name, "is no word of its set");
    return word.value_or(Word{});
  }

  void Fail(std::string_view name, std::string_view why) {
    if (fault_.empty()) fault_.append(name).append(" ").append(why);
  }

 private:
  // Context ids are decimal strings, other integers JSON numbers: both are read.
  template <class Number>
  Number IntegerOf(std::string_view name, const json::Value& value) {
    const auto number = ParseWhole<Number>(value.text());
    if (!number) Fail(name, "is no such integer");
    return number.value_or(0);
  }

  const json::Value& object_;
  std::string& fault_;
};

}  // namespace monitor
