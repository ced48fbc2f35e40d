#include "consumers/readers/source_status.h"

#include <algorithm>
#include <utility>

#include "server/log.h"

namespace monitor {
namespace {

std::string WhyHeld(const SourceEvent& event) {
  const std::string whose = "events of " + event.origin + " in bucket " + std::to_string(event.bucket) + " are ";
  if (event.unknown) {
    return whose + "not counted from " + std::to_string(event.seq) + " on: " + event.content.error() +
           "; a newer funneld is needed";
  }
  return whose + "missing: " + std::to_string(event.seq) + " follows " + std::to_string(event.prevseq) +
         ", which did not come";
}

// What two faults of one kind have in common: "35 MiB are free" becomes "34 MiB are free" with every look.
std::string WithoutDigits(std::string text) {
  std::erase_if(text, [](char letter) { return letter >= '0' && letter <= '9'; });
  return text;
}

}  // namespace

SourceStatus StatusBoard::Get() const {
  std::string lost = alarms_.Summary();
  std::lock_guard lock(mutex_);
  SourceStatus status = status_;
  status.alarm = lost.empty() ? PassingAlarm() : std::move(lost);
  return status;
}

void StatusBoard::Connected() {
  std::lock_guard lock(mutex_);
  status_.connected = true;
  status_.refused = false;
  status_.fault.clear();
}

void StatusBoard::Disconnected(const char* log_event, const std::string& fault) {
  std::lock_guard lock(mutex_);
  Fails(log_event, fault);
  status_.connected = false;
}

void StatusBoard::Hindered(const char* log_event, const std::string& fault) {
  std::lock_guard lock(mutex_);
  Fails(log_event, fault);
  status_.connected = true;
}

void StatusBoard::Refused(const char* log_event, const std::string& fault) {
  std::lock_guard lock(mutex_);
  Fails(log_event, fault);
  status_.connected = true;
  status_.refused = true;
}

void StatusBoard::Fails(const char* log_event, const std::string& fault) {
  if (WithoutDigits(status_.fault) != WithoutDigits(fault)) log::Warning(log_event, {{"detail", fault}});
  status_.fault = fault;
}

void StatusBoard::Reads(const Coverage& coverage, std::vector<int> behind) {
  std::lock_guard lock(mutex_);
  status_.buckets = coverage.buckets;
  status_.missing.clear();
  for (int partition = 0; partition < coverage.partitions; ++partition) {
    const bool read = coverage.buckets[static_cast<std::size_t>(partition)];  // of its buckets one is as good as all
    if (!read || std::ranges::find(behind, partition) != behind.end()) status_.missing.push_back(partition);
  }
  status_.behind = std::move(behind);
}

void StatusBoard::Assigned() {
  std::lock_guard lock(mutex_);
  ++status_.assignments;
}

void StatusBoard::Progress(std::uint64_t lag_events, bool caught_up) {
  std::lock_guard lock(mutex_);
  status_.lag_events = lag_events;
  status_.caught_up |= caught_up;
  status_.at_end = caught_up;
}

void StatusBoard::Progress(std::map<int, std::uint64_t> partition_lags, bool caught_up) {
  std::uint64_t lag_events = 0;
  for (const auto& [partition, lag] : partition_lags) lag_events += lag;
  Progress(lag_events, caught_up);
  std::lock_guard lock(mutex_);
  status_.partition_lags = std::move(partition_lags);
}

void StatusBoard::Alarm(const std::string& sentence, AlarmLasts lasts) {
  log::Error("alarm", {{"detail", sentence}});
  if (lasts == AlarmLasts::kForGood) return alarms_.Raise(sentence);
  std::lock_guard lock(mutex_);
  passing_ = sentence;
}

IntakeOptions StatusBoard::WithAlarm(IntakeOptions options) {
  options.gap = [this, skip = options.skip_missing, gap = options.gap](const Arrival& arrival) {
    gap(arrival);
    const std::string sentence = WhyHeld(arrival.event);
    if (skip) return Alarm(sentence + "; passed over", AlarmLasts::kForGood);
    log::Error("alarm", {{"detail", sentence}});
    std::lock_guard lock(mutex_);
    held_[{arrival.event.origin, arrival.event.bucket}] = sentence;
  };
  options.closed = [this, closed = options.closed](const std::string& origin, Bucket bucket) {
    closed(origin, bucket);
    std::lock_guard lock(mutex_);
    held_.erase({origin, bucket});
  };
  return options;
}

void StatusBoard::NothingIsHeld() {
  std::lock_guard lock(mutex_);
  passing_.clear();
  held_.clear();
}

std::string StatusBoard::PassingAlarm() const {
  if (held_.empty()) return passing_;
  const std::string first = held_.begin()->second;
  return held_.size() == 1 ? first : first + "; and " + std::to_string(held_.size() - 1) + " more buckets";
}

}  // namespace monitor
