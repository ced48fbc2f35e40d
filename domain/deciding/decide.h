// The decisions. Pure: time and ids arrive in the command, events leave; no I/O, clock or thread.
//
// A request is decided on its visitor's state, which it holds alone (docs/decisions/visitor-lease.md).
// DecideRequest folds every event it emits into that state at once, so that later rules see earlier facts; who owns the
// visitor forgets what is not committed.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/account/account.h"
#include "domain/deciding/conditions.h"
#include "domain/deciding/session.h"
#include "domain/events/event.h"

namespace monitor {

// Which rules requests are decided by (ActivityReported::rules); one more whenever the same request on the same state
// may be decided otherwise than before. 2: URLs are compared as people read them, and bots are known by the shipped
// list. 3: `contains` may begin in a host with letters of its language.
constexpr int kDecisionRules = 3;

struct SentImpression {
  ImpressionKind kind;
  std::int64_t campaign_id;
  std::int64_t engagement_id;
  std::optional<std::int64_t> revision;
  std::optional<std::string> context_id;  // of the first engagementContext, as sent
  std::uint32_t index = 0;                // in engagementAttributes, for the error's path
};

// A validated engagement or report request.
struct VisitRequest {
  enum class Kind : std::uint8_t { kEngagement, kReport };

  Kind kind;
  AppInstallationId app_installation;
  VisitorId visitor;                 // the given one, else a fresh one
  std::optional<SessionId> session;  // as given, well-formed
  SessionId fresh_session;           // taken if a new session begins
  PageId fresh_page;                 // taken if a page id must be generated
  std::optional<PageId> page;
  std::vector<Identity> identities;  // consumerId among them
  std::optional<ClientProperties> client_properties;
  std::vector<std::string> entry_points;
  std::vector<Attribute> attributes;  // impressions left out
  std::vector<SentImpression> impressions;
  std::string user_agent;
  std::string address;         // full; empty if unknown
  std::string stored_address;  // as it may be stored
  GeoFacts geo;
  // Replay: the recorded ActivityReported::address_matches, taken instead of judging `address` and `geo`.
  std::optional<std::vector<std::uint16_t>> address_matches;
  // What-if: drawn as under this revision, so that only what the changed document says makes a difference.
  std::optional<Revision> draw_revision;
  // What-if: a session began with it as it was recorded, whatever the changed document says of timeouts and caps.
  std::optional<bool> begins_session;
};

// One entry of engagementDetails.
struct EngagementDetail {
  Entry entry;
  std::uint32_t context_id;
  std::optional<std::int64_t> connector_id;
  std::string window_id;
  std::optional<std::int64_t> skill_id;
  std::string skill_name;
  std::string display_instances;
};

struct Decision {
  bool new_session = false;  // 201
  SessionId session;
  PageId page;
  // Session events in order, and the stream version before them. All belong to one session's stream.
  std::vector<Event> events;
  std::uint64_t expected_version = 0;
  bool visitor_changed = false;  // its snapshot must be written with the events
  std::vector<EngagementDetail> details;
  std::optional<OpenConversation> conversation;  // then there are no details
  std::uint32_t zone_conflicts = 0;  // zones for which more than one candidate competed (interfaces.md, what-if)
};

struct Refusal {
  int status;         // 400
  int internal_code;  // 5
  std::string message;
};

// The visitor's state and the requested session's (not existing if none was given or found). After a new session began,
// `session` is the new one's.
struct VisitorContext {
  const AccountState& account;
  VisitorState& visitor;
  SessionState& session;
  // Open conversations of the request's authenticated identities, whoever's they are.
  std::span<const OpenConversation> identity_conversations;
};

// The session takes requests at `now`: not closed, its last request at most idleTimeout ago (inclusive), its beginning
// at most its own maxAge, nor further ahead: what a clock that ran ahead recorded does not live until that time comes.
bool IsLive(const SessionState& session, const Settings& settings, TimeMs now);

// Would the request begin a new session at `now`? (For caps, which are judged before DecideRequest.)
bool BeginsSession(const VisitRequest& request, const AccountState& account, const SessionState& session, TimeMs now);

// The first impression that names no one offer of the session that the request goes on with; a new session has none.
// DecideRequest asks this itself; callers with caps ask before judging those (http-api.md section 1, order of errors).
std::optional<Refusal> CheckImpressions(const VisitRequest& request, const AccountState& account,
                                        const SessionState& session, TimeMs now);

// Impressions are checked first; a refusal has changed nothing. The request's visitor and, if a session begins,
// fresh_session must not be empty, fresh_page neither.
std::expected<Decision, Refusal> DecideRequest(const VisitRequest& request, TimeMs now, VisitorContext context);

enum class Verdict : std::uint8_t { kOffered, kOutdrawn, kRefused };
enum class Reason : std::uint8_t {
  kNone,
  kUnpublished,
  kNotStarted,
  kExpired,
  kOutsideHours,
  kProfile,
  kDisabled,
  kApp,
  kLocation,
  kBehavior,
  kUnavailable,
  kClosed,
  kProactiveCap,
  kDeclined,
  kZoneTaken,
  kControlAccount,
  kControlCampaign
};
std::string_view ToText(Verdict verdict);
std::string_view ToText(Reason reason);

struct Judgement {
  std::int64_t campaign_id;
  std::int64_t engagement_id;
  Verdict verdict;
  Reason reason = Reason::kNone;
};

// What the engagement request would be answered, for every engagement in the document's order; the decision itself,
// made on copies of the state. For a live session it is exactly what its next such request gets; without one (none
// named, or expired) it is an example drawn with sessionId "", without a visitor with visitorId "" (campaigns.md
// section 5). While a conversation is open nothing is offered: what the rules would let in is kRefused with kNone.
std::vector<Judgement> Explain(const VisitRequest& request, TimeMs now, const AccountState& account,
                               VisitorState visitor, SessionState session,
                               std::span<const OpenConversation> identity_conversations);

// The seed of a request's draws (campaigns.md section 4).
std::uint64_t DrawSeed(const AccountId& account, const VisitorId& visitor, const SessionId& session,
                       std::uint32_t earlier_activities, const Revision& revision);

// hash(salt, scope, visitorId) / 2^64 < percentage / 100, scope "account" or the campaign's id.
bool InControlGroup(std::string_view salt, std::string_view scope, const VisitorId& visitor, double percentage);

}  // namespace monitor
