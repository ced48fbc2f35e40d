// The choice of campaigns.md section 4: among several candidates for one zone, which one is offered.
//
// Exactly reproducible: draws come from the given generator in a fixed order, sums are IEEE doubles added in a fixed
// order. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "domain/account/account.h"
#include "domain/values/enumerators.h"
#include "domain/values/hash.h"
#include "domain/values/vocabulary.h"

namespace monitor {

// From best to least; only the best kind present takes part.
enum class OfferKind : std::uint8_t {
  kConversation,  // messaging, and chat whose skill is online or busy, or that has none
  kContent,
  kOfflineChat,
};
OfferKind KindOf(const Engagement& engagement, const AccountState& account);

struct Candidate {
  std::size_t index;  // the caller's own
  std::int64_t campaign_id;
  std::int64_t engagement_id;
  Priority priority;
  double weight;
  OfferKind kind;
};

// The share that `draw` in [0, 1) falls on: the first i whose running sum s0 + … + si is greater than draw · (the sum
// of all). If every share is 0 they count as equal. At least one share.
std::size_t DrawShare(std::span<const double> shares, double draw);

// The winner's `index`. At least one candidate; reorders them. Takes a draw for the priority class if more than one is
// present, then a draw by weight if the class has more than one candidate (sorted by engagement id, then campaign id).
std::size_t Choose(std::span<Candidate> candidates, std::span<const double, kEnumerators<Priority>> priority_shares,
                   SplitMix64& draws);

}  // namespace monitor
