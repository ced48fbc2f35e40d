// Which goals a request's attributes reach under the configuration in force (events.md section 2, activity-reported).
// Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "domain/account/account.h"
#include "domain/events/event.h"

namespace monitor {

// By attribute, then by campaign in the document's order; every campaign with a fitting goal, whatever its status: a
// conversion may come after the campaign ended. A service attribute fits a goal that lists its status.
std::vector<GoalReached> GoalsOf(const Account& account, std::span<const Attribute> attributes);

}  // namespace monitor
