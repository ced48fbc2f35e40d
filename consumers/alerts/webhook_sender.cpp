#include "consumers/alerts/webhook_sender.h"

#include <algorithm>
#include <set>
#include <utility>

#include "server/log.h"

namespace monitor {
namespace {

constexpr std::chrono::hours kLongestPause{1};
constexpr std::chrono::hours kGivenUpAfter{24};
constexpr std::chrono::minutes kLongestWait{1};  // for a notice, so that old ones are given up
constexpr long kTimeoutMs = 10'000;
constexpr std::size_t kMaxAnswerBytes = 1 << 20;  // nothing in it is of interest

std::chrono::sys_time<std::chrono::milliseconds> WallClock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

metrics::Counter& CounterOf(metrics::Registry& metrics, const char* result) {
  return metrics.AddCounter("funneld_alert_webhooks_total", "Calls of alerts' webhooks", {{"result", result}});
}

}  // namespace

WebhookSender::WebhookSender(AlertBook& book, WebhookKey key, metrics::Registry& metrics,
                             std::chrono::milliseconds first_pause)
    : book_(book),
      key_(std::move(key)),
      first_pause_(first_pause),
      delivered_(CounterOf(metrics, "delivered")),
      failed_(CounterOf(metrics, "failed")),
      given_up_(CounterOf(metrics, "given_up")),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void WebhookSender::Run(const std::stop_token& stop) {
  client_.StopWhen([&stop] { return stop.stop_requested(); });
  while (!stop.stop_requested()) {
    GiveUpOld();
    auto wake = Clock::now() + kLongestWait;
    const auto notice = Next(Clock::now(), wake);
    if (!notice) {
      book_.WaitForNotice(stop, wake);
      continue;
    }
    const std::string fault = Send(*notice);
    if (stop.stop_requested() && !fault.empty()) return;
    if (fault.empty()) {
      delivered_.Add();
      pauses_.erase(notice->url);
      tried_.erase(notice->id);
      book_.Remove(notice->id);
      continue;
    }
    failed_.Add();
    // Not the address: it may hold what its owner keeps secret.
    log::Warning("webhook_failed", {{"account", notice->of.account}, {"alert", notice->of.alert}, {"reason", fault}});
    const Pause fresh{kafka::BackOff(first_pause_, kLongestPause), {}};
    Pause& pause = pauses_.try_emplace(notice->url, fresh).first->second;
    pause.until = Clock::now() + pause.back_off.Next(false);
    tried_[notice->id] = Clock::now();
  }
}

std::optional<AlertNotice> WebhookSender::Next(Clock::time_point now, Clock::time_point& wake) {
  std::vector<AlertNotice> notices = book_.Notices();
  std::set<std::pair<AlertKey, std::string>> has_earlier;  // of an alert, at an address
  AlertNotice* next = nullptr;
  Clock::time_point next_tried;
  for (AlertNotice& notice : notices) {
    if (!has_earlier.insert({notice.of, notice.url}).second) continue;
    if (const auto pause = pauses_.find(notice.url); pause != pauses_.end() && pause->second.until > now) {
      wake = std::min(wake, pause->second.until);
      continue;
    }
    const auto tried = tried_.find(notice.id);
    const auto at = tried == tried_.end() ? Clock::time_point() : tried->second;
    if (next != nullptr && at >= next_tried) continue;
    next = &notice;
    next_tried = at;
  }
  return next == nullptr ? std::nullopt : std::optional(std::move(*next));
}

std::string WebhookSender::Send(const AlertNotice& notice) {
  const std::int64_t now_s = ToUnixMs(WallClock()) / 1'000;
  const HttpRequest request{.method = "POST",
                            .url = notice.url,
                            .headers = {"Content-Type: application/cloudevents+json; charset=utf-8",
                                        "webhook-id: " + notice.id, "webhook-timestamp: " + std::to_string(now_s),
                                        "webhook-signature: " + key_.Sign(notice.id, now_s, notice.body)},
                            .body = notice.body,
                            .ca_file = {},
                            .max_body_bytes = kMaxAnswerBytes,
                            .timeout_ms = kTimeoutMs};
  const auto answer = client_.Send(request);
  if (!answer) return answer.error();
  return answer->status / 100 == 2 ? std::string() : "the answer was " + std::to_string(answer->status);
}

void WebhookSender::GiveUpOld() {
  const TimeMs oldest = WallClock() - kGivenUpAfter;
  for (const AlertNotice& notice : book_.Notices()) {
    if (notice.made > oldest) continue;
    given_up_.Add();
    log::Error("webhook_given_up", {{"account", notice.of.account}, {"alert", notice.of.alert}});
    tried_.erase(notice.id);
    book_.Remove(notice.id);
  }
}

}  // namespace monitor
