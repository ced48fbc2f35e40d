#include "consumers/alerts/alert_rules.h"

#include "domain/funnel/funnel_rows.h"

namespace monitor {

AlertVerdict Judge(const Alert& alert, const AlertNumbers& numbers, bool fires) {
  switch (alert.when) {
    case AlertWhen::kAcceptRateBelow: {
      const auto rate = funnel::Rate(numbers.accepted_pairs, numbers.exposures);
      const bool enough = numbers.exposures >= static_cast<std::uint64_t>(alert.min_exposures);
      return {enough && rate && *rate < alert.below, rate};
    }
    case AlertWhen::kNeverEligible:
      return {numbers.prospects == 0 && (fires || numbers.visitors), static_cast<double>(numbers.prospects)};
    case AlertWhen::kGoalStopped:
      return {numbers.conversions == 0 && (fires || numbers.conversions_before > 0),
              static_cast<double>(numbers.conversions)};
  }
  return {};
}

}  // namespace monitor
