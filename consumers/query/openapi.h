// The description of the API: openapi.json of this folder, put into the program by the build.
#pragma once

#include <string_view>

namespace monitor {

extern const std::string_view kOpenApiJson;

}  // namespace monitor
