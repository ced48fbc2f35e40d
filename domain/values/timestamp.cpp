#include "domain/values/timestamp.h"

#include <algorithm>

namespace monitor {
namespace {

constexpr TimeMs kFirst{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
constexpr TimeMs kLast{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1} - std::chrono::milliseconds{1}};

void PutDigits(char* out, unsigned value, int count) {
  for (int i = count - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// Takes the text from the front; every step that fails leaves `good` false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  int Digits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      char c = Next();
      if (c < '0' || c > '9') good_ = false;
      value = value * 10 + (c - '0');
    }
    return value;
  }
  char OneOf(std::string_view allowed) {
    char c = Next();
    if (!allowed.contains(c)) good_ = false;
    return c;
  }
  bool Peek(char c) const { return !text_.empty() && text_.front() == c; }
  bool PeekDigit() const { return !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; }
  bool good() const { return good_; }
  bool at_end() const { return text_.empty(); }

 private:
  char Next() {
    if (text_.empty()) {
      good_ = false;
      return '\0';
    }
    char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  std::string_view text_;
  bool good_ = true;
};

// ".123456": at least one digit, cut to milliseconds.
std::chrono::milliseconds ScanFraction(Scanner& scanner) {
  if (!scanner.Peek('.')) return {};
  scanner.OneOf(".");
  int ms = scanner.Digits(1) * 100;
  for (int weight = 10; scanner.PeekDigit(); weight /= 10) ms += scanner.Digits(1) * weight;
  return std::chrono::milliseconds{ms};
}

std::optional<std::chrono::minutes> ScanOffset(Scanner& scanner) {
  char sign = scanner.OneOf("Zz+-");
  if (sign == 'Z' || sign == 'z') return std::chrono::minutes{0};
  int hours = scanner.Digits(2);
  scanner.OneOf(":");
  int minutes = scanner.Digits(2);
  if (hours > 23 || minutes > 59) return std::nullopt;
  std::chrono::minutes offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::string FormatRfc3339(TimeMs time) {
  time = std::clamp(time, kFirst, kLast);
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date{day};
  auto ms = static_cast<unsigned>((time - day).count());
  std::string text = "0000-00-00T00:00:00.000Z";
  PutDigits(text.data(), static_cast<unsigned>(static_cast<int>(date.year())), 4);
  PutDigits(text.data() + 5, static_cast<unsigned>(date.month()), 2);
  PutDigits(text.data() + 8, static_cast<unsigned>(date.day()), 2);
  PutDigits(text.data() + 11, ms / 3'600'000, 2);
  PutDigits(text.data() + 14, ms / 60'000 % 60, 2);
  PutDigits(text.data() + 17, ms / 1'000 % 60, 2);
  PutDigits(text.data() + 20, ms % 1'000, 3);
  return text;
}

std::optional<TimeMs> ParseRfc3339(std::string_view text) {
  Scanner scanner(text);
  std::chrono::year year{scanner.Digits(4)};
  scanner.OneOf("-");
  std::chrono::month month{static_cast<unsigned>(scanner.Digits(2))};
  scanner.OneOf("-");
  std::chrono::day day{static_cast<unsigned>(scanner.Digits(2))};
  scanner.OneOf("Tt");
  int hour = scanner.Digits(2);
  scanner.OneOf(":");
  int minute = scanner.Digits(2);
  scanner.OneOf(":");
  int second = scanner.Digits(2);
  std::chrono::milliseconds fraction = ScanFraction(scanner);
  std::optional<std::chrono::minutes> offset = ScanOffset(scanner);
  std::chrono::year_month_day date{year, month, day};
  if (!scanner.good() || !scanner.at_end() || !offset || !date.ok()) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + fraction - *offset;
}

}  // namespace monitor
