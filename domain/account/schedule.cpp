#include "domain/account/schedule.h"

#include <algorithm>
#include <array>

namespace monitor {
namespace {

constexpr std::uint16_t kMinutesPerDay = 1'440;
constexpr std::array<std::string_view, 7> kWeekdays = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};

bool Covers(const std::vector<Shift>& shifts, std::chrono::local_time<std::chrono::milliseconds> local) {
  auto day = std::chrono::floor<std::chrono::days>(local);
  auto minute = std::chrono::floor<std::chrono::minutes>(local - day).count();
  unsigned bit = 1u << (std::chrono::weekday{day}.iso_encoding() - 1);
  return std::ranges::any_of(shifts, [&](const Shift& shift) {
    return (shift.days & bit) != 0 && shift.from_minute <= minute && minute < shift.to_minute;
  });
}

}  // namespace

bool Hours::IsOpen(TimeMs now) const {
  for (const Occasion& occasion : occasions) {
    if (occasion.from <= now && now < occasion.to) return Covers(occasion.shifts, zone.ToLocal(now));
  }
  return !weekly || Covers(*weekly, zone.ToLocal(now));
}

std::optional<std::uint16_t> ParseWallTime(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  std::array<int, 4> digits{};
  for (std::size_t i = 0; char c : {text[0], text[1], text[3], text[4]}) {
    if (c < '0' || c > '9') return std::nullopt;
    digits[i++] = c - '0';
  }
  int minute = digits[2] * 10 + digits[3];
  int minute_of_day = (digits[0] * 10 + digits[1]) * 60 + minute;
  if (minute > 59 || minute_of_day > kMinutesPerDay) return std::nullopt;
  return static_cast<std::uint16_t>(minute_of_day);
}

std::optional<std::uint8_t> ParseWeekday(std::string_view text) {
  auto found = std::ranges::find(kWeekdays, text);
  if (found == kWeekdays.end()) return std::nullopt;
  return static_cast<std::uint8_t>(1u << (found - kWeekdays.begin()));
}

}  // namespace monitor
