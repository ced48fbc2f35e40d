#include "domain/deciding/decide.h"

#include <algorithm>
#include <string>

#include "domain/deciding/eligibility.h"
#include "domain/deciding/goals.h"
#include "domain/deciding/offers.h"
#include "domain/deciding/repeat.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

// The one offer that the impression names; nullptr if there is none.
const Offer* OfferOf(const SentImpression& impression, const SessionState& session) {
  if (!impression.context_id) return session.NewestOffer(impression.campaign_id, impression.engagement_id);
  const auto context = ParseWholeAsPrinted<std::uint32_t>(*impression.context_id);
  const Offer* offer = context ? session.FindOffer(*context) : nullptr;
  const bool same = offer && session.EntryOf(*offer).campaign_id == impression.campaign_id &&
                    session.EntryOf(*offer).engagement_id == impression.engagement_id;
  return same ? offer : nullptr;
}

Refusal NoSuchOffer(const SentImpression& impression) {
  const std::string path = "engagementAttributes[" + std::to_string(impression.index) + "]";
  if (impression.context_id) {
    return {400, 5, path + ".eContext: with campaign and engId it names no offer of this session"};
  }
  return {400, 5, path + ".engId: with campaign it names no offer of this session"};
}

Entry EntryOf(const Campaign& campaign, const Engagement& engagement) {
  return {campaign.id, engagement.id, engagement.revision, engagement.zone, engagement.channel, engagement.language};
}

EngagementDetail DetailOf(const SessionState& session, const Offer& offer, const Engagement& engagement) {
  const Offered& offered = session.offered[offer.offered];
  return {offered.entry,    offer.context_id,   offered.connector_id,        offered.window_id,
          offered.skill_id, offered.skill_name, engagement.display_instances};
}

// One request decided: judges before it emits, and folds each event that it emits at once.
class RequestDecision {
 public:
  RequestDecision(const VisitRequest& request, TimeMs now, const VisitorContext& context)
      : request_(request),
        now_(now),
        account_state_(context.account),
        account_(*context.account.account),
        visitor_(context.visitor),
        session_(context.session),
        identity_conversations_(context.identity_conversations) {}

  Decision Decide() {
    const bool new_session = BeginSession();
    const std::uint64_t seed = HearActivity(new_session ? request_.fresh_session : session_.id);
    const std::size_t place = decision_.events.size();  // the activity's: before its impressions
    ReportImpressions();
    std::optional<JudgedOffers> judged;
    const bool asks = activity_.engagement_request;
    if (const OpenConversation* open = asks ? FindConversation() : nullptr) {
      decision_.conversation = *open;
      activity_.conversation_id = open->id;
    } else if (asks) {
      judged = Judge(seed);
      activity_.withdrawn_contexts = std::move(judged->withdrawn_contexts);
    }
    EndActivity(session_, activity_);
    const auto activity = decision_.events.insert(decision_.events.begin() + static_cast<std::ptrdiff_t>(place),
                                                  EventOf(std::move(activity_)));
    decision_.visitor_changed |= Evolve(visitor_, *activity, now_);
    if (judged) MakeOffers(*judged, seed);
    CloseAtCap();
    return std::move(decision_);
  }

  // Without a session the draw is an example, with the session id "".
  std::vector<Judgement> Explain() {
    const bool new_session = BeginSession();
    const JudgedOffers judged = Judge(HearActivity(new_session ? SessionId() : session_.id));
    const bool conversation = FindConversation() != nullptr;
    std::vector<Judgement> judgements;
    judgements.reserve(judged.engagements.size());
    for (const JudgedEngagement& one : judged.engagements) {
      judgements.push_back({account_.campaigns[one.campaign_index].id, one.engagement->id,
                            conversation ? Verdict::kRefused : one.verdict, one.reason});
    }
    return judgements;
  }

 private:
  Event EventOf(EventData data) const {
    return {{account_.id, request_.visitor, decision_.session, request_.app_installation}, std::move(data)};
  }
  void Emit(EventData data) {
    Event& event = decision_.events.emplace_back(EventOf(std::move(data)));
    Evolve(session_, event, now_);
    decision_.visitor_changed |= Evolve(visitor_, event, now_);
  }

