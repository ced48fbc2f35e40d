#include "ctl/funnel_table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "domain/values/json.h"
#include "domain/values/timestamp.h"
#include "domain/values/whole_number.h"

namespace monitor::ctl {
namespace {

constexpr json::Limits kAnswerLimits{.max_depth = 32, .max_nodes = 16 << 20};
constexpr std::size_t kWidestBar = 50, kWidestText = 40;

using Cells = std::vector<std::string>;

struct Column {
  const char* title;
  const char* member;
};

constexpr Column kDimensions[] = {
    {"app", "appInstallationId"},       {"campaign", "campaignId"}, {"engagement", "engagementId"},
    {"revision", "engagementRevision"}, {"zone", "zone"},           {"channel", "channel"},
    {"device", "deviceFamily"},         {"language", "language"}};
constexpr Column kCounts[] = {
    {"prospects", "prospects"}, {"exposed", "exposed"}, {"views", "engagementViews"}, {"clicks", "acceptedOffers"}};
constexpr Column kStages[] = {{"prospects", "prospects"},
                              {"exposed", "exposed"},
                              {"accepted", "acceptedSessions"},
                              {"interactions", "interactions"},
                              {"converted", "convertedSessions"}};

// "-" if it is unknown.
std::string Text(const json::Value& row, std::string_view name) {
  const json::Value* value = row.Find(name);
  if (!value) return "-";
  std::string text(value->text().substr(0, kWidestText));
  std::ranges::replace_if(text, [](unsigned char letter) { return letter < ' ' || letter >= 0x7f; }, '?');
  return text;
}

std::string Percent(const json::Value& row, std::string_view name) {
  const json::Value* value = row.Find(name);
  if (!value) return "-";
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", std::strtod(std::string(value->text()).c_str(), nullptr) * 100);
  return text;
}

// "129.5 USD, 8 EUR"
std::string Value(const json::Value& row) {
  const json::Value* sums = row.Find("value");
  std::string text;
  for (const json::Member& sum : sums ? sums->members() : std::span<const json::Member>()) {
    text += (text.empty() ? "" : ", ") + std::string(sum.value.text()) + " " + std::string(sum.name);
  }
  return text.empty() ? "-" : text;
}

bool Has(const json::Value& row, std::string_view name) {
  return std::ranges::any_of(row.members(), [&](const json::Member& member) { return member.name == name; });
}

std::string TimeIn(const json::Value& row) {
  const auto ms = ParseWhole<std::int64_t>(Text(row, "windowStart"));
  return ms ? FormatRfc3339(FromUnixMs(*ms)) : "-";
}

// What it is broken down by.
std::vector<Column> DimensionsOf(std::span<const json::Value> rows) {
  std::vector<Column> dimensions;
  for (const Column& column : kDimensions) {
    if (!rows.empty() && Has(rows[0], column.member)) dimensions.push_back(column);
  }
  return dimensions;
}

Cells TitlesOf(const std::vector<Column>& dimensions, bool windows) {
  Cells titles;
  if (windows) titles.push_back("from");
  for (const Column& column : dimensions) titles.push_back(column.title);
  for (const Column& column : kCounts) titles.push_back(column.title);
  titles.insert(titles.end(), {"accepted", "interactions", "conversions", "value"});
  return titles;
}

Cells CellsOf(const json::Value& row, const std::vector<Column>& dimensions, bool windows) {
  Cells cells;
  if (windows) cells.push_back(TimeIn(row));
  for (const Column& column : dimensions) cells.push_back(Text(row, column.member));
  for (const Column& column : kCounts) cells.push_back(Text(row, column.member));
  cells.insert(cells.end(),
               {Percent(row, "acceptRate"), Text(row, "interactions"), Text(row, "conversions"), Value(row)});
  return cells;
}

// Each column as wide as its widest cell, to the right.
std::string Aligned(const std::vector<Cells>& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string text;
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text += (i == 0 ? "" : "  ") + std::string(widths[i] - cells[i].size(), ' ') + cells[i];
    }
    text += '\n';
  }
  return text;
}

std::string Bars(const json::Value& row) {
  std::vector<std::uint64_t> counts;
  for (const Column& stage : kStages) counts.push_back(ParseWhole<std::uint64_t>(Text(row, stage.member)).value_or(0));
  const std::uint64_t most = std::max<std::uint64_t>(std::ranges::max(counts), 1);
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    char line[64];
    std::snprintf(line, sizeof line, "%-12s %10llu  ", kStages[i].title, static_cast<unsigned long long>(counts[i]));
    const auto share = static_cast<double>(counts[i]) / static_cast<double>(most);
    std::size_t width = static_cast<std::size_t>(share * kWidestBar);
    if (counts[i] > 0) width = std::max<std::size_t>(width, 1);
    text += line + std::string(width, '#') + "\n";
  }
  return text;
}

}  // namespace

std::expected<std::string, std::string> FunnelTable(std::string_view answer) {
  const auto document = json::Document::Parse(answer, kAnswerLimits);
  const json::Value* rows = document ? document->root().Find("rows") : nullptr;
  if (!rows) return std::unexpected("the server's answer cannot be read");
  const auto dimensions = DimensionsOf(rows->items());
  const bool windows = Text(document->root(), "window") != "all";
  if (dimensions.empty() && !windows && rows->items().size() == 1) return Bars(rows->items()[0]);
  std::vector<Cells> lines{TitlesOf(dimensions, windows)};
  for (const json::Value& row : rows->items()) lines.push_back(CellsOf(row, dimensions, windows));
  return Aligned(lines);
}

}  // namespace monitor::ctl
