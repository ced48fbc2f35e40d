#include "domain/deciding/choice.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <vector>

namespace monitor {
namespace {

std::span<Candidate> KeepBestKind(std::span<Candidate> candidates) {
  const OfferKind best = std::ranges::min(candidates, {}, &Candidate::kind).kind;
  auto rest = std::ranges::partition(candidates, [&](const Candidate& c) { return c.kind == best; });
  return candidates.first(candidates.size() - rest.size());
}

static_assert(std::tuple_size_v<decltype(Settings::priority_shares)> == kEnumerators<Priority>);

using PriorityShares = std::span<const double, kEnumerators<Priority>>;

std::span<Candidate> KeepOnePriority(std::span<Candidate> candidates, PriorityShares all_shares, SplitMix64& draws) {
  std::array<Priority, kEnumerators<Priority>> classes;
  std::array<double, kEnumerators<Priority>> shares;
  std::size_t present = 0;
  for (std::size_t i = 0; i < all_shares.size(); ++i) {
    const auto priority = static_cast<Priority>(i);
    if (std::ranges::find(candidates, priority, &Candidate::priority) == candidates.end()) continue;
    classes[present] = priority;
    shares[present++] = all_shares[i];
  }
  if (present == 1) return candidates;
  const Priority drawn = classes[DrawShare(std::span(shares).first(present), draws.NextShare())];
  auto rest = std::ranges::partition(candidates, [&](const Candidate& c) { return c.priority == drawn; });
  return candidates.first(candidates.size() - rest.size());
}

std::size_t DrawByWeight(std::span<Candidate> candidates, SplitMix64& draws) {
  if (candidates.size() == 1) return candidates.front().index;
  std::ranges::sort(candidates, {}, [](const Candidate& c) { return std::tie(c.engagement_id, c.campaign_id); });
  std::vector<double> weights(candidates.size());
  std::ranges::transform(candidates, weights.begin(), &Candidate::weight);
  return candidates[DrawShare(weights, draws.NextShare())].index;
}

}  // namespace

OfferKind KindOf(const Engagement& engagement, const AccountState& account) {
  if (engagement.channel == Channel::kContent) return OfferKind::kContent;
  if (engagement.channel == Channel::kMessaging || !engagement.skill_id) return OfferKind::kConversation;
  return account.StateOfSkill(*engagement.skill_id) == SkillState::kOffline ? OfferKind::kOfflineChat
                                                                            : OfferKind::kConversation;
}

std::size_t DrawShare(std::span<const double> shares, double draw) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (!(sum > 0)) return static_cast<std::size_t>(draw * static_cast<double>(shares.size()));
  const double point = draw * sum;
  double reached = 0;
  std::size_t last_with_share = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    reached += shares[i];
    if (reached > point) return i;
    if (shares[i] > 0) last_with_share = i;
  }
  return last_with_share;  // draw · sum can round up to the sum itself
}

std::size_t Choose(std::span<Candidate> candidates, PriorityShares priority_shares, SplitMix64& draws) {
  return DrawByWeight(KeepOnePriority(KeepBestKind(candidates), priority_shares, draws), draws);
}

}  // namespace monitor
