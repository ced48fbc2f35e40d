#include "api/requests/request_fields.h"

#include <limits>

#include "domain/values/json_number.h"

namespace monitor {
namespace {

// A number's text, wherever it stands; empty if the value is neither number nor string, or the string is too long.
std::string_view NumberText(const json::Value& value) {
  if (value.is_number()) return value.text();
  if (value.is_string() && value.text().size() <= kMaxStringCharacters) return value.text();
  return {};
}

bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

void FieldPath::AppendTo(std::string& out) const {
  if (parent_ == nullptr) return;
  parent_->AppendTo(out);
  if (index_) {
    out += '[';
    out += std::to_string(*index_);
    out += ']';
    return;
  }
  if (!out.empty()) out += '.';
  out += name_;
}

std::string FieldPath::ToString() const {
  std::string out;
  AppendTo(out);
  return out.empty() ? "body" : out;
}

std::unexpected<FieldError> FieldPath::Error(std::string_view what) const {
  std::string message = ToString();
  message += ": ";
  message += what;
  return std::unexpected(FieldError{std::move(message)});
}

std::size_t CountCharacters(std::string_view utf8) {
  std::size_t count = 0;
  for (char c : utf8) count += BeginsCharacter(c);
  return count;
}

std::string_view CutCharacters(std::string_view utf8, std::size_t max_characters) {
  if (utf8.size() <= max_characters) return utf8;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (BeginsCharacter(utf8[i]) && characters++ == max_characters) return utf8.substr(0, i);
  }
  return utf8;
}

std::expected<std::string_view, FieldError> ReadText(const json::Value& value, const FieldPath& path) {
  if (value.is_string() || value.is_number()) return value.text();
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  return path.Error("must be a string");
}

std::expected<std::string_view, FieldError> ReadString(const json::Value& value, const FieldPath& path,
                                                       std::size_t max_characters) {
  auto text = ReadText(value, path);
  if (text && text->size() > max_characters && CountCharacters(*text) > max_characters) {
    return path.Error("must not be longer than " + std::to_string(max_characters) + " characters");
  }
  return text;
}

std::expected<bool, FieldError> ReadBoolean(const json::Value& value, const FieldPath& path) {
  if (value.is_bool()) return value.boolean();
  if (value.is_string() && (value.text() == "true" || value.text() == "false")) return value.text() == "true";
  return path.Error("must be true or false");
}

bool IsAbsentNumber(const json::Value* value) {
  return value == nullptr || value->is_null() || (value->is_string() && value->text().empty());
}

std::expected<std::int64_t, FieldError> ReadInteger(const json::Value& value, const FieldPath& path) {
  if (std::optional<std::int64_t> number = ParseInteger(NumberText(value))) return *number;
  return path.Error("must be an integer");
}

std::expected<Decimal, FieldError> ReadAmount(const json::Value& value, const FieldPath& path) {
  if (std::optional<Decimal> amount = Decimal::Parse(NumberText(value))) return *amount;
  return path.Error("must be a number with at most 15 integer digits");
}

std::optional<std::int64_t> ParseInteger(std::string_view number) {
  std::optional<JsonNumber> parts = SplitJsonNumber(number, LeadingZeros::kRead);
  if (!parts) return std::nullopt;
  const auto digits = static_cast<std::int64_t>(parts->integer.size() + parts->fraction.size());
  const std::int64_t point = static_cast<std::int64_t>(parts->integer.size()) + parts->exponent;
  const auto digit_at = [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    return at < parts->integer.size() ? parts->integer[at] - '0' : parts->fraction[at - parts->integer.size()] - '0';
  };
  const std::uint64_t max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + parts->negative;
  std::uint64_t magnitude = 0;
  for (std::int64_t i = 0; i < digits || (i < point && magnitude != 0); ++i) {
    const auto digit = static_cast<std::uint64_t>(i < digits ? digit_at(i) : 0);
    if (i >= point) {
      if (digit != 0) return std::nullopt;
      continue;
    }
    if (magnitude > (max - digit) / 10) return std::nullopt;
    magnitude = magnitude * 10 + digit;
  }
  return static_cast<std::int64_t>(parts->negative ? 0 - magnitude : magnitude);
}

}  // namespace monitor
