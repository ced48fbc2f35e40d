// What of an event is personal, and how it is kept from the clear (events.md section 4). Pure; any thread, but for a
// cipher that says otherwise.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/values/json.h"
#include "domain/values/vocabulary.h"

namespace monitor {

// Seals with, and opens by, one visitor's key. Made by eventstore/keys/visitor_keys.h; NoKey where there is none.
class FieldCipher {
 public:
  virtual ~FieldCipher() = default;
  // base64 of nonce and ciphertext.
  virtual std::string Seal(std::string_view plain) const = 0;
  // nullopt: the key is gone (erased) or the text was not sealed with it.
  virtual std::optional<std::string> Open(std::string_view sealed_base64) const = 0;
};

// Opens nothing; for readers without keys, and for account events, which hold nothing personal.
class NoKey : public FieldCipher {
 public:
  std::string Seal(std::string_view) const override { return {}; }
  std::optional<std::string> Open(std::string_view) const override { return std::nullopt; }
};

// Attributes that are sealed whole, their type excepted.
constexpr bool IsSealed(AttributeType type) {
  return type == AttributeType::kPersonal || type == AttributeType::kCtmrinfo || type == AttributeType::kSearchInfo ||
         type == AttributeType::kError;
}

// What of an entry point or a referrer may stand in clear: everything before its query string and fragment.
constexpr std::string_view ClearPart(std::string_view url) { return url.substr(0, url.find_first_of("?#")); }

// IPv4 to /24, IPv6 to /48. Empty if it is no address.
std::string TruncateAddress(std::string_view text);

// Of stored data and of what was sealed in it: wider than a request's, a whole one of which it may hold.
constexpr json::Limits kEventDataLimits{.max_depth = 64, .max_nodes = 1 << 20};

// An event's data with every sealed value opened in place, for the token-protected views of one visitor. What can not
// be opened stays as it is.
std::string OpenSealedFields(std::string_view json, const FieldCipher& cipher);

}  // namespace monitor
