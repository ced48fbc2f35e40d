// `settings.alerts` of an account document (campaigns.md section 1).
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "domain/account/account_draft.h"
#include "domain/account/alert.h"
#include "domain/values/decimal.h"
#include "domain/values/url.h"

namespace monitor {
namespace {

constexpr IntegerRange kMinutes{1, 7 * 24 * 60};  // a week: what is looked at every few seconds stays cheap
constexpr IntegerRange kExposures{1};
constexpr std::int64_t kNone = -1;  // of an id that is not there, or none
constexpr std::size_t kMaxIdBytes = 100;
constexpr std::size_t kMaxUrlBytes = 2'000;

// A text, or a number as most ids of the document are.
void ReadId(const Node& node, Alert& alert) {
  node.Require("id").Read<bool>("id", [&](const Node& id) -> std::optional<bool> {
    if (id.value().is_number()) {
      alert.id_is_number = true;
      alert.id = std::to_string(id.AsInteger().value_or(0));
      return true;
    }
    const auto text = id.AsText();
    if (text && (text->empty() || text->size() > kMaxIdBytes)) {
      id.Error("must have 1 to " + std::to_string(kMaxIdBytes) + " bytes");
    }
    alert.id = text.value_or("");
    return true;
  });
}

void ReadWebhook(const Node& node, Alert& alert) {
  const auto url = node.Text("webhook");
  if (!url) return;
  if (url->size() > kMaxUrlBytes || !IsWebhookUrl(*url)) {
    node.ErrorAt("webhook", "must be an https URL, or an http one of this machine (localhost, 127.0.0.1, [::1])");
  }
  alert.webhook = *url;
}

Alert ReadAlert(const Node& node) {
  Alert alert;
  ReadId(node, alert);
  const auto when =
      node.Require("when").OneOf("when", &ParseAlertWhen, "\"acceptRateBelow\", \"neverEligible\" or \"goalStopped\"");
  alert.when = when.value_or(AlertWhen::kAcceptRateBelow);
  alert.campaign_id = node.Require("campaignId").Integer("campaignId").value_or(kNone);
  alert.engagement_id = node.Integer("engagementId");
  if (when == AlertWhen::kAcceptRateBelow) node.Require("below");
  alert.below = node.Number("below", {0, 1, true}).value_or(0);
  alert.min_exposures = node.Integer("minExposures", kExposures).value_or(1);
  alert.minutes = node.Require("minutes").Integer("minutes", kMinutes).value_or(1);
  ReadWebhook(node, alert);
  return alert;
}

// Its campaign, and the engagement in that.
void CheckReferences(const Node& node, const Alert& alert, const Account& account) {
  if (alert.campaign_id == kNone) return;
  const auto campaign = std::ranges::find(account.campaigns, alert.campaign_id, &Campaign::id);
  if (campaign == account.campaigns.end()) {
    return node.ErrorAt("campaignId", "there is no campaign with the id " + std::to_string(alert.campaign_id));
  }
  if (!alert.engagement_id) return;
  const auto& engagements = campaign->engagements;
  if (std::ranges::find(engagements, *alert.engagement_id, &Engagement::id) == engagements.end()) {
    node.ErrorAt("engagementId", "campaign " + std::to_string(campaign->id) + " has no engagement with the id " +
                                     std::to_string(*alert.engagement_id));
  }
}

}  // namespace

std::string_view ToText(AlertWhen when) {
  switch (when) {
    case AlertWhen::kAcceptRateBelow:
      return "acceptRateBelow";
    case AlertWhen::kNeverEligible:
      return "neverEligible";
    case AlertWhen::kGoalStopped:
      return "goalStopped";
  }
  return {};
}

std::optional<AlertWhen> ParseAlertWhen(std::string_view text) {
  for (const AlertWhen when : {AlertWhen::kAcceptRateBelow, AlertWhen::kNeverEligible, AlertWhen::kGoalStopped}) {
    if (text == ToText(when)) return when;
  }
  return std::nullopt;
}

std::vector<Alert> AlertsOf(const json::Value& list) {
  std::vector<Alert> alerts;
  for (const json::Value& item : list.items()) {
    if (alerts.size() == kMaxAlerts) break;
    DocumentErrors errors;
    const Node node(item, errors);
    if (!node.IsObject()) continue;
    Alert alert = ReadAlert(node);
    const bool is_new = std::ranges::find(alerts, alert.id, &Alert::id) == alerts.end();
    if (errors.empty() && is_new) alerts.push_back(std::move(alert));
  }
  return alerts;
}

void ReadAlerts(const Node& root, const AccountDraft& draft) {
  root.Object("settings", [&](const Node& settings) {
    std::set<std::string> ids;
    settings.Each("alerts", [&](const Node& node) {
      if (!node.IsObject()) return;
      const Alert alert = ReadAlert(node);
      if (!alert.id.empty() && !ids.insert(alert.id).second) node.ErrorAt("id", "is used by an earlier alert");
      CheckReferences(node, alert, draft.account);
    });
    const json::Value* list = settings.value().Find("alerts");
    if (list != nullptr && list->items().size() > kMaxAlerts) {
      settings.ErrorAt("alerts", "must have at most " + std::to_string(kMaxAlerts));
    }
  });
}

}  // namespace monitor
