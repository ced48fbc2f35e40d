// A visitor's state as JSON: as the admin API shows it, and as its snapshot was until snapshots.h (layout 0). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/deciding/session.h"

namespace monitor {

// `{"v":1,…}`
std::string VisitorToJson(const VisitorState& visitor);
// nullopt: anything that VisitorToJson did not write.
std::optional<VisitorState> VisitorFromJson(std::string_view json);

}  // namespace monitor
