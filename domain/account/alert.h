// The alerts that managers define in an account's document (`settings.alerts`, campaigns.md section 1). monitord checks
// them with the rest of the document and decides nothing by them; funneld watches. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/json.h"

namespace monitor {

enum class AlertWhen : std::uint8_t { kAcceptRateBelow, kNeverEligible, kGoalStopped };

std::string_view ToText(AlertWhen);
std::optional<AlertWhen> ParseAlertWhen(std::string_view);

constexpr std::size_t kMaxAlerts = 100;  // of an account

struct Alert {
  std::string id;  // as written, of a number its digits
  bool id_is_number = false;
  AlertWhen when = AlertWhen::kAcceptRateBelow;
  std::int64_t campaign_id = 0;
  std::optional<std::int64_t> engagement_id;  // absent: the whole campaign
  double below = 0;                           // of kAcceptRateBelow
  std::int64_t min_exposures = 1;
  std::int64_t minutes = 1;
  std::string webhook;  // empty: none
};

// Of `settings.alerts`, those that are whole: a document may have been accepted before alerts were checked. At most
// kMaxAlerts, each id once. What they refer to is not looked at.
std::vector<Alert> AlertsOf(const json::Value& list);

}  // namespace monitor
