// The ten attribute types and five impressions of http-api.md sections 4 and 5, as tables of rules.
//
// A new field or type is a new line in a table of attribute_validation.cpp. Pure and thread-safe; one pass over the
// parsed value, written straight into the output.
#pragma once

#include <expected>
#include <optional>
#include <string_view>
#include <variant>

#include "api/requests/request_fields.h"
#include "domain/deciding/decide.h"
#include "domain/events/event.h"
#include "domain/values/json.h"

namespace monitor {

constexpr std::size_t kMaxProducts = 200;  // in one attribute

// The kind that a request's word (`impDisplay`, …) means; nullopt if it is none.
std::optional<ImpressionKind> ParseImpressionType(std::string_view type);

using AttributeOrImpression = std::variant<Attribute, SentImpression>;

// One element of engagementAttributes. An Attribute's json is normalised: amounts as decimal strings, integers as JSON
// integers, gender as its word, aliases under their main name, `null` of known fields left out, unknown fields as sent.
// `index` is the element's, for later errors.
std::expected<AttributeOrImpression, FieldError> ReadAttribute(const json::Value& value, const FieldPath& path,
                                                               std::size_t index);

}  // namespace monitor
