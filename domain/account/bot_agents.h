// Which user agents are no people where a document has no `settings.botPatterns` (campaigns.md section 1). Thread-safe.
#pragma once

#include <string_view>

namespace monitor {

// Crawlers, previews of links, monitors and headless browsers as of November 2026. No HTTP libraries: apps use those.
bool IsKnownBot(std::string_view user_agent);

}  // namespace monitor
