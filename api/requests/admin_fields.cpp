#include "api/requests/admin_fields.h"

#include "api/requests/request_fields.h"

namespace monitor::admin {

std::expected<Fields, std::string> Fields::Parse(std::string_view body, json::Limits limits) {
  auto document = json::Document::Parse(body.empty() ? std::string_view("{}") : body, limits);
  if (!document) {
    const json::ParseError& error = document.error();
    return std::unexpected((error.path.empty() ? "body" : error.path) + ": " + error.message);
  }
  if (!document->root().is_object()) return std::unexpected("body: must be an object");
  return Fields(std::move(*document));
}

namespace {

// A field that may be absent, by the reader of its type.
template <class Result, class Reader>
std::expected<std::optional<Result>, std::string> ReadOptional(const json::Value* value, std::string_view name,
                                                               Reader reader) {
  if (value == nullptr) return std::nullopt;
  const FieldPath body;
  auto result = reader(*value, FieldPath(body, name));
  if (!result) return std::unexpected(result.error().message);
  return *result;
}

}  // namespace

std::expected<std::optional<std::string_view>, std::string> Fields::Text(std::string_view name) const {
  auto text = ReadOptional<std::string_view>(
      Find(name), name, [](const json::Value& value, const FieldPath& path) { return ReadString(value, path); });
  if (text && *text && (*text)->empty()) return std::nullopt;
  return text;
}

const json::Value* Fields::FindNumber(std::string_view name) const {
  const json::Value* value = Find(name);
  return IsAbsentNumber(value) ? nullptr : value;
}

std::expected<std::optional<std::int64_t>, std::string> Fields::Integer(std::string_view name) const {
  return ReadOptional<std::int64_t>(FindNumber(name), name, ReadInteger);
}

std::expected<std::optional<Decimal>, std::string> Fields::Amount(std::string_view name) const {
  return ReadOptional<Decimal>(FindNumber(name), name, ReadAmount);
}

}  // namespace monitor::admin
