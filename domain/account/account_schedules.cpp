// `schedules` and `specialOccasions` of an account document, and what its campaigns make of them (campaigns.md 2).
#include <string>
#include <utility>

#include "domain/account/account_draft.h"

namespace monitor {
namespace {

std::uint8_t ReadDays(const Node& shift) {
  if (!shift.Has("days")) return kEveryDay;
  std::uint8_t days = 0;
  shift.Each("days", [&](const Node& day) {
    if (auto bit = day.AsOneOf(&ParseWeekday, "one of MON, TUE, WED, THU, FRI, SAT and SUN")) days |= *bit;
  });
  return days;
}

std::vector<Shift> ReadShifts(const Node& node) {
  std::vector<Shift> shifts;
  constexpr std::string_view kTimes = "a time of day from \"00:00\" to \"24:00\"";
  node.Each("shifts", [&](const Node& shift) {
    if (!shift.IsObject()) return;
    std::uint8_t days = ReadDays(shift);
    auto from = shift.Require("from").OneOf("from", &ParseWallTime, kTimes);
    auto to = shift.Require("to").OneOf("to", &ParseWallTime, kTimes);
    if (!from || !to) return;
    if (*from >= *to) shift.ErrorAt("to", "must be later than from; write a shift over midnight as two");
    shifts.push_back({days, *from, *to});
  });
  return shifts;
}

Occasion ReadOccasion(const Node& node) {
  Occasion occasion{};
  auto from = node.Require("from").Instant("from");
  auto to = node.Require("to").Instant("to");
  if (from && to) {
    if (*from >= *to) node.ErrorAt("to", "must be after from");
    occasion.from = *from;
    occasion.to = *to;
  }
  occasion.shifts = ReadShifts(node);
  return occasion;
}

// The schedule's own zone, else the campaign's, else the account's.
Hours Compile(const std::optional<std::uint32_t>& schedule, const std::vector<std::uint32_t>& occasions,
              const std::optional<TimeZone>& campaign_zone, const AccountDraft& draft) {
  Hours hours;
  hours.zone = campaign_zone.value_or(draft.library.zone);
  if (schedule) {
    const ScheduleDraft& weekly = draft.schedule_drafts[*schedule];
    hours.zone = weekly.zone.value_or(hours.zone);
    hours.weekly = weekly.shifts;
  }
  for (std::uint32_t occasion : occasions) hours.occasions.push_back(draft.occasion_drafts[occasion]);
  return hours;
}

}  // namespace

std::optional<TimeZone> ReadZone(const Node& node, std::string_view member) {
  auto name = node.Text(member);
  if (!name) return std::nullopt;
  auto zone = TimeZone::Find(*name);
  if (!zone) {
    node.ErrorAt(member, "is no time zone of the IANA database, such as Europe/Berlin");
    return std::nullopt;
  }
  zone->PeriodAt(TimeMs{});  // the library reads a zone's file when it is first asked: now, not in a request
  return zone;
}

void ReadSchedules(const Node& root, AccountDraft& draft) {
  root.Each("schedules", [&](const Node& node) {
    if (!node.IsObject()) return;
    draft.schedules.Declare(node, draft.schedule_drafts.size());
    auto zone = ReadZone(node, "timeZone");
    draft.schedule_drafts.push_back({zone, ReadShifts(node)});
  });
  root.Each("specialOccasions", [&](const Node& node) {
    if (!node.IsObject()) return;
    draft.occasions.Declare(node, draft.occasion_drafts.size());
    draft.occasion_drafts.push_back(ReadOccasion(node));
  });
}

std::uint32_t ReadHours(const Node& campaign, AccountDraft& draft) {
  auto zone = ReadZone(campaign, "timeZone");
  auto schedule = draft.schedules.Resolve(campaign, "scheduleId");
  auto occasions = draft.occasions.ResolveAll(campaign, "specialOccasionIds");
  if (!schedule && occasions.empty()) return 0;
  std::string zone_name = zone ? std::string(*campaign.Text("timeZone")) : std::string();
  auto next = static_cast<std::uint32_t>(draft.library.hours.size());
  auto [place, is_new] = draft.hours.try_emplace({schedule, occasions, zone_name}, next);
  if (is_new) draft.library.hours.push_back(Compile(schedule, occasions, zone, draft));
  return place->second;
}

}  // namespace monitor
