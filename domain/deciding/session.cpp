#include "domain/deciding/session.h"

#include "domain/deciding/repeat.h"

namespace monitor {
namespace {

// Where the text stands in the list.
std::size_t AddOnce(std::vector<std::string>& list, std::string_view text) {
  const auto found = std::ranges::find(list, text);
  const auto place = static_cast<std::size_t>(found - list.begin());
  if (found == list.end()) list.emplace_back(text);
  return place;
}

// The URL of a `ref://URL`; empty if it is none. Schemes compare without case.
std::string_view ReferrerIn(std::string_view entry_point) {
  constexpr std::string_view kScheme = "ref://";
  if (entry_point.size() < kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    char c = entry_point[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != kScheme[i]) return {};
  }
  return entry_point.substr(kScheme.size());
}

void TakeClientProperties(SessionState& state, const ClientProperties& properties) {
  if (properties.device_family) state.device_family = properties.device_family;
  if (!properties.referrer.empty()) AddOnce(state.referrers, properties.referrer);
}

std::size_t EnterPage(SessionState& state, const PageId& id, TimeMs now) {
  if (Page* known = state.FindPage(id)) return static_cast<std::size_t>(known - state.pages.data());
  state.pages.push_back({id, now, {}});
  return state.pages.size() - 1;
}

// Where a request of that page is.
std::size_t EnterView(SessionState& state, std::size_t page, const std::vector<std::string>& entry_points) {
  const bool first_of_page = state.views.empty() || state.views[state.pages[page].view].page != page;
  if (entry_points.empty() && !first_of_page) return state.pages[page].view;
  View view{page, FingerprintOf(entry_points), {}};
  // Backwards: a page mostly says again what it said last.
  const auto known = std::find_if(state.views.rbegin(), state.views.rend(), [&](const View& earlier) {
    return earlier.page == page && earlier.fingerprint == view.fingerprint;
  });
  if (known != state.views.rend()) return static_cast<std::size_t>(state.views.rend() - known) - 1;
  for (const std::string& point : entry_points) {
    const auto place = static_cast<std::uint32_t>(AddOnce(state.pages[page].entry_points, point));
    if (std::ranges::find(view.entry_points, place) == view.entry_points.end()) view.entry_points.push_back(place);
  }
  state.views.push_back(std::move(view));
  return state.views.size() - 1;
}

// What an activity's request says.
void TakeActivity(SessionState& state, const ActivityReported& event) {
  const TimeMs now = event.decided_at;
  if (state.activities == 0) state.created_at = now;
  ++state.activities;
  state.last_activity_at = now;
  state.newest_page = EnterPage(state, event.page_id, now);
  state.newest_page_sent = !event.page_generated;
  state.pages[state.newest_page].view = EnterView(state, state.newest_page, event.entry_points);
  for (const std::string& point : event.entry_points) {
    if (auto url = ReferrerIn(point); !url.empty()) AddOnce(state.referrers, url);
  }
  if (event.client_properties) TakeClientProperties(state, *event.client_properties);
  for (const Attribute& attribute : event.engagement_attributes) {
    FoldAttribute(state.attributes, attribute);
  }
  if (auto print = FingerprintOf(event)) Say(state.utterances, *print, now);
  if (event.engagement_request) {
    state.address_matches = event.address_matches;
    state.address_matches_version = event.account_version;
  }
}

// One event of a session's stream.
struct SessionFold {
  SessionState& state;
  const EventScope& scope;
  TimeMs time;

  void operator()(const SessionCreated& event) {
    state.id = scope.session;
    state.created_at = state.last_activity_at = time;  // until its activity tells when it was decided
    state.bot = event.bot;
    state.returning = event.returning;
    state.ip_address = event.ip_address;
    state.max_age_s = event.max_age_s;
    TakeClientProperties(state, event.client_properties);
    state.device_family = event.device_family;
  }

  void operator()(const ActivityReported& event) {
    TakeActivity(state, event);
    EndActivity(state, event);
  }

