#include "consumers/funnel_topic/row_message.h"

#include <map>
#include <utility>

#include "consumers/format/funnel_format.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

std::string KeyOf(const AccountId& account, int partition, const funnel::RowKey& row) {
  std::string key;
  json::Writer writer(key);
  writer.BeginArray().String(account.str()).Int(ToUnixMs(row.window_start.value_or(TimeMs())));
  writer.Int(row.campaign_id).Int(row.engagement_id).Int(partition).EndArray();
  return key;
}

}  // namespace

std::string RowMessage::Value(std::int64_t offset) const {
  return "{" + rows + ",\"offset\":" + std::to_string(offset) + "}";
}

std::vector<RowMessage> RowMessages(const AccountId& account, const HourlyRows& hours) {
  std::map<funnel::RowKey, std::pair<funnel::Row, funnel::Row>> rows;
  for (const funnel::Row& row : hours.gross) rows[row.key].first = row;
  for (const funnel::Row& row : hours.net) rows[row.key].second = row;
  const funnel::Query query{.by = {funnel::Breakdown::kCampaign, funnel::Breakdown::kEngagement},
                            .where = {},
                            .window = funnel::Window::kHour,
                            .from = {},
                            .to = {}};
  std::vector<RowMessage> messages;
  messages.reserve(rows.size());
  for (auto& [key, both] : rows) {
    both.first.key = both.second.key = key;
    RowMessage& message = messages.emplace_back(KeyOf(account, hours.partition, key), "\"gross\":");
    AppendRowJson(query, both.first, message.rows);
    message.rows += ",\"net\":";
    AppendRowJson(query, both.second, message.rows);
  }
  return messages;
}

}  // namespace monitor
