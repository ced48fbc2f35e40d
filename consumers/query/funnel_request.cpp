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

// The part before `separator`, which is taken off `rest` with it; nullopt once there is none.
std::optional<std::string_view> TakePart(std::optional<std::string_view>& rest, char separator) {
  if (!rest) return std::nullopt;
  const std::size_t end = rest->find(separator);
  const std::string_view part = rest->substr(0, end);
  rest = end == rest->npos ? std::nullopt : std::optional(rest->substr(end + 1));
  return part;
}

std::expected<void, std::string> ReadBreakdowns(const http::Query& query, std::vector<Breakdown>& by) {
  std::optional<std::string_view> rest = query.Get("by");
  while (const auto part = TakePart(rest, ',')) {
    const auto breakdown = Find(kBreakdowns, *part);
    if (!breakdown) return std::unexpected("by: must be a list of " + Listed(kBreakdowns));
    if (std::ranges::find(by, *breakdown) != by.end()) return std::unexpected("by: names one of them twice");
    by.push_back(*breakdown);
  }
  return {};
}

// A dimension's value as the rows show it; nullopt: it can have no such value.
std::optional<funnel::RowKey> ParseValue(Breakdown breakdown, std::string_view text) {
  funnel::RowKey key;
  const auto take = [&]<class Value>(auto& field, std::optional<Value> value) {
    if (value) field = *value;
    return value ? std::optional(key) : std::nullopt;
  };
  const auto number = ParseWhole<std::int64_t>(text);
  const auto word = text.empty() ? std::nullopt : std::optional<std::string>(text);
  switch (breakdown) {
    case Breakdown::kApp:
      return take(key.app_installation, word);
    case Breakdown::kCampaign:
      return take(key.campaign_id, number);
    case Breakdown::kEngagement:
      return take(key.engagement_id, number);
    case Breakdown::kRevision:
      return take(key.engagement_revision, number);
    case Breakdown::kZone:
      return take(key.zone, ParseZone(text));
    case Breakdown::kChannel:
      return take(key.channel, ParseChannel(text));
    case Breakdown::kDevice:
      return take(key.device, ParseDeviceFamily(text));
    case Breakdown::kLanguage:
      return take(key.language, word);
  }
  return std::nullopt;
}

// campaign:41|42,device:MOBILE
std::expected<void, std::string> ReadFilters(const http::Query& query, std::vector<funnel::Filter>& where) {
  std::optional<std::string_view> rest = query.Get("where");
  while (const auto part = TakePart(rest, ',')) {
    const std::size_t colon = std::min(part->find(':'), part->size());
    const std::string_view name = part->substr(0, colon);
    const auto of = Find(kBreakdowns, name);
    if (!of) return std::unexpected("where: must be a list of DIMENSION:VALUE, of " + Listed(kBreakdowns));
    if (std::ranges::find(where, *of, &funnel::Filter::of) != where.end()) {
      return std::unexpected("where: names " + std::string(name) + " twice; several values are separated by |");
    }
    funnel::Filter& filter = where.emplace_back(*of);
    std::optional<std::string_view> values = part->substr(std::min(colon + 1, part->size()));
    while (const auto text = TakePart(values, '|')) {
      const auto value = ParseValue(*of, *text);
      if (!value) return std::unexpected("where: " + std::string(name) + " can have no such value");
      if (std::ranges::find(filter.values, *value) != filter.values.end()) {
        return std::unexpected("where: names a value of " + std::string(name) + " twice");
      }
      filter.values.push_back(*value);
    }
  }
  return {};
}

std::expected<void, std::string> ReadOrder(const http::Query& query, const funnel::Query& asked, RowOrder& order) {
  if (const auto text = query.Get("orderBy")) {
    const auto column = ParseOrderColumn(*text, asked);
    if (!column)
      return std::unexpected(
          "orderBy: must be a column of the answer's rows, with - before it to begin at the greatest");
    order.column = *column;
  }
  if (const auto text = query.Get("limit")) {
    const auto limit = ParseWhole<std::uint32_t>(*text);
    if (!limit || *limit == 0) return std::unexpected("limit: must be a positive number of rows");
    order.limit = *limit;
  }
  // What its cursors are for: another query's would lead anywhere.
  for (const std::string_view name : {"account", "by", "window", "count", "from", "to", "where", "orderBy"}) {
    order.query.append(name).append("=").append(query.Get(name).value_or("")).append("\n");
  }
  if (const auto text = query.Get("after")) {
    order.after = ParseCursor(*text, order.query);
    if (!order.after) return std::unexpected("after: is no `next` of an answer to this query");
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
  if (read) read = ReadFilters(query, request.query.where);
  if (read) read = ReadOrder(query, request.query, request.order);
  if (!read) return std::unexpected(read.error());
  if (request.query.from && request.query.to && *request.query.from > *request.query.to) {
    return std::unexpected("from: is after to");
  }
  return request;
}

}  // namespace monitor
