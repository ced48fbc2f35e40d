// The web page and the description of the API: page.html and openapi.json of this folder, put into the program by the
// build.
#pragma once

#include <string_view>

namespace monitor {

extern const std::string_view kPageHtml;
extern const std::string_view kOpenApiJson;

}  // namespace monitor