  void operator()(const ImpressionReported& event) {
    Say(state.utterances, FingerprintOf(event, state.newest_page_sent), state.last_activity_at);
    const std::int64_t engagement = event.entry.engagement_id;
    const bool proactive = event.entry.zone == Zone::kProactive;
    Offer* offer = state.FindOffer(event.context_id);
    switch (event.kind) {
      case ImpressionKind::kDisplay:
        state.displayed.insert(engagement);
        if (event.repeat) break;
        if (proactive) ++state.proactive_displays;
        if (offer) ++offer->displays;
        break;
      case ImpressionKind::kAccept:
        state.clicked.insert(engagement);
        if (offer && !event.repeat) ++offer->accepts;
        break;
      case ImpressionKind::kClose:
        state.closed_engagements.insert(engagement);
        if (proactive) state.proactive_declined = true;
        if (offer) offer->closed = true;
        break;
      case ImpressionKind::kExpanded:
      case ImpressionKind::kTimeout:
        break;
    }
  }

  void operator()(const ControlGroupAssigned& event) {
    EngagementKeys& withheld = event.scope == ControlScope::kAccount ? state.withheld_account : state.withheld_campaign;
    for (const Entry& entry : event.eligible) {
      withheld.insert({entry.campaign_id, entry.engagement_id});
      state.established.insert({entry.campaign_id, entry.engagement_id});
    }
  }

  void operator()(const EligibilityEstablished& event) {
    for (const Entry& entry : event.eligible) state.established.insert({entry.campaign_id, entry.engagement_id});
  }

  void operator()(const EngagementShown& event) {
    state.established.insert({event.entry.campaign_id, event.entry.engagement_id});
    state.last_context = std::max(state.last_context, event.context_id);
    Offer offer;
    offer.context_id = event.context_id;
    const Page* page = state.FindPage(event.page_id);
    const auto page_index = page ? static_cast<std::size_t>(page - state.pages.data()) : state.newest_page;
    offer.page_index = static_cast<std::uint32_t>(page_index);
    offer.pages_known = static_cast<std::uint32_t>(state.pages.size());
    offer.shown_at = state.last_activity_at;
    offer.offered = PlaceOf(
        {event.entry, scope.app_installation, event.skill_id, event.skill_name, event.window_id, event.connector_id});
    state.offers.push_back(offer);
  }

  std::uint32_t PlaceOf(Offered offered) {
    const auto known = std::ranges::find(state.offered, offered);
    const auto place = static_cast<std::uint32_t>(known - state.offered.begin());
    if (known == state.offered.end()) state.offered.push_back(std::move(offered));
    return place;
  }

  void operator()(const SessionClosed&) { state.closed = true; }

  // Other streams' events say nothing of a session.
  void operator()(const ConversationStarted&) {}
  void operator()(const ConversationEnded&) {}
  void operator()(const AccountConfigured&) {}
  void operator()(const SkillAvailabilityChanged&) {}
  void operator()(const AbandonScoreSet&) {}
  void operator()(const VisitorErased&) {}
  void operator()(const AccountRemoved&) {}
  void operator()(const AdminActionRecorded&) {}
};

template <class List>
void KeepNewest(List& list, std::size_t max_size) {
  if (list.size() > max_size) list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(max_size));
}

// What outlives a session. True if the state changed.
struct VisitorFold {
  VisitorState& state;
  const EventScope& scope;
  TimeMs time;

  bool operator()(const SessionCreated&) {
    ++state.sessions;
    state.newest_session = scope.session;
    return true;
  }

  bool operator()(const EngagementShown& event) {
    PlaceFor(event.entry) = {event.entry,        scope.session, event.context_id, scope.app_installation,
                             event.connector_id, ++state.offers};
    return true;
  }

  bool operator()(const ConversationStarted& event) {
    OwnStreamGrew();
    auto same_id = [&](const OpenConversation& open) { return open.id == event.conversation_id; };
    if (std::ranges::any_of(state.conversations, same_id)) return true;
    state.conversations.push_back({event.conversation_id, event.identity ? event.identity->hash : IdentityHash(),
                                   event.entry, event.session_id, event.context_id, event.connector_id, time,
                                   event.app_installation_id.value_or(AppInstallationId())});
    KeepNewest(state.conversations, kMaxOpenConversations);
    if (event.entry && event.session_id) {
      state.interactions.push_back({*event.session_id, event.entry->engagement_id});
      KeepNewest(state.interactions, kMaxInteractions);
    }
    return true;
  }