  bool BeginSession();
  std::uint64_t HearActivity(const SessionId& draw_session);
  void ReportImpressions();
  const OpenConversation* FindConversation() const;
  void MakeOffers(const JudgedOffers& judged, std::uint64_t seed);
  JudgedOffers Judge(std::uint64_t seed);
  void AssignControlGroups(const JudgedOffers& judged);
  void AddWithheld(const JudgedEngagement& one, const EngagementKeys& before, ControlGroupAssigned& assigned) const;
  void EstablishEligibility(const JudgedOffers& judged);
  void Show(const JudgedEngagement& one, std::uint64_t seed);
  void CloseAtCap();

  PageId PageOfRequest() const;
  Entry EntryOfJudged(const JudgedEngagement& one) const {
    return EntryOf(account_.campaigns[one.campaign_index], *one.engagement);
  }

  const VisitRequest& request_;
  const TimeMs now_;
  const AccountState& account_state_;
  const Account& account_;
  VisitorState& visitor_;
  SessionState& session_;
  const std::span<const OpenConversation> identity_conversations_;
  RequestFacts facts_;
  ActivityReported activity_;  // emitted when it is complete: judged with, and told what became of its page's offers
  Decision decision_;
};

bool RequestDecision::BeginSession() {
  decision_.new_session = BeginsSession(request_, account_state_, session_, now_);
  if (!decision_.new_session) {
    decision_.session = session_.id;
    decision_.expected_version = session_.version;
    return false;
  }
  session_ = SessionState{};
  decision_.session = request_.fresh_session;
  SessionCreated created;
  if (request_.client_properties) created.client_properties = *request_.client_properties;
  created.device_family = created.client_properties.device_family;
  if (!created.device_family) created.device_family = DeviceFamilyOf(request_.user_agent);
  created.ip_address = request_.stored_address;
  created.user_agent = request_.user_agent;
  created.bot = account_.IsBot(request_.user_agent);
  created.returning = visitor_.sessions > 0;
  created.time_zone = account_.time_zone;
  created.currency = account_.currency;
  created.attribution = account_.settings.attribution;
  created.attribution_period_days = account_.settings.cross_session_period_days;
  created.max_age_s = account_.settings.max_age_s;
  Emit(std::move(created));
  return true;
}

// An engagement request without a page id is a new page view; a report without one belongs to the newest page.
PageId RequestDecision::PageOfRequest() const {
  if (request_.page) return *request_.page;
  if (request_.kind == VisitRequest::Kind::kReport && !session_.pages.empty()) {
    return session_.pages[session_.newest_page].id;
  }
  return request_.fresh_page;
}

// What the request says, before anything is judged. Returns the seed of its draws.
std::uint64_t RequestDecision::HearActivity(const SessionId& draw_session) {
  const bool engagement_request = request_.kind == VisitRequest::Kind::kEngagement;
  std::uint64_t seed = 0;
  if (engagement_request) {
    seed = DrawSeed(account_.id, request_.visitor, draw_session, session_.activities,
                    request_.draw_revision.value_or(account_.revision));
    activity_.address_matches =
        request_.address_matches ? *request_.address_matches : MatchAddress(account_, request_.address, request_.geo);
  }
  facts_ = {now_, request_.address, request_.geo, true, activity_.address_matches};
  decision_.page = activity_.page_id = PageOfRequest();
  activity_.page_generated = !request_.page;
  activity_.entry_points = request_.entry_points;
  activity_.engagement_attributes = request_.attributes;
  activity_.goals = GoalsOf(account_, request_.attributes);
  activity_.identities = request_.identities;
  activity_.client_properties = request_.client_properties;
  activity_.engagement_request = engagement_request;
  activity_.decided_at = now_;
  activity_.account_version = account_state_.version;
  activity_.rules = kDecisionRules;
  const auto print = FingerprintOf(activity_);
  activity_.repeat = print && WasSaid(session_.utterances, *print, now_);
  BeginActivity(session_, activity_);
  return seed;
}

