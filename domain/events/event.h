// The events: everything that ever happens, as plain data (events.md section 2). State is a fold over these.
//
// In memory every field is in clear; event_codec.h seals the personal ones on the way to the log and opens them on the
// way back. Names here are the names in `data`, in snake_case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/values/decimal.h"
#include "domain/values/names.h"
#include "domain/values/timestamp.h"
#include "domain/values/vocabulary.h"

namespace monitor {

// An engagement attribute as validated: `json` is the whole object, `type` included, numbers normalised (amounts as
// decimal strings, integers as JSON integers, aliases under their main name), unknown fields kept as sent.
struct Attribute {
  AttributeType type;
  std::string json;
};

// `{iss?, sub, acr}` of a request; consumerId is one with acr "loa1" and no iss. `hash` is of (iss, sub).
struct Identity {
  std::string iss;
  std::string sub;
  std::string acr;
  IdentityHash hash;

  bool authenticated() const { return acr == "loa1"; }
};

// `clientProperties` as sent, `json` the whole object ("{}" if none was sent), aliases under their main name.
// `json` keeps the address as sent; the codec truncates it unless the account keeps full addresses.
struct ClientProperties {
  std::optional<DeviceFamily> device_family;
  std::string referrer;
  std::string json = "{}";
};

// The six fields that name an engagement in an event; *its entry* of events.md section 2.
struct Entry {
  std::int64_t campaign_id = 0;
  std::int64_t engagement_id = 0;
  std::int64_t engagement_revision = 1;
  Zone zone = Zone::kEmbedded;
  Channel channel = Channel::kMessaging;
  std::string language;

  bool operator==(const Entry&) const = default;
};

struct SessionCreated {
  ClientProperties client_properties;
  std::optional<DeviceFamily> device_family;  // as sent, else from the user agent
  std::string ip_address;                     // as it may be stored; empty if unknown
  std::string user_agent;
  bool bot = false;
  bool returning = false;
  std::string time_zone;
  std::string currency;
  Attribution attribution = Attribution::kLast;
  int attribution_period_days = 0;
  std::int64_t max_age_s = 21'600;
};

struct GoalReached {
  std::int64_t campaign_id;
  std::int64_t goal_id;
  GoalType type;
  std::uint32_t attribute;  // index in the same event's engagement_attributes
  std::optional<std::string> key;
  std::optional<Decimal> value;
  std::string currency;  // empty if the client sent none
};

struct ActivityReported {
  PageId page_id;
  bool page_generated = false;            // the client sent none
  std::vector<std::string> entry_points;  // as sent; the codec cuts and seals
  std::vector<Attribute> engagement_attributes;
  std::vector<GoalReached> goals;
  std::vector<Identity> identities;  // consumerId among them
  std::optional<ClientProperties> client_properties;
  bool repeat = false;
  bool engagement_request = false;  // `request`: "engagement" or "report"; a seedable decision was made iff the former
  TimeMs decided_at;                // the `now` of the decision; the event's own time may be some ms later
  std::uint64_t account_version = 0;  // of the account's stream: which document and skill states were in force
  std::optional<ConversationId> conversation_id;  // the open conversation that was answered instead of offers
  // The account's address conditions (ipRange, geo; numbered per revision) that held for the full address, which is
  // not stored. Needed to replay the decision.
  std::vector<std::uint16_t> address_matches;
  // Contexts of offers that stood on this page and were refused when it asked again: they stand no more, though the
  // rules may let the engagement in again later (campaigns.md section 3). `withdrawnContexts`, absent if empty.
  std::vector<std::uint32_t> withdrawn_contexts;
  int rules = 1;  // version of the decision's rules (kDecisionRules); 1 is left out
};

struct ImpressionReported {
  PageId page_id;
  ImpressionKind kind;
  std::uint32_t context_id;
  Entry entry;  // the offer's
  std::optional<std::int64_t> reported_revision;
  bool repeat = false;
  bool context_sent = true;  // false: the client named none and the latest was meant (repeats are compared as sent);
                             // `contextSent`, written only if false
};

enum class ControlScope : std::uint8_t { kAccount, kCampaign };

struct ControlGroupAssigned {
  ControlScope scope;
  std::int64_t campaign_id = 0;  // of the campaign scope
  std::vector<Entry> eligible;
  Revision configuration_revision;
};

struct EligibilityEstablished {
  std::vector<Entry> eligible;
};

struct EngagementShown {
  PageId page_id;
  std::uint32_t context_id;
  Entry entry;
  std::optional<std::int64_t> skill_id;
  std::string skill_name;
  std::string window_id;
  std::optional<std::int64_t> connector_id;
  std::uint64_t seed;  // written as 16 lower-case hex digits
  Revision configuration_revision;
};

struct ConversationStarted {
  ConversationId conversation_id;
  std::optional<Identity> identity;
  std::optional<Entry> entry;  // none: it is no interaction
  std::optional<SessionId> session_id;
  std::optional<std::uint32_t> context_id;
  std::optional<AppInstallationId> app_installation_id;
  std::optional<std::int64_t> connector_id;
};

struct ConversationEnded {
  ConversationId conversation_id;
  std::optional<IdentityHash> identity_hash;
  std::optional<Entry> entry;
  std::optional<SessionId> session_id;
  std::optional<std::uint32_t> context_id;
  std::optional<AppInstallationId> app_installation_id;  // as the start told it
  std::optional<std::int64_t> connector_id;
};

struct SessionClosed {
  std::string reason;  // "event-cap" or "erased"
};

struct AccountConfigured {
  Revision revision;
  std::string document;
  std::string by;
};

struct SkillAvailabilityChanged {
  std::int64_t skill_id;
  SkillState state;
};

struct AbandonScoreSet {
  Decimal score;
};

struct VisitorErased {};

// The account ended: nothing of it is in force until it is configured anew.
struct AccountRemoved {};

// What was done, or shown, through the admin API. Of the node itself: no account. Nothing personal.
struct AdminActionRecorded {
  std::string by;       // the token's name
  std::string action;   // "erase-visitor"
  std::string target;   // "visitors/5e0f"; "" if the action names all
  std::string outcome;  // "done", "unacknowledged"
};

using EventData =
    std::variant<SessionCreated, ActivityReported, ImpressionReported, ControlGroupAssigned, EligibilityEstablished,
                 EngagementShown, ConversationStarted, ConversationEnded, SessionClosed, AccountConfigured,
                 SkillAvailabilityChanged, AbandonScoreSet, VisitorErased, AccountRemoved, AdminActionRecorded>;

// Which stream an event belongs to. A visitor event has no session, an account event neither visitor nor session, the
// node's own no account either.
struct EventScope {
  AccountId account;
  VisitorId visitor;
  SessionId session;
  AppInstallationId app_installation;

  StreamName stream() const;
};

struct Event {
  EventScope scope;
  EventData data;
};

// "session-created" and so on; on the topic `monitor.` stands before it.
std::string_view TypeName(const EventData& data);

}  // namespace monitor