  bool operator()(const ConversationEnded& event) {
    OwnStreamGrew();
    std::erase_if(state.conversations, [&](const OpenConversation& open) { return open.id == event.conversation_id; });
    return true;
  }

  bool operator()(const AbandonScoreSet& event) {
    OwnStreamGrew();
    state.abandon_score = event.score;
    return true;
  }

  bool operator()(const VisitorErased&) {
    const std::uint64_t version = state.version + 1;
    state = VisitorState{};
    state.version = version;
    state.erased = true;
    state.seen_at = time;
    return true;
  }

  // So coarsely that a session's requests do not each write the visitor.
  bool operator()(const ActivityReported& event) {
    if (event.decided_at - state.seen_at < std::chrono::days(1)) return false;
    state.seen_at = event.decided_at;
    return true;
  }

  bool operator()(const ImpressionReported&) { return false; }
  bool operator()(const ControlGroupAssigned&) { return false; }
  bool operator()(const EligibilityEstablished&) { return false; }
  bool operator()(const SessionClosed&) { return false; }
  bool operator()(const AccountConfigured&) { return false; }
  bool operator()(const SkillAvailabilityChanged&) { return false; }
  bool operator()(const AccountRemoved&) { return false; }
  bool operator()(const AdminActionRecorded&) { return false; }

 private:
  // The engagement's own place, else a free one, else the oldest's.
  NewestOffer& PlaceFor(const Entry& entry) {
    auto& offers = state.newest_offers;
    auto own = std::ranges::find_if(offers, [&](const NewestOffer& offer) {
      return offer.entry.engagement_id == entry.engagement_id && offer.entry.campaign_id == entry.campaign_id;
    });
    if (own != offers.end()) return *own;
    if (offers.size() < kMaxNewestOffers) return offers.emplace_back();
    return *std::ranges::min_element(offers, {}, &NewestOffer::ordinal);
  }

  void OwnStreamGrew() {
    ++state.version;
    state.erased = false;
  }
};

}  // namespace

const Page* SessionState::FindPage(const PageId& page) const {
  // Backwards: most requests are about a page that was entered lately.
  auto found = std::find_if(pages.rbegin(), pages.rend(), [&](const Page& known) { return known.id == page; });
  return found == pages.rend() ? nullptr : &*found;
}

Page* SessionState::FindPage(const PageId& page) {
  return const_cast<Page*>(static_cast<const SessionState*>(this)->FindPage(page));
}

const Offer* SessionState::FindOffer(std::uint32_t context) const {
  auto found = std::find_if(offers.rbegin(), offers.rend(), [&](const Offer& o) { return o.context_id == context; });
  return found == offers.rend() ? nullptr : &*found;
}

Offer* SessionState::FindOffer(std::uint32_t context) {
  return const_cast<Offer*>(static_cast<const SessionState*>(this)->FindOffer(context));
}

const Offer* SessionState::NewestOffer(std::int64_t campaign, std::int64_t engagement) const {
  auto found = std::find_if(offers.rbegin(), offers.rend(), [&](const Offer& offer) {
    return EntryOf(offer).campaign_id == campaign && EntryOf(offer).engagement_id == engagement;
  });
  return found == offers.rend() ? nullptr : &*found;
}

const NewestOffer* VisitorState::FindNewestOffer(std::int64_t engagement, std::optional<std::int64_t> campaign) const {
  const NewestOffer* newest = nullptr;
  for (const NewestOffer& offer : newest_offers) {
    if (offer.entry.engagement_id != engagement || (campaign && offer.entry.campaign_id != *campaign)) continue;
    if (!newest || offer.ordinal > newest->ordinal) newest = &offer;
  }
  return newest;
}

void BeginActivity(SessionState& state, const ActivityReported& activity) {
  ++state.version;
  TakeActivity(state, activity);
}

void EndActivity(SessionState& state, const ActivityReported& activity) {
  for (std::uint32_t context : activity.withdrawn_contexts) {
    if (Offer* offer = state.FindOffer(context)) offer->withdrawn = true;
  }
}

void Evolve(SessionState& state, const Event& event, TimeMs time) {
  ++state.version;
  std::visit(SessionFold{state, event.scope, time}, event.data);
}

bool Evolve(VisitorState& state, const Event& event, TimeMs time) {
  return std::visit(VisitorFold{state, event.scope, time}, event.data);
}

}  // namespace monitor
