// The web page: consumers/query/page.html, put into the program by the build.
#pragma once

#include <string_view>

namespace monitor {

extern const std::string_view kPageHtml;

}  // namespace monitor
