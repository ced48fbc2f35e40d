// The small JSON bodies of the admin API and the inbound topic, read field by field with the rules of request_fields.h.
// `null` counts as absent; an error is one sentence that begins with the field's name. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/values/decimal.h"
#include "domain/values/json.h"

namespace monitor::admin {

// Views into the body's own copy; they live as long as the object.
class Fields {
 public:
  // An empty body is `{}`.
  static std::expected<Fields, std::string> Parse(std::string_view body, json::Limits limits = {});

  const json::Value* Find(std::string_view name) const { return document_.root().Find(name); }
  std::expected<std::optional<std::string_view>, std::string> Text(std::string_view name) const;  // "" counts as absent
  std::expected<std::optional<std::int64_t>, std::string> Integer(std::string_view name) const;
  std::expected<std::optional<Decimal>, std::string> Amount(std::string_view name) const;

 private:
  explicit Fields(json::Document document) : document_(std::move(document)) {}

  const json::Value* FindNumber(std::string_view name) const;  // nullptr: absent, "" too

  json::Document document_;
};

}  // namespace monitor::admin