void RequestDecision::ReportImpressions() {
  for (const SentImpression& impression : request_.impressions) {
    const Offer* offer = OfferOf(impression, session_);  // CheckImpressions found it
    ImpressionReported reported;
    reported.page_id = decision_.page;
    reported.kind = impression.kind;
    reported.context_id = offer->context_id;
    reported.entry = session_.EntryOf(*offer);
    reported.reported_revision = impression.revision;
    reported.context_sent = impression.context_id.has_value();
    reported.repeat = WasSaid(session_.utterances, FingerprintOf(reported, request_.page.has_value()), now_);
    Emit(std::move(reported));
  }
}

// An open conversation of this visitor, or of one of the request's authenticated identities; the newest. By the bare
// visitor id only one without an identity: who merely knows a vid must not learn of another (http-api.md section 3).
const OpenConversation* RequestDecision::FindConversation() const {
  const OpenConversation* newest = nullptr;
  auto consider = [&](const OpenConversation& open) {
    if (!newest || open.started_at >= newest->started_at) newest = &open;
  };
  for (const OpenConversation& open : visitor_.conversations) {
    const bool presented = std::ranges::any_of(request_.identities, [&](const Identity& identity) {
      return identity.authenticated() && identity.hash == open.identity;
    });
    if (open.identity.empty() || presented) consider(open);
  }
  for (const OpenConversation& open : identity_conversations_) consider(open);
  return newest;
}

void RequestDecision::MakeOffers(const JudgedOffers& judged, std::uint64_t seed) {
  decision_.zone_conflicts = judged.zone_conflicts;
  decision_.events.reserve(decision_.events.size() + judged.offered.size() + 4);
  decision_.details.reserve(judged.offered.size());
  AssignControlGroups(judged);
  EstablishEligibility(judged);
  for (std::size_t index : judged.offered) Show(judged.engagements[index], seed);
}

JudgedOffers RequestDecision::Judge(std::uint64_t seed) {
  return JudgeOffers({account_state_, session_, visitor_, request_.visitor, request_.app_installation, facts_}, seed);
}

// The account's group first, then the campaigns' in the document's order.
void RequestDecision::AssignControlGroups(const JudgedOffers& judged) {
  ControlGroupAssigned by_account{ControlScope::kAccount, 0, {}, account_.revision};
  std::vector<ControlGroupAssigned> by_campaign;
  for (const JudgedEngagement& one : judged.engagements) {
    if (one.reason == Reason::kControlAccount) AddWithheld(one, session_.withheld_account, by_account);
    if (one.reason != Reason::kControlCampaign) continue;
    const std::int64_t campaign = account_.campaigns[one.campaign_index].id;
    if (by_campaign.empty() || by_campaign.back().campaign_id != campaign) {
      by_campaign.push_back({ControlScope::kCampaign, campaign, {}, account_.revision});
    }
    AddWithheld(one, session_.withheld_campaign, by_campaign.back());
  }
  if (!by_account.eligible.empty()) Emit(std::move(by_account));
  for (ControlGroupAssigned& assigned : by_campaign) {
    if (!assigned.eligible.empty()) Emit(std::move(assigned));
  }
}

// Only what this scope has not withheld before in the session, so that it is counted once.
void RequestDecision::AddWithheld(const JudgedEngagement& one, const EngagementKeys& before,
                                  ControlGroupAssigned& assigned) const {
  if (before.contains({account_.campaigns[one.campaign_index].id, one.engagement->id})) return;
  assigned.eligible.push_back(EntryOfJudged(one));
}

void RequestDecision::EstablishEligibility(const JudgedOffers& judged) {
  std::vector<char>& known = session_.decision_memo.established;
  known.resize(judged.engagements.size());
  EligibilityEstablished established;
  for (std::size_t i = 0; i < judged.engagements.size(); ++i) {
    const JudgedEngagement& one = judged.engagements[i];
    if (one.verdict != Verdict::kOutdrawn || known[i]) continue;
    known[i] = true;  // if it is not, it will be
    if (session_.established.contains({account_.campaigns[one.campaign_index].id, one.engagement->id})) continue;
    established.eligible.push_back(EntryOfJudged(one));
  }
  if (!established.eligible.empty()) Emit(std::move(established));
}

