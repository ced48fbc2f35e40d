// An answer of funneld's GET /api/funnel, drawn for a terminal. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace monitor::ctl {

// A line for each row, under their names; one row that is not broken down as bars that get shorter. Each line is ended
// by a newline. Control characters of what clients sent do not reach the terminal. The error is one sentence.
std::expected<std::string, std::string> FunnelTable(std::string_view answer);

}  // namespace monitor::ctl
