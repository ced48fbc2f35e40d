// One account's configuration: the document of campaigns.md section 1, validated and compiled for deciding.
//
// Immutable once parsed and shared by all threads; a new document is a new Account. Everything that costs (regular
// expressions, time zones, reference look-ups, case folding) is paid in ParseAccount, nothing of it per request.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/decimal.h"
#include "domain/values/names.h"
#include "domain/values/timestamp.h"
#include "domain/values/vocabulary.h"

namespace monitor {

// Compiled library entries: onsite locations, profiles, behaviours, schedules, occasions (conditions.h reads them).
struct Library;

struct AppInstallation {
  AppInstallationId id;
  std::string name;
  bool enabled = true;
  std::optional<std::int64_t> connector_id;
};

struct Skill {
  std::int64_t id;
  std::string name;
};

struct Goal {
  std::int64_t id;
  std::string name;
  GoalType type;
  std::vector<std::int64_t> service_statuses = {0};
};

struct RateLimit {
  double per_second;
  double burst;
};

// What a session remembers of each event stays bounded in all.
constexpr std::int64_t kMaxEventsPerSession = 10'000;

struct Settings {
  double control_percentage = 5;  // 0–25
  std::string control_salt;       // the accountId by default
  std::optional<int> max_displays_per_session;
  bool invite_content_after_decline = true;
  bool invite_conversation_after_decline = false;
  std::array<double, 3> priority_shares = {70, 20, 10};  // high, medium, low
  int cross_session_period_days = 0;
  Attribution attribution = Attribution::kLast;
  std::int64_t idle_timeout_s = 1'800;
  std::int64_t max_age_s = 21'600;
  std::optional<RateLimit> new_sessions = RateLimit{200, 1'000};
  std::optional<RateLimit> new_sessions_per_address = RateLimit{100, 500};
  std::int64_t events_per_session = 1'000;  // at most kMaxEventsPerSession
  std::vector<std::string> api_token_sha256;  // lower-case hex
  bool keep_full_address = false;
};

struct Engagement {
  std::int64_t id;
  std::int64_t revision = 1;
  std::string name;
  bool enabled = true;
  Channel channel;
  EngagementType type;
  Zone zone;
  std::vector<AppInstallationId> app_installations;  // empty = all
  std::string language = "en-US";
  std::vector<std::uint32_t> locations;  // indexes into the library; empty = everywhere
  std::vector<std::uint32_t> behaviors;
  std::optional<std::int64_t> skill_id;
  std::string skill_name;
  std::string window_id;
  std::optional<std::int64_t> connector_id;
  AvailabilityPolicy availability = AvailabilityPolicy::kOnline;
  double weight = 1;
  int follow_me_pages = 0;
  std::int64_t follow_me_time_s = 0;
  std::string display_instances;  // JSON, handed through; empty if absent
};

struct Campaign {
  std::int64_t id;
  std::string name;
  bool published = true;
  Priority priority = Priority::kMedium;
  std::optional<TimeMs> start;
  std::optional<TimeMs> expiration;
  std::uint32_t hours = 0;  // index into the library's compiled hours (schedule + occasions + zone); 0 = always open
  std::optional<std::uint32_t> goal;  // index into Account::goals
  double control_percentage = 10;
  std::vector<std::uint32_t> profiles;  // indexes into the library; empty = everybody
  std::vector<Engagement> engagements;
};

struct DocumentError {
  std::string path;  // "campaigns[0].engagements[1].zone"
  std::string message;
};

class Account {
 public:
  Account();
  ~Account();
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  AccountId id;
  std::string name;
  bool enabled = true;            // false: suspended, unknown to visitors
  std::string time_zone = "UTC";  // IANA
  std::string currency = "USD";
  Revision revision;
  std::string document;  // the bytes as given
  std::vector<AppInstallation> app_installations;
  std::vector<Skill> skills;
  Settings settings;
  std::vector<Goal> goals;
  std::vector<Campaign> campaigns;  // in the document's order
  std::unique_ptr<const Library> library;

  const AppInstallation* FindApp(const AppInstallationId& id) const;
  const Skill* FindSkill(std::int64_t id) const;
  // By settings.botPatterns.
  bool IsBot(std::string_view user_agent) const;
};

// It travels whole in one event, as a string: escaped at most twice as long, and Kafka's largest message is 8 MiB
// (kafka/producer.h).
constexpr std::size_t kMaxDocumentBytes = 4'000'000;

// The whole document is checked; all errors are returned with their places, in the document's order.
std::expected<std::shared_ptr<const Account>, std::vector<DocumentError>> ParseAccount(std::string document);

// An account's state in force: the document, and what was told since. Published as one immutable value.
struct AccountState {
  std::shared_ptr<const Account> account;     // shared: requests in flight keep the document they began with
  std::map<std::int64_t, SkillState> skills;  // told states; absent = online
  std::uint64_t version = 0;                  // of the account's stream

  SkillState StateOfSkill(std::int64_t id) const;
};

}  // namespace monitor