void RequestDecision::Show(const JudgedEngagement& one, std::uint64_t seed) {
  const Engagement& engagement = *one.engagement;
  if (one.standing) {
    decision_.details.push_back(DetailOf(session_, session_.offers[*one.standing], engagement));
    return;
  }
  EngagementShown shown;
  shown.page_id = decision_.page;
  shown.context_id = session_.last_context + 1;
  shown.entry = EntryOfJudged(one);
  shown.skill_id = engagement.skill_id;
  shown.skill_name = engagement.skill_name;
  shown.window_id = engagement.window_id;
  shown.connector_id = engagement.connector_id;
  if (!shown.connector_id) {
    const AppInstallation* app = account_.FindApp(request_.app_installation);
    if (app) shown.connector_id = app->connector_id;
  }
  shown.seed = seed;
  shown.configuration_revision = account_.revision;
  Emit(std::move(shown));
  decision_.details.push_back(DetailOf(session_, session_.offers.back(), engagement));
}

// At the cap the session is closed and the visitor's next request begins a new one (http-api.md section 6).
void RequestDecision::CloseAtCap() {
  const auto cap = static_cast<std::uint64_t>(account_.settings.events_per_session);
  if (session_.version >= cap) Emit(SessionClosed{"event-cap"});
}

}  // namespace

bool IsLive(const SessionState& session, const Settings& settings, TimeMs now) {
  if (!session.exists() || session.closed) return false;
  return std::chrono::abs(now - session.last_activity_at) <= std::chrono::seconds(settings.idle_timeout_s) &&
         std::chrono::abs(now - session.created_at) <= std::chrono::seconds(session.max_age_s);
}

bool BeginsSession(const VisitRequest& request, const AccountState& account, const SessionState& session, TimeMs now) {
  if (request.begins_session) return *request.begins_session;
  return !request.session || *request.session != session.id || !IsLive(session, account.account->settings, now);
}

std::optional<Refusal> CheckImpressions(const VisitRequest& request, const AccountState& account,
                                        const SessionState& session, TimeMs now) {
  if (request.impressions.empty()) return std::nullopt;
  const bool new_session = BeginsSession(request, account, session, now);
  for (const SentImpression& impression : request.impressions) {
    if (new_session || !OfferOf(impression, session)) return NoSuchOffer(impression);
  }
  return std::nullopt;
}

std::expected<Decision, Refusal> DecideRequest(const VisitRequest& request, TimeMs now, VisitorContext context) {
  if (auto refusal = CheckImpressions(request, context.account, context.session, now)) {
    return std::unexpected(*std::move(refusal));
  }
  return RequestDecision(request, now, context).Decide();
}

std::vector<Judgement> Explain(const VisitRequest& request, TimeMs now, const AccountState& account,
                               VisitorState visitor, SessionState session,
                               std::span<const OpenConversation> identity_conversations) {
  VisitRequest engagement_request = request;
  engagement_request.kind = VisitRequest::Kind::kEngagement;
  engagement_request.impressions.clear();
  return RequestDecision(engagement_request, now, {account, visitor, session, identity_conversations}).Explain();
}

std::string_view ToText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOffered:
      return "offered";
    case Verdict::kOutdrawn:
      return "outdrawn";
    case Verdict::kRefused:
      return "refused";
  }
  return "";
}

std::string_view ToText(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "";
    case Reason::kUnpublished:
      return "unpublished";
    case Reason::kNotStarted:
      return "not-started";
    case Reason::kExpired:
      return "expired";
    case Reason::kOutsideHours:
      return "outside-hours";
    case Reason::kProfile:
      return "profile";
    case Reason::kDisabled:
      return "disabled";
    case Reason::kApp:
      return "app";
    case Reason::kLocation:
      return "location";
    case Reason::kBehavior:
      return "behavior";
    case Reason::kUnavailable:
      return "unavailable";
    case Reason::kClosed:
      return "closed";
    case Reason::kProactiveCap:
      return "proactive-cap";
    case Reason::kDeclined:
      return "declined";
    case Reason::kZoneTaken:
      return "zone-taken";
    case Reason::kControlAccount:
      return "control-account";
    case Reason::kControlCampaign:
      return "control-campaign";
  }
  return "";
}

}  // namespace monitor
