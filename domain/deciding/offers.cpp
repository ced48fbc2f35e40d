#include "domain/deciding/offers.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "domain/deciding/choice.h"
#include "domain/values/enumerators.h"

namespace monitor {
namespace {

// The widest follow-me of the document: most offers are sorted out by it without looking up their engagement.
struct FollowLimits {
  std::size_t pages = 0;
  std::chrono::seconds time{0};
};

class OfferRound {
 public:
  OfferRound(const Eligibility::Subject& subject, std::uint64_t seed)
      : subject_(subject), account_(*subject.account.account), eligibility_(subject), draws_(seed) {}

  JudgedOffers Run() {
    ListEngagements();
    JudgeStandingOffers();
    JudgeOthers();
    ChooseInZones();
    OrderAnswer();
    return std::move(result_);
  }

 private:
  void ListEngagements();
  void JudgeStandingOffers();
  void JudgeStanding(std::size_t offer_index, bool own_page);
  void JudgeOthers();
  void ChooseInZones();
  void OrderAnswer();

  JudgedEngagement* Find(const Entry& entry);
  std::size_t FirstThatMayFollow() const;
  bool MayFollow(const Offer& offer, std::size_t max_pages, std::chrono::seconds max_time) const;
  bool FollowsInTime(const Offer& offer, const Engagement& engagement) const;

