// When an alert fires (docs/analysts.md). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "domain/account/alert.h"

namespace monitor {

// Of its campaign, or of its engagement in that, in the last minutes; only what its `when` asks for is counted.
struct AlertNumbers {
  std::uint64_t exposures = 0, accepted_pairs = 0;        // of kAcceptRateBelow; net
  std::uint64_t prospects = 0;                            // of kNeverEligible; gross
  bool visitors = false;                                  // of kNeverEligible: the account had some
  std::uint64_t conversions = 0, conversions_before = 0;  // of kGoalStopped; net; in as many minutes before those
};

struct AlertVerdict {
  bool firing = false;
  std::optional<double> value;  // accept rate, prospects, conversions; nullopt: no exposures
};

// `fires`: it does already. What went silent keeps firing until it is heard of again, however long nobody comes.
AlertVerdict Judge(const Alert& alert, const AlertNumbers& numbers, bool fires);

}  // namespace monitor
