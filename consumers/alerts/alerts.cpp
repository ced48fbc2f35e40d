#include "consumers/alerts/alerts.h"

#include <set>
#include <utility>

#include "consumers/alerts/alert_notice.h"
#include "consumers/alerts/alert_reading.h"
#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "server/log.h"

namespace monitor {
namespace {

// What makes it another alert. The webhook does not: it is only told elsewhere.
std::string DefinitionOf(const Alert& alert) {
  std::string text;
  json::Writer(text).BeginArray().Double(alert.below).EndArray();
  return std::to_string(FieldHash({ToText(alert.when), std::to_string(alert.campaign_id),
                                   alert.engagement_id ? std::to_string(*alert.engagement_id) : "", text,
                                   std::to_string(alert.min_exposures), std::to_string(alert.minutes)}));
}

}  // namespace

std::vector<Alert> AlertsOf(const AccountOutline& account) {
  if (account.alerts.empty()) return {};
  const auto list = json::Document::Parse(account.alerts);
  return list ? AlertsOf(list->root()) : std::vector<Alert>();
}

Alerts::Alerts(AlertBook& book, metrics::Registry& metrics, bool sends)
    : book_(book), metrics_(metrics), sends_(sends) {}

void Alerts::Look(Instances& instances, TimeMs time, const std::function<bool()>& abandoned) {
  const auto moment = instances.Look(std::nullopt, abandoned);
  if (!moment || !moment->keep_up || !moment->whole.missing.empty()) return;
  const auto accounts = moment->now.view->Accounts();
  if (!accounts) return;
  std::set<AlertKey> there;
  for (const AccountOutline& account : *accounts) {
    if (!Instances::KeeperOf(*moment, account.id).is_this) continue;
    AlertReading reading(instances, *moment, account.id, time, abandoned);
    for (const Alert& alert : AlertsOf(account)) {
      const AlertKey key{account.id.str(), alert.id};
      there.insert(key);
      const auto numbers = reading.Of(alert);
      if (abandoned()) return;
      if (numbers) Take(key, alert, *numbers, time);
    }
  }
  for (const AlertKey& gone : book_.Forget([&](const AlertKey& key) { return there.contains(key); })) {
    Show(gone, false);
  }
}

std::optional<AlertState> Alerts::StateOf(const AccountId& account, const Alert& alert) const {
  const auto state = book_.Find({account.str(), alert.id});
  return state && state->definition == DefinitionOf(alert) ? state : std::nullopt;
}

void Alerts::Take(const AlertKey& key, const Alert& alert, const AlertNumbers& numbers, TimeMs time) {
  const auto before = StateOf(AccountId(key.account), alert);
  const bool fired = before && before->firing;
  const auto [firing, value] = Judge(alert, numbers, fired);
  const AlertState state{.definition = DefinitionOf(alert),
                         .firing = firing,
                         .since = before && fired == firing ? before->since : time,
                         .value = value};
  std::optional<AlertNotice> notice;
  if (fired != firing) {
    log::Info(firing ? "alert_firing" : "alert_resolved",
              {{"account", key.account}, {"alert", key.alert}, {"when", std::string(ToText(alert.when))}});
    if (sends_ && !alert.webhook.empty()) notice = NoticeOf(key, alert, state, numbers);
  }
  if (!sends_ && !alert.webhook.empty() && !std::exchange(told_unsent_, true)) {
    log::Warning("webhooks_not_sent", {{"reason", "alerts name webhooks, and alerts.secret_file is not set"}});
  }
  book_.Put(key, state, std::move(notice));
  Show(key, firing);
}

void Alerts::Show(const AlertKey& key, bool firing) {
  auto found = gauges_.find(key);
  if (found == gauges_.end()) {
    if (gauges_.size() == kMaxGauges) return;
    metrics::Gauge& gauge = metrics_.AddGauge("funneld_alert_firing", "1 while a manager's alert fires",
                                              {{"account", key.account}, {"alert", key.alert}});
    found = gauges_.emplace(key, &gauge).first;
  }
  found->second->Set(firing ? 1 : 0);
}

}  // namespace monitor
