#include "consumers/query/alerts_format.h"

#include "consumers/alerts/alert_notice.h"
#include "domain/values/json.h"

namespace monitor {

std::string AlertsJson(const AccountOutline& account, const Alerts& alerts) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("alerts").BeginArray();
  for (const Alert& alert : AlertsOf(account)) {
    const auto state = alerts.StateOf(account.id, alert);
    WriteAlertId(writer.BeginObject().Key("id"), alert);
    writer.Key("when").String(ToText(alert.when)).Key("campaignId").Int(alert.campaign_id).Key("engagementId");
    alert.engagement_id ? writer.Int(*alert.engagement_id) : writer.Null();
    writer.Key("firing").Bool(state && state->firing).Key("since");
    state ? writer.Int(ToUnixMs(state->since)) : writer.Null();
    writer.Key("value");
    state && state->value ? writer.Double(*state->value) : writer.Null();
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return body;
}

}  // namespace monitor
