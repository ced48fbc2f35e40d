// The public API's request bodies: bytes in, validated parts of a VisitRequest out (http-api.md sections 3 and 4).
// The only place that knows the body's field names, besides the attribute tables of attribute_validation.h.
//
// Pure and thread-safe. An error's message starts with the field's path: `engagementAttributes[1].total`.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/request_fields.h"
#include "domain/deciding/decide.h"
#include "domain/values/json.h"

namespace monitor {

constexpr std::size_t kMaxAttributes = 100;
constexpr std::size_t kMaxEntryPoints = 50;
constexpr std::size_t kMaxEntryPointCharacters = 2'048;  // cut after them
constexpr std::size_t kMaxIdentities = 20;
constexpr std::size_t kMaxConsumerIdCharacters = 256;
constexpr std::size_t kMaxPageIdCharacters = 64;

// A validated body. Identities are not hashed yet; that needs the node's master key.
struct RequestBody {
  std::optional<PageId> page;
  std::vector<Identity> identities;  // consumerId among them
  std::optional<ClientProperties> client_properties;
  std::string ip_address;  // clientProperties.ipAddress, bare; empty if absent
  std::vector<std::string> entry_points;
  std::vector<Attribute> attributes;
  std::vector<SentImpression> impressions;

  // Moves everything but ip_address into the request.
  void MoveInto(VisitRequest& request) &&;
};

// UTF-8 byte order marks before a body are read over. An engagement body may be empty, and holds no impressions; a
// report's engagementAttributes are required.
std::expected<RequestBody, FieldError> ParseRequestBody(std::string_view body, VisitRequest::Kind kind);
// The same of a value already parsed (explain).
std::expected<RequestBody, FieldError> ReadRequestBody(const json::Value& body, VisitRequest::Kind kind);

// The body of PUT …/visits/current/events: the array of attributes alone (http-api.md section 7).
std::expected<RequestBody, FieldError> ParseEventsBody(std::string_view body);

}  // namespace monitor
