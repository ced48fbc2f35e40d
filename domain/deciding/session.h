// What is known of a visitor and a session: nothing but folds over their events (events.md section 1).
//
// Evolve is total and silent: it never refuses an event that was once committed. Rules live in decide.h. Not
// thread-safe: a visitor's states have one owner at a time (docs/decisions/visitor-lease.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/deciding/attribute_state.h"
#include "domain/events/event.h"

namespace monitor {

struct Page {
  PageId id;
  TimeMs first_seen;                      // the decided_at of its first request
  std::vector<std::string> entry_points;  // of its requests, without doubles, in order; those not yet forgotten
  std::size_t view = 0;                   // where it is, by what it said last: index in SessionState::views

  bool operator==(const Page&) const = default;
};

// What a request says of where it is. Requests of one page that say the same share a view; one that says nothing has
// its page's newest.
struct View {
  std::size_t page = 0;                     // index in SessionState::pages
  std::uint32_t fingerprint = 0;            // of the entry points as sent; 0: none
  std::vector<std::uint32_t> entry_points;  // indexes in the page's, as sent, without doubles; empty once forgotten

  bool operator==(const View&) const = default;
};

// What was offered, as it was configured then. All offers of it share one.
struct Offered {
  Entry entry;
  AppInstallationId app_installation;  // whose request was answered
  std::optional<std::int64_t> skill_id;
  std::string skill_name;
  std::string window_id;
  std::optional<std::int64_t> connector_id;

  bool operator==(const Offered&) const = default;
};

// An engagement-shown of this session and what became of it.
struct Offer {
  std::uint32_t context_id = 0;
  std::uint32_t offered = 0;      // index in SessionState::offered
  std::uint32_t page_index = 0;   // in SessionState::pages
  std::uint32_t pages_known = 0;  // pages.size() at the time of the offer: pages from here on were first seen after it
  TimeMs shown_at;                // the decided_at of its request
  std::uint32_t displays = 0;     // repeats excluded, as all counts here
  std::uint32_t accepts = 0;
  bool closed = false;
  bool withdrawn = false;  // stands no more: its page asked again and a rule refused it (campaigns.md section 3)

  bool operator==(const Offer&) const = default;
};

// A set of (campaign, engagement), sorted and flat.
class EngagementKeys {
 public:
  using Key = std::pair<std::int64_t, std::int64_t>;
  using value_type = Key;
  using const_iterator = std::vector<Key>::const_iterator;

  EngagementKeys() = default;
  // In any order, with doubles.
  explicit EngagementKeys(std::vector<Key> keys) : keys_(std::move(keys)) {
    if (!std::ranges::is_sorted(keys_)) std::ranges::sort(keys_);
    keys_.erase(std::ranges::unique(keys_).begin(), keys_.end());
  }

  bool contains(const Key& key) const { return std::ranges::binary_search(keys_, key); }
  void insert(const Key& key) {
    auto place = std::ranges::lower_bound(keys_, key);
    if (place == keys_.end() || *place != key) keys_.insert(place, key);
  }
  std::size_t size() const { return keys_.size(); }
  bool empty() const { return keys_.empty(); }
  const_iterator begin() const { return keys_.begin(); }
  const_iterator end() const { return keys_.end(); }

  bool operator==(const EngagementKeys&) const = default;

 private:
  std::vector<Key> keys_;
};

// Something said before, for `repeat` (events.md section 2).
struct Utterance {
  std::uint64_t fingerprint;
  TimeMs said_at;  // the newest time it was said

  bool operator==(const Utterance&) const = default;
};

struct SessionState {
  SessionId id;               // empty: there is no such session
  std::uint64_t version = 0;  // of its stream = number of its events
  TimeMs created_at, last_activity_at;
  bool closed = false;

  // From session-created.
  bool bot = false;
  bool returning = false;
  std::optional<DeviceFamily> device_family;  // the newest sent, else from the user agent
  std::string ip_address;                     // as stored
  std::int64_t max_age_s = 0;

  // ActivityReported::address_matches of the newest engagement request, and the account_version that numbers them.
  std::vector<std::uint16_t> address_matches;
  std::uint64_t address_matches_version = 0;

  std::uint32_t activities = 0;  // requests that appended activity-reported: part of the draw's seed
  std::uint32_t last_context = 0;
  std::vector<Page> pages;        // by first appearance
  std::size_t newest_page = 0;    // index of the page of the newest request; meaningless while pages is empty
  std::vector<View> views;        // by first appearance
  bool newest_page_sent = false;  // the newest request named its page itself
  // The URL of each ref://URL, and clientProperties.referrer, of any request; those not yet forgotten.
  std::vector<std::string> referrers;
  std::vector<Offered> offered;     // by first offer
  std::vector<Offer> offers;        // by context id
  EngagementKeys established;       // ever eligible: shown, withheld or established
  EngagementKeys withheld_account;  // by the account's control group
  EngagementKeys withheld_campaign;
  std::set<std::int64_t> displayed, clicked, closed_engagements;  // engagement ids
  std::uint32_t proactive_displays = 0;
  bool proactive_declined = false;
  AttributeState attributes;
  std::vector<Utterance> utterances;  // within kRepeatWindow of the newest request

