#include "consumers/query/funnel_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "domain/values/enumerators.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using funnel::Breakdown;
using funnel::Window;

constexpr std::array<std::pair<std::string_view, Breakdown>, 8> kBreakdowns = {{{"app", Breakdown::kApp},
                                                                                {"campaign", Breakdown::kCampaign},
                                                                                {"engagement", Breakdown::kEngagement},
                                                                                {"revision", Breakdown::kRevision},
                                                                                {"zone", Breakdown::kZone},
                                                                                {"channel", Breakdown::kChannel},
                                                                                {"device", Breakdown::kDevice},
                                                                                {"language", Breakdown::kLanguage}}};
constexpr std::array<std::pair<std::string_view, Window>, 3> kWindows = {
    {{"hour", Window::kHour}, {"day", Window::kDay}, {"all", Window::kAll}}};
static_assert(kBreakdowns.size() == kEnumerators<Breakdown> && !kBreakdowns.back().first.empty());
static_assert(kWindows.size() == kEnumerators<Window> && !kWindows.back().first.empty());
constexpr std::array<std::pair<std::string_view, funnel::Counting>, 2> kCountings = {
    {{"gross", funnel::kGross}, {"net", funnel::kNet}}};
constexpr std::array<std::pair<std::string_view, FunnelFormat>, 2> kFormats = {
    {{"json", FunnelFormat::kJson}, {"csv", FunnelFormat::kCsv}}};
// Years 1 to 9999: what a calendar can hold.
constexpr std::int64_t kLeastMs = -62'135'596'800'000, kGreatestMs = 253'402'300'799'999;

template <class Words>
auto Find(const Words& words, std::string_view word) -> std::optional<decltype(words[0].second)> {
  const auto found = std::ranges::find(words, word, [](const auto& entry) { return entry.first; });
  if (found == words.end()) return std::nullopt;
  return found->second;
}

template <class Words>
std::string Listed(const Words& words) {
  std::string text;
  for (const auto& [word, value] : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

// One word of a closed set into `value`; an absent parameter leaves the default.
template <class Words, class Value>
std::expected<void, std::string> ReadWord(const http::Query& query, std::string_view name, const Words& words,
                                          Value& value) {
  const auto word = query.Get(name);
  if (!word) return {};
  const auto found = Find(words, *word);
  if (!found) return std::unexpected(std::string(name) + ": must be one of " + Listed(words));
  value = *found;
  return {};
}

std::expected<void, std::string> ReadBreakdowns(const http::Query& query, std::vector<Breakdown>& by) {
  std::optional<std::string_view> rest = query.Get("by");
  while (rest) {
    const std::size_t comma = rest->find(',');
    const auto breakdown = Find(kBreakdowns, rest->substr(0, comma));
    rest = comma == rest->npos ? std::nullopt : std::optional(rest->substr(comma + 1));
    if (!breakdown) return std::unexpected("by: must be a list of " + Listed(kBreakdowns));
    if (std::ranges::find(by, *breakdown) != by.end()) return std::unexpected("by: names one of them twice");
    by.push_back(*breakdown);
  }
  return {};
}

std::optional<TimeMs> ParseTime(std::string_view text) {
  const auto ms = ParseWhole<std::int64_t>(text);
  if (!ms) return ParseRfc3339(text);
  if (*ms < kLeastMs || *ms > kGreatestMs) return std::nullopt;
  return FromUnixMs(*ms);
}

// Below a millisecond, which ParseRfc3339 cuts.
bool HasFraction(std::string_view time) {
  const std::size_t point = std::min(time.find('.'), time.size());
  const std::string_view digits = time.substr(point, time.find_first_of("Zz+-", point) - point);
  return digits.find_first_of("123456789") != std::string_view::npos;
}

std::expected<void, std::string> ReadBound(const http::Query& query, std::string_view name, const TimeZone& zone,
                                           std::optional<TimeMs>& bound) {
  const auto text = query.Get(name);
  if (!text) return {};
  bound = ParseTime(*text);
  if (!bound) return std::unexpected(std::string(name) + ": must be a time in RFC 3339 or ms");
  if (funnel::StartOfHour(zone, *bound) != *bound || HasFraction(*text)) {
    return std::unexpected(std::string(name) + ": must be on an hour of the account's time zone");
  }
  return {};
}

}  // namespace

std::expected<FunnelRequest, std::string> ParseFunnelRequest(const http::Query& query, const TimeZone& account_zone) {
  FunnelRequest request;
  auto read = ReadBreakdowns(query, request.query.by);
  if (read) read = ReadWord(query, "window", kWindows, request.query.window);
  if (read) read = ReadWord(query, "count", kCountings, request.query.counting);
  if (read) read = ReadWord(query, "format", kFormats, request.format);
  if (read) read = ReadBound(query, "from", account_zone, request.query.from);
  if (read) read = ReadBound(query, "to", account_zone, request.query.to);
  if (!read) return std::unexpected(read.error());
  if (request.query.from && request.query.to && *request.query.from > *request.query.to) {
    return std::unexpected("from: is after to");
  }
  return request;
}

}  // namespace monitor
