// Data of older schema versions, made what it would be in the next one (event_codec.h). A version that was ever stored
// stays readable: tests/golden/ holds an example of each. A new version of a type is one more row in event_upcast.cpp.
// Pure.
#pragma once

#include <string>

#include "domain/events/event_codec.h"
#include "domain/values/json.h"

namespace monitor {

// The JSON of version `schema.version + 1`. `data`: an object of a version that is not the newest.
std::string Upcast(const EventSchema& schema, const json::Value& data);

}  // namespace monitor