  const Eligibility::Subject& subject_;
  const Account& account_;
  Eligibility eligibility_;
  SplitMix64 draws_;
  FollowLimits follow_limits_;
  JudgedOffers result_;
};

void OfferRound::ListEngagements() {
  std::size_t count = 0;
  for (const Campaign& campaign : account_.campaigns) count += campaign.engagements.size();
  result_.engagements.resize(count);
  JudgedEngagement* judged = result_.engagements.data();
  for (std::uint32_t i = 0; i < account_.campaigns.size(); ++i) {
    for (const Engagement& engagement : account_.campaigns[i].engagements) {
      judged->campaign_index = i;
      (judged++)->engagement = &engagement;
      follow_limits_.pages = std::max(follow_limits_.pages, static_cast<std::size_t>(engagement.follow_me_pages));
      follow_limits_.time = std::max(follow_limits_.time, std::chrono::seconds(engagement.follow_me_time_s));
    }
  }
}

// The page's own offers first, then those that follow the visitor to it, each by context id. One whose zone is taken by
// an earlier one does not come to this page; it is not withdrawn.
void OfferRound::JudgeStandingOffers() {
  const SessionState& session = subject_.session;
  for (std::size_t i = 0; i < session.offers.size(); ++i) {
    const Offer& offer = session.offers[i];
    if (!offer.withdrawn && offer.page_index == session.newest_page) JudgeStanding(i, true);
  }
  for (std::size_t i = FirstThatMayFollow(); i < session.offers.size(); ++i) {
    const Offer& offer = session.offers[i];
    if (!offer.withdrawn && offer.page_index != session.newest_page) JudgeStanding(i, false);
  }
}

void OfferRound::JudgeStanding(std::size_t offer_index, bool own_page) {
  const Offer& offer = subject_.session.offers[offer_index];
  const Entry& entry = subject_.session.EntryOf(offer);
  JudgedEngagement* judged = Find(entry);
  if (!judged) {  // the document in force does not know it any more
    if (own_page) result_.withdrawn_contexts.push_back(offer.context_id);
    return;
  }
  const Engagement& engagement = *judged->engagement;
  if (judged->settled || eligibility_.IsTaken(entry.zone)) return;
  if (!own_page && !MayFollow(offer, static_cast<std::size_t>(engagement.follow_me_pages),
                              std::chrono::seconds(engagement.follow_me_time_s))) {
    return;
  }
  judged->settled = true;
  const bool follows = !own_page || FollowsInTime(offer, engagement);
  judged->reason = eligibility_.Judge(judged->campaign_index, engagement, {.stands = true, .follows = follows});
  if (judged->reason != Reason::kNone) {
    result_.withdrawn_contexts.push_back(offer.context_id);
    return;
  }
  judged->verdict = Verdict::kOffered;
  judged->standing = offer_index;
  eligibility_.TakeZone(entry.zone);
}

// Offers are in the order of their time and of the pages known at it: before one that is too old all are.
std::size_t OfferRound::FirstThatMayFollow() const {
  const auto& offers = subject_.session.offers;
  const std::size_t page = subject_.session.newest_page;
  auto too_old = [&](const Offer& offer) {
    return page >= offer.pages_known && !MayFollow(offer, follow_limits_.pages, follow_limits_.time);
  };
  return static_cast<std::size_t>(std::ranges::partition_point(offers, too_old) - offers.begin());
}

// "On the next n pageIds first seen after the offer, or for s seconds" (campaigns.md section 3).
bool OfferRound::MayFollow(const Offer& offer, std::size_t max_pages, std::chrono::seconds max_time) const {
  const std::size_t page = subject_.session.newest_page;
  if (page >= offer.pages_known && page - offer.pages_known < max_pages) return true;
  return subject_.facts.now < offer.shown_at + max_time;
}

bool OfferRound::FollowsInTime(const Offer& offer, const Engagement& engagement) const {
  return subject_.facts.now < offer.shown_at + std::chrono::seconds(engagement.follow_me_time_s);
}

JudgedEngagement* OfferRound::Find(const Entry& entry) {
  auto found = std::ranges::find_if(result_.engagements, [&](const JudgedEngagement& judged) {
    return judged.engagement->id == entry.engagement_id &&
           account_.campaigns[judged.campaign_index].id == entry.campaign_id;
  });
  return found == result_.engagements.end() ? nullptr : &*found;
}

void OfferRound::JudgeOthers() {
  for (JudgedEngagement& judged : result_.engagements) {
    if (judged.settled) continue;
    judged.reason = eligibility_.Judge(judged.campaign_index, *judged.engagement);
    if (judged.reason != Reason::kNone) continue;
    judged.verdict = judged.engagement->zone == Zone::kEmbedded ? Verdict::kOffered : Verdict::kOutdrawn;
  }
}

void OfferRound::ChooseInZones() {
  std::array<std::vector<Candidate>, kEnumerators<Zone> - 1> zones;  // all but embedded, in their order
  for (std::size_t i = 0; i < result_.engagements.size(); ++i) {
    const JudgedEngagement& judged = result_.engagements[i];
    if (judged.verdict != Verdict::kOutdrawn) continue;
    const Campaign& campaign = account_.campaigns[judged.campaign_index];
    const Engagement& engagement = *judged.engagement;
    zones[static_cast<std::size_t>(engagement.zone)].push_back(
        {i, campaign.id, engagement.id, campaign.priority, engagement.weight, KindOf(engagement, subject_.account)});
  }
  for (std::vector<Candidate>& candidates : zones) {
    if (candidates.empty()) continue;
    if (candidates.size() > 1) ++result_.zone_conflicts;
    const std::size_t winner = Choose(candidates, account_.settings.priority_shares, draws_);
    result_.engagements[winner].verdict = Verdict::kOffered;
  }
}

static_assert(Zone::kProactive < Zone::kLeft && Zone::kLeft < Zone::kRight && Zone::kRight < Zone::kApp &&
              Zone::kApp < Zone::kEmbedded && static_cast<std::size_t>(Zone::kEmbedded) == kEnumerators<Zone> - 1);

// By zone, the embedded ones (the last zone) by engagement id. A standing offer keeps the zone it was offered in.
void OfferRound::OrderAnswer() {
  for (std::size_t i = 0; i < result_.engagements.size(); ++i) {
    if (result_.engagements[i].verdict == Verdict::kOffered) result_.offered.push_back(i);
  }
  std::ranges::sort(result_.offered, {}, [&](std::size_t i) {
    const JudgedEngagement& judged = result_.engagements[i];
    const SessionState& session = subject_.session;
    const Zone zone =
        judged.standing ? session.EntryOf(session.offers[*judged.standing]).zone : judged.engagement->zone;
    return std::tuple(zone, judged.engagement->id, account_.campaigns[judged.campaign_index].id);
  });
  std::ranges::sort(result_.withdrawn_contexts);
}

}  // namespace

JudgedOffers JudgeOffers(const Eligibility::Subject& subject, std::uint64_t seed) {
  return OfferRound(subject, seed).Run();
}

}  // namespace monitor
