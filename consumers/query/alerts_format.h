// The answer of GET /api/alerts. Any thread.
#pragma once

#include <string>

#include "consumers/alerts/alerts.h"

namespace monitor {

// {"alerts": [{"id", "when", "campaignId", "engagementId", "firing", "since", "value"}]} in the document's order;
// `since` and `value` are null until it is judged.
std::string AlertsJson(const AccountOutline& account, const Alerts& alerts);

}  // namespace monitor
