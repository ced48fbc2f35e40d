#include "ctl/funnel_table.h"

#include <cstdio>

#include "domain/values/json.h"

namespace monitor::ctl {
namespace {

std::string Text(const json::Value& row, std::string_view name) {
  const json::Value* value = row.Find(name);
  return value ? std::string(value->text()) : std::string("-");
}

std::string Percent(const json::Value& row, std::string_view name) {
  const json::Value* value = row.Find(name);
  if (!value) return "-";
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", std::strtod(std::string(value->text()).c_str(), nullptr) * 100);
  return text;
}

std::string Line(const std::string& campaign, const std::string& prospects, const std::string& exposed,
                 const std::string& views, const std::string& clicks, const std::string& rate,
                 const std::string& conversions) {
  char line[160];
  std::snprintf(line, sizeof line, "%10s %10s %10s %10s %10s %10s %12s\n", campaign.c_str(), prospects.c_str(),
                exposed.c_str(), views.c_str(), clicks.c_str(), rate.c_str(), conversions.c_str());
  return line;
}

}  // namespace

std::expected<std::string, std::string> FunnelTable(HttpClient& client, const std::string& funnel_url,
                                                    const std::string& account) {
  auto answer = client.Send(
      {.url = funnel_url + "/api/funnel?by=campaign&account=" + PercentEncode(account), .timeout_ms = 5'000});
  if (!answer) return std::unexpected("no answer from " + funnel_url + ": " + answer.error());
  auto document = json::Document::Parse(answer->body);
  const json::Value* rows = document ? document->root().Find("rows") : nullptr;
  if (answer->status != 200 || !rows) return std::unexpected("the funnel cannot be read yet");
  std::string table = Line("campaign", "prospects", "exposed", "views", "clicks", "accepted", "conversions");
  for (const json::Value& row : rows->items()) {
    table += Line(Text(row, "campaignId"), Text(row, "prospects"), Text(row, "exposed"), Text(row, "engagementViews"),
                  Text(row, "acceptedOffers"), Percent(row, "acceptRate"), Text(row, "conversions"));
  }
  return table;
}

}  // namespace monitor::ctl
