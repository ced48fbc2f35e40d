// What of an event is personal, and how it is kept from the clear (events.md section 4). Shared by the codec's two
// halves.
#pragma once

#include <string_view>

#include "domain/vocabulary.h"

namespace monitor {

// Attributes that are sealed whole, their type excepted.
constexpr bool IsSealed(AttributeType type) {
  return type == AttributeType::kPersonal || type == AttributeType::kCtmrinfo || type == AttributeType::kSearchInfo ||
         type == AttributeType::kError;
}

// What of an entry point or a referrer may stand in clear: everything before its query string and fragment.
constexpr std::string_view ClearPart(std::string_view url) { return url.substr(0, url.find_first_of("?#")); }

}  // namespace monitor
