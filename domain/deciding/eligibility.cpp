#include "domain/deciding/eligibility.h"

#include <algorithm>
#include <charconv>

namespace monitor {

Eligibility::Eligibility(const Subject& subject)
    : subject_(subject),
      account_(*subject.account.account),
      conditions_(account_, subject.session, subject.visitor, subject.facts),
      campaigns_(account_.campaigns.size()) {
  auto& memo = subject.session.decision_memo;
  if (memo.revision != account_.revision || memo.member.size() < account_.campaigns.size() + 1) {
    memo.revision = account_.revision;
    memo.member.assign(account_.campaigns.size() + 1, -1);
    memo.established.clear();
  }
}

Reason Eligibility::Judge(std::size_t campaign_index, const Engagement& engagement, Exemption exemption) {
  CampaignMemo& memo = campaigns_[campaign_index];
  if (!memo.judged) memo = {true, JudgeCampaign(campaign_index)};
  if (memo.reason != Reason::kNone) return memo.reason;
  if (Reason reason = JudgeEngagement(engagement, exemption); reason != Reason::kNone) return reason;
  if (WasClosed(account_.campaigns[campaign_index], engagement)) return Reason::kClosed;
  if (!exemption.stands) {
    if (Reason reason = JudgeProactive(engagement); reason != Reason::kNone) return reason;
    if (IsTaken(engagement.zone)) return Reason::kZoneTaken;
  }
  return JudgeControlGroups(campaign_index);
}

void Eligibility::TakeZone(Zone zone) {
  if (zone != Zone::kEmbedded) taken_[static_cast<std::size_t>(zone)] = true;
}

Reason Eligibility::JudgeCampaign(std::size_t campaign_index) {
  const Campaign& campaign = account_.campaigns[campaign_index];
  const TimeMs now = subject_.facts.now;
  if (!campaign.published) return Reason::kUnpublished;
  if (campaign.start && now < *campaign.start) return Reason::kNotStarted;
  if (campaign.expiration && now >= *campaign.expiration) return Reason::kExpired;
  if (!conditions_.InHours(campaign)) return Reason::kOutsideHours;
  if (!conditions_.ProfilesMatch(campaign)) return Reason::kProfile;
  return Reason::kNone;
}

Reason Eligibility::JudgeEngagement(const Engagement& engagement, Exemption exemption) {
  if (!engagement.enabled) return Reason::kDisabled;
  const auto& apps = engagement.app_installations;
  if (!apps.empty() && std::ranges::find(apps, subject_.app_installation) == apps.end()) return Reason::kApp;
  if (!exemption.follows && !conditions_.LocationsMatch(engagement)) {
    return Reason::kLocation;
  }
  if (!conditions_.BehaviorsMatch(engagement)) return Reason::kBehavior;
  if (!IsAvailable(engagement)) return Reason::kUnavailable;
  return Reason::kNone;
}

bool Eligibility::IsAvailable(const Engagement& engagement) const {
  if (engagement.channel != Channel::kChat || !engagement.skill_id) return true;
  const SkillState state = subject_.account.StateOfSkill(*engagement.skill_id);
  switch (engagement.availability) {
    case AvailabilityPolicy::kOnline:
      return state == SkillState::kOnline;
    case AvailabilityPolicy::kOnlineOrBusy:
      return state != SkillState::kOffline;
    case AvailabilityPolicy::kAlways:
      return true;
  }
  return true;
}

bool Eligibility::WasClosed(const Campaign& campaign, const Engagement& engagement) const {
  // The set tells most apart at once; two campaigns may use one engagement id.
  if (!subject_.session.closed_engagements.contains(engagement.id)) return false;
  return std::ranges::any_of(subject_.session.offers, [&](const Offer& offer) {
    const Entry& entry = subject_.session.EntryOf(offer);
    return offer.closed && entry.engagement_id == engagement.id && entry.campaign_id == campaign.id;
  });
}

Reason Eligibility::JudgeProactive(const Engagement& engagement) const {
  if (engagement.zone != Zone::kProactive) return Reason::kNone;
  const Settings& settings = account_.settings;
  const SessionState& session = subject_.session;
  if (settings.max_displays_per_session &&
      session.proactive_displays >= static_cast<std::uint32_t>(*settings.max_displays_per_session)) {
    return Reason::kProactiveCap;
  }
  const bool invite_again = engagement.channel == Channel::kContent ? settings.invite_content_after_decline
                                                                    : settings.invite_conversation_after_decline;
  return session.proactive_declined && !invite_again ? Reason::kDeclined : Reason::kNone;
}

Reason Eligibility::JudgeControlGroups(std::size_t campaign_index) {
  if (IsMember(0, "account", account_.settings.control_percentage)) return Reason::kControlAccount;
  const Campaign& campaign = account_.campaigns[campaign_index];
  std::array<char, 24> digits;
  auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), campaign.id);
  const std::string_view scope(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return IsMember(1 + campaign_index, scope, campaign.control_percentage) ? Reason::kControlCampaign : Reason::kNone;
}

// A visitor's membership changes with the document only, so a session asks the hash once a scope and revision.
bool Eligibility::IsMember(std::size_t slot, std::string_view scope, double percentage) {
  std::int8_t& member = subject_.session.decision_memo.member[slot];
  if (member < 0) {
    member = InControlGroup(account_.settings.control_salt, scope, subject_.visitor_id, percentage) ? 1 : 0;
  }
  return member != 0;
}

}  // namespace monitor
