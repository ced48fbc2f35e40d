// An account while its document is being read, and the ids by which the document's sections name one another. Part of
// ParseAccount: each section has its own account_*.cpp. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "domain/account/account.h"
#include "domain/account/account_reader.h"
#include "domain/account/library.h"

namespace monitor {

// The ids of one kind of entry, and the index of each.
class IdTable {
 public:
  // `kind` as it reads in an error: "schedule".
  explicit IdTable(std::string_view kind) : kind_(kind) {}

  // Reads an entry's `id`. An error if it is missing, malformed, or was declared before; then 0, or the id.
  std::int64_t Declare(const Node& entry, std::size_t index);

  // The index of the entry that the member names. nullopt if absent, or unknown (then with an error).
  std::optional<std::uint32_t> Resolve(const Node& node, std::string_view member) const;
  std::vector<std::uint32_t> ResolveAll(const Node& node, std::string_view member) const;

 private:
  std::optional<std::uint32_t> ResolveValue(const Node& reference) const;

  struct Declared {
    std::uint32_t index;
    std::string path;
  };
  std::string kind_;
  std::unordered_map<std::int64_t, Declared> declared_;
};

struct ScheduleDraft {
  std::optional<TimeZone> zone;  // absent: the campaign's
  std::vector<Shift> shifts;
};

struct AccountDraft {
  explicit AccountDraft(Account& into) : account(into) {}

  Account& account;
  Library library;

  IdTable skills{"skill"}, goals{"goal"}, locations{"onsite location"}, profiles{"visitor profile"},
      behaviors{"visitor behavior"}, schedules{"schedule"}, occasions{"special occasion"}, campaigns{"campaign"},
      engagements{"engagement"};
  std::set<std::string, std::less<>> app_ids;
  std::uint32_t visitor_errors = 0;       // conditions of that type so far
  std::set<std::int64_t> engagement_ids;  // known before behaviours, which may name them, are read

  std::vector<ScheduleDraft> schedule_drafts;
  std::vector<Occasion> occasion_drafts;
  // Campaigns with the same schedule, occasions and zone share one entry of library.hours.
  std::map<std::tuple<std::optional<std::uint32_t>, std::vector<std::uint32_t>, std::string>, std::uint32_t> hours;
};

// Each reads one section from the document's root. In this order: later ones resolve the ids of earlier ones.
void ReadSettings(const Node& root, AccountDraft& draft);
void ReadLocations(const Node& root, AccountDraft& draft);
void ReadSchedules(const Node& root, AccountDraft& draft);
void ReadProfiles(const Node& root, AccountDraft& draft);
void ReadBehaviors(const Node& root, AccountDraft& draft);
void ReadCampaigns(const Node& root, AccountDraft& draft);
void ReadAlerts(const Node& root, const AccountDraft& draft);  // checked only; alert.h

// The IANA zone that the member names. nullopt if absent, or unknown (then with an error).
std::optional<TimeZone> ReadZone(const Node& node, std::string_view member);
// The index in library.hours of a campaign's schedule and occasions; 0 if it has neither.
std::uint32_t ReadHours(const Node& campaign, AccountDraft& draft);
// An error if the member is absent or an empty list.
void RequireList(const Node& node, std::string_view member);
// nullopt, with an error, if the expression is none.
std::optional<Regex> ReadRegex(const Node& pattern);

}  // namespace monitor
