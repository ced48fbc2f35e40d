// Reading one field of a request: its type, its limit, and the path that an error message starts with
// (http-api.md section 3, "Types and limits everywhere").
//
// Pure and thread-safe. Nothing is allocated unless there is an error to describe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/values/decimal.h"
#include "domain/values/json.h"

namespace monitor {

constexpr std::size_t kMaxStringCharacters = 4'096;  // of every known string that has no limit of its own

// What is wrong with a request's body: the `message` of 400/5, starting with the field's path.
struct FieldError {
  std::string message;
};

// Where a value stands. A chain on the stack, written out only when there is an error.
class FieldPath {
 public:
  FieldPath() = default;  // the body itself
  // `parent` must outlive the child.
  FieldPath(const FieldPath& parent, std::string_view name) : parent_(&parent), name_(name) {}
  FieldPath(const FieldPath& parent, std::size_t index) : parent_(&parent), index_(index) {}

  std::string ToString() const;  // "engagementAttributes[1].total"; "body" for the body itself
  std::unexpected<FieldError> Error(std::string_view what) const;

 private:
  void AppendTo(std::string& out) const;
  const FieldPath* parent_ = nullptr;
  std::string_view name_;
  std::optional<std::size_t> index_;
};

// Unicode characters of valid UTF-8.
std::size_t CountCharacters(std::string_view utf8);

// No more than that many of them.
std::string_view CutCharacters(std::string_view utf8, std::size_t max_characters);

// A string; a number or boolean counts as its JSON text. The view lives as long as the parsed document.
std::expected<std::string_view, FieldError> ReadText(const json::Value& value, const FieldPath& path);
// The same of at most `max_characters`.
std::expected<std::string_view, FieldError> ReadString(const json::Value& value, const FieldPath& path,
                                                       std::size_t max_characters = kMaxStringCharacters);

// A JSON boolean, or "true" or "false".
std::expected<bool, FieldError> ReadBoolean(const json::Value& value, const FieldPath& path);

// Where a number is expected an empty string counts as absent, as `null` does.
bool IsAbsentNumber(const json::Value* value);

// A JSON number or a string in the same grammar, exponents expanded: 30, "30", "030", 30.0 and 3e1 are 30, 1.5 is
// refused.
std::expected<std::int64_t, FieldError> ReadInteger(const json::Value& value, const FieldPath& path);

// A JSON number or a string in the same grammar, rounded to the decimals of events.md section 2.
std::expected<Decimal, FieldError> ReadAmount(const json::Value& value, const FieldPath& path);

// The integer that a number means, leading zeros read; nullopt if it is none, or does not fit 64 bits.
std::optional<std::int64_t> ParseInteger(std::string_view number);

}  // namespace monitor