  // Texts that are only compared were forgotten (session_texts.h): what they matched is known by location_memo's
  // text revision alone.
  bool texts_forgotten = false;

  // Derived from views, referrers and the matchers of one text revision (Library) by location_memo.h; begun anew when
  // that changes. Bit sets: a bit a location (a row a view or a page), or a referral condition.
  struct LocationMemo {
    Revision text_revision;
    std::size_t views_seen = 0;
    std::vector<std::uint64_t> views;    // rows of views
    std::vector<std::uint64_t> pages;    // rows of pages: matched by any view of the page
    std::vector<std::uint64_t> visited;  // matched by any page
    std::size_t referrers_seen = 0;
    std::vector<std::uint64_t> referrals;

    bool operator==(const LocationMemo&) const = default;
  } location_memo;

  // What decisions under one revision found out and can not change; begun anew when the revision changes.
  struct DecisionMemo {
    Revision revision;
    // Of control groups: [0] the account's, [1 + i] the i-th campaign's; -1 not asked. It may be longer.
    std::vector<std::int8_t> member;
    std::vector<char> established;  // by engagement in the document's order: true only if `established` has it
  } decision_memo;

  bool exists() const { return !id.empty(); }
  Page* FindPage(const PageId& id);
  const Page* FindPage(const PageId& id) const;
  Offer* FindOffer(std::uint32_t context_id);
  const Offer* FindOffer(std::uint32_t context_id) const;
  const Entry& EntryOf(const Offer& offer) const { return offered[offer.offered].entry; }
  // The latest context of that engagement; nullptr if it was never offered.
  const Offer* NewestOffer(std::int64_t campaign_id, std::int64_t engagement_id) const;
};

constexpr std::chrono::milliseconds kRepeatWindow{150'000};  // events.md section 2

struct OpenConversation {
  ConversationId id;
  IdentityHash identity;  // empty: it has none
  std::optional<Entry> entry;
  std::optional<SessionId> session;
  std::optional<std::uint32_t> context_id;
  std::optional<std::int64_t> connector_id;
  TimeMs started_at;
  AppInstallationId app_installation;  // empty: not known

  bool operator==(const OpenConversation&) const = default;
};

// Where an engagement was last offered to the visitor: completes conversation starts that name no context.
struct NewestOffer {
  Entry entry;
  SessionId session;
  std::uint32_t context_id;
  AppInstallationId app_installation;
  std::optional<std::int64_t> connector_id;
  std::uint64_t ordinal = 0;  // of all the visitor's offers; the greatest is the newest

  bool operator==(const NewestOffer&) const = default;
};

constexpr std::size_t kMaxOpenConversations = 64;  // beyond it the oldest is taken for ended
constexpr std::size_t kMaxInteractions = 64;
constexpr std::size_t kMaxNewestOffers = 32;

// What outlives a session. Kept as a snapshot that is written in the same batch as the events that change it.
struct VisitorState {
  std::uint64_t version = 0;   // of the visitor's own stream
  std::uint64_t sessions = 0;  // ever created
  SessionId newest_session;
  std::vector<OpenConversation> conversations;  // open ones of this visitor, oldest first
  // Conversations that were started from an engagement; the newest kMaxInteractions, oldest first.
  struct Interaction {
    SessionId session;
    std::int64_t engagement_id;

    bool operator==(const Interaction&) const = default;
  };
  std::vector<Interaction> interactions;
  std::vector<NewestOffer> newest_offers;  // one an engagement; at most kMaxNewestOffers, the oldest goes first
  std::uint64_t offers = 0;                // ever made
  std::optional<Decimal> abandon_score;
  bool erased = false;  // the newest event of the visitor's stream is visitor-erased
  // When it was seen last, to a day: no request came later than a day after. The epoch: not since this is kept.
  TimeMs seen_at{};

  // The newest offer of that engagement, of that campaign if one is given; nullptr if it is not (or no more) known.
  const NewestOffer* FindNewestOffer(std::int64_t engagement_id, std::optional<std::int64_t> campaign_id) const;

  bool operator==(const VisitorState&) const = default;
};

// Folds one event of the session's stream. `time` is the event's own; decisions were made at decided_at.
void Evolve(SessionState& state, const Event& event, TimeMs time);
// An activity's fold in its two steps, for the decision that makes it: what its request says, which offers are judged
// by; and, when they are judged and the event is complete, which of them stand no more.
void BeginActivity(SessionState& state, const ActivityReported& activity);
void EndActivity(SessionState& state, const ActivityReported& activity);
// Folds one event of the visitor's stream or of one of its sessions' streams. True if the state changed.
bool Evolve(VisitorState& state, const Event& event, TimeMs time);

}  // namespace monitor
