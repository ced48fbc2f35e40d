#include "consumers/alerts/alert_notice.h"

#include "domain/values/hash.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

void WriteNumbers(json::Writer& writer, const Alert& alert, const AlertNumbers& numbers) {
  switch (alert.when) {
    case AlertWhen::kAcceptRateBelow:
      writer.Key("below").Double(alert.below).Key("minExposures").Int(alert.min_exposures);
      writer.Key("exposures").UInt(numbers.exposures).Key("acceptedPairs").UInt(numbers.accepted_pairs);
      break;
    case AlertWhen::kNeverEligible:
      writer.Key("prospects").UInt(numbers.prospects);
      break;
    case AlertWhen::kGoalStopped:
      writer.Key("conversions").UInt(numbers.conversions);
      writer.Key("conversionsBefore").UInt(numbers.conversions_before);
      break;
  }
}

// The same for the same turn, however often it is judged.
std::string IdOf(const AlertKey& key, const AlertState& state) {
  const auto hash = Sha256(key.account + '\0' + key.alert + '\0' + state.definition + (state.firing ? "+" : "-") +
                           std::to_string(ToUnixMs(state.since)));
  return "msg_" + Hex({reinterpret_cast<const char*>(hash.data()), 16});
}

}  // namespace

AlertNotice NoticeOf(const AlertKey& key, const Alert& alert, const AlertState& state, const AlertNumbers& numbers) {
  AlertNotice notice{.id = IdOf(key, state), .of = key, .url = alert.webhook, .body = {}, .made = state.since};
  json::Writer writer(notice.body);
  writer.BeginObject().Key("specversion").String("1.0").Key("id").String(notice.id);
  writer.Key("source").String("/monitor/funneld");
  writer.Key("type").String(state.firing ? "monitor.alert.firing" : "monitor.alert.resolved");
  writer.Key("subject").String(key.account + "/" + key.alert).Key("time").String(FormatRfc3339(state.since));
  writer.Key("datacontenttype").String("application/json").Key("data").BeginObject();
  writer.Key("account").String(key.account).Key("id");
  WriteAlertId(writer, alert);
  writer.Key("when").String(ToText(alert.when)).Key("campaignId").Int(alert.campaign_id).Key("engagementId");
  alert.engagement_id ? writer.Int(*alert.engagement_id) : writer.Null();
  writer.Key("minutes").Int(alert.minutes).Key("value");
  state.value ? writer.Double(*state.value) : writer.Null();
  WriteNumbers(writer, alert, numbers);
  writer.EndObject().EndObject();
  return notice;
}

void WriteAlertId(json::Writer& writer, const Alert& alert) {
  alert.id_is_number ? writer.Raw(alert.id) : writer.String(alert.id);
}

}  // namespace monitor
