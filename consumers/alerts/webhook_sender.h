// Calls the webhooks of the book's notices, on a thread of its own: signed, at least once, no redirect followed. An
// alert's notices go in the order in which they were made. An address that gives no 2xx is tried again, after pauses
// that double up to an hour; others do not wait for that. After a day a notice is given up.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "consumers/alerts/alert_book.h"
#include "consumers/alerts/webhook_key.h"
#include "kafka/back_off.h"
#include "server/http_client.h"
#include "server/metrics.h"

namespace monitor {

class WebhookSender {
 public:
  // The book and the registry must outlive it. `first_pause`: after the first failure.
  WebhookSender(AlertBook& book, WebhookKey key, metrics::Registry& metrics,
                std::chrono::milliseconds first_pause = std::chrono::seconds(1));

 private:
  using Clock = std::chrono::steady_clock;
  // Of one address.
  struct Pause {
    kafka::BackOff back_off;
    Clock::time_point until;
  };

  void Run(const std::stop_token& stop);
  // The first of those that may go now, the least recently tried first. nullopt: none; `wake` is when one may.
  std::optional<AlertNotice> Next(Clock::time_point now, Clock::time_point& wake);
  // Why it was not taken; empty: it was.
  std::string Send(const AlertNotice& notice);
  void GiveUpOld();

  AlertBook& book_;
  const WebhookKey key_;
  const std::chrono::milliseconds first_pause_;
  metrics::Counter &delivered_, &failed_, &given_up_;
  HttpClient client_;
  std::map<std::string, Pause> pauses_;             // by address: of those that failed last
  std::map<std::string, Clock::time_point> tried_;  // by notice
  std::jthread thread_;                             // last: it uses all of the above
};

}  // namespace monitor
