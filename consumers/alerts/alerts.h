// The managers' alerts (`settings.alerts`): judged over the view's rows, told in the log, as gauges and, where one has
// a webhook, by a notice for the sender.
//
// Threads: Look is for one; the others for any.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consumers/alerts/alert_book.h"
#include "consumers/alerts/alert_rules.h"
#include "consumers/peers/instances.h"
#include "server/metrics.h"

namespace monitor {

// Those of an account that are whole.
std::vector<Alert> AlertsOf(const AccountOutline& account);

class Alerts {
 public:
  static constexpr std::size_t kMaxGauges = 1'000;  // further alerts have none

  // All must outlive it. `sends`: there is somebody who calls webhooks.
  Alerts(AlertBook& book, metrics::Registry& metrics, bool sends);

  // Judges as of `time` all of the accounts that are this instance's to judge (Instances::KeeperOf), by what all have
  // counted together. While that is known to be too little (one does not count, or something is missing), all stay as
  // they are. Those that others judge are forgotten. Ends early once it is abandoned.
  void Look(Instances& instances, TimeMs time, const std::function<bool()>& abandoned);

  // nullopt: not judged yet, as it is defined now.
  std::optional<AlertState> StateOf(const AccountId& account, const Alert& alert) const;

 private:
  void Take(const AlertKey& key, const Alert& alert, const AlertNumbers& numbers, TimeMs time);
  void Show(const AlertKey& key, bool firing);

  AlertBook& book_;
  metrics::Registry& metrics_;
  const bool sends_;
  bool told_unsent_ = false;
  std::map<AlertKey, metrics::Gauge*> gauges_;  // of Look's thread
};

}  // namespace monitor
