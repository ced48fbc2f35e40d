#include "consumers/source_status.h"

#include <condition_variable>
#include <utility>

#include "api/server/log.h"

namespace monitor {

SourceStatus StatusBoard::Get() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void StatusBoard::Connected() {
  std::lock_guard lock(mutex_);
  status_.connected = true;
}

void StatusBoard::Disconnected(const char* log_event, const std::string& fault) {
  log::Warning(log_event, {{"detail", fault}});
  std::lock_guard lock(mutex_);
  status_.connected = false;
}

void StatusBoard::Reads(const BucketSet& buckets, std::vector<int> missing) {
  std::lock_guard lock(mutex_);
  status_.buckets = buckets;
  status_.missing = std::move(missing);
}

void StatusBoard::Progress(std::uint64_t lag_events, bool caught_up) {
  std::lock_guard lock(mutex_);
  status_.lag_events = lag_events;
  status_.caught_up |= caught_up;
}

void StatusBoard::Alarm(const std::string& sentence, AlarmLasts lasts) {
  log::Error("events_lost", {{"detail", sentence}});
  std::lock_guard lock(mutex_);
  if (alarm_lasts_ == AlarmLasts::kForGood && lasts != AlarmLasts::kForGood) return;
  status_.alarm = sentence;
  alarm_lasts_ = lasts;
}

IntakeOptions StatusBoard::WithAlarm(IntakeOptions options) {
  const AlarmLasts lasts = options.skip_missing ? AlarmLasts::kForGood : AlarmLasts::kUntilNothingIsHeld;
  options.gap = [this, lasts, gap = options.gap](const Arrival& arrival) {
    gap(arrival);
    Alarm("events of " + arrival.event.origin + " in bucket " + std::to_string(arrival.event.bucket) +
              " are missing: " + std::to_string(arrival.event.seq) + " follows " +
              std::to_string(arrival.event.prevseq) + ", which did not come",
          lasts);
  };
  return options;
}

void StatusBoard::NothingIsHeld() {
  std::lock_guard lock(mutex_);
  if (alarm_lasts_ == AlarmLasts::kUntilNothingIsHeld) status_.alarm.clear();
}

void Pause(const std::stop_token& stop, std::chrono::milliseconds pause) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, pause, [] { return false; });
}

}  // namespace monitor
