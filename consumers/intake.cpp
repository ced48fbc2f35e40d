#include "consumers/intake.h"

#include <algorithm>

namespace monitor {

Intake::Intake(ViewStore& store, IntakeOptions options) : store_(store), options_(std::move(options)) {}

std::expected<Taken, std::string> Intake::Take(Arrival arrival) {
  const Line line{arrival.event.origin, arrival.event.bucket};
  const std::optional<std::uint64_t> highest = store_.HighestSeq(line.first, line.second);
  if (highest && arrival.event.seq <= *highest) {
    ++counters_.duplicates;
    return Taken::kDuplicate;
  }
  if (!IsNext(arrival, highest)) {
    if (!options_.skip_missing) {
      Hold(std::move(arrival));
      return Taken::kHeld;
    }
    ++counters_.skipped;
    options_.gap(arrival);
  }
  if (const auto counted = Count(arrival); !counted) return std::unexpected(counted.error());
  if (const auto counted = CountFollowers(line); !counted) return std::unexpected(counted.error());
  return Taken::kCounted;
}

bool Intake::IsNext(const Arrival& arrival, std::optional<std::uint64_t> highest) const {
  if (highest) return arrival.event.prevseq == *highest;
  return arrival.event.prevseq == 0 || !arrival.from_start;
}

std::expected<void, std::string> Intake::Count(const Arrival& arrival) {
  const auto folded = store_.Fold(arrival.event);
  if (folded) {
    ++counters_.counted;
    return {};
  }
  if (folded.error().error == FoldError::kStore) return std::unexpected(folded.error().message);
  ++counters_.unreadable;
  options_.unreadable(arrival, folded.error().message);
  return {};
}

std::expected<void, std::string> Intake::CountFollowers(const Line& line) {
  const auto found = held_.find(line);
  if (found == held_.end()) return {};
  Held& held = found->second;
  for (;;) {
    const std::uint64_t highest = *store_.HighestSeq(line.first, line.second);
    // What is now at or below the highest came another way.
    held_events_ -= std::erase_if(held.by_prevseq, [&](const auto& kept) { return kept.second.event.seq <= highest; });
    const auto next = held.by_prevseq.find(highest);
    if (next == held.by_prevseq.end()) break;
    if (const auto counted = Count(next->second); !counted) return counted;
  }
  if (held.first_dropped) {
    RewindTo(held);
    held_events_ -= held.by_prevseq.size();
  }
  if (held.first_dropped || held.by_prevseq.empty()) held_.erase(found);
  UpdateGauges();
  return {};
}

// The dropped ones may be next; what is still kept is read again with them.
void Intake::RewindTo(const Held& held) {
  std::int64_t offset = *held.first_dropped;
  for (const auto& [prevseq, arrival] : held.by_prevseq) offset = std::min(offset, arrival.offset);
  auto [rewind, inserted] = rewinds_.try_emplace(held.channel, offset);
  rewind->second = std::min(rewind->second, offset);
}

void Intake::Hold(Arrival arrival) {
  auto [found, began] = held_.try_emplace({arrival.event.origin, arrival.event.bucket});
  Held& held = found->second;
  if (began) {
    held.channel = arrival.channel;
    ++counters_.gaps;
    options_.gap(arrival);
  }
  const auto same = held.by_prevseq.find(arrival.event.prevseq);
  if (same != held.by_prevseq.end()) {
    same->second.offset = std::min(same->second.offset, arrival.offset);
  } else if (held_events_ < options_.max_held) {
    ++held_events_;
    held.by_prevseq.emplace(arrival.event.prevseq, std::move(arrival));
  } else {
    held.first_dropped = std::min(held.first_dropped.value_or(arrival.offset), arrival.offset);
  }
  UpdateGauges();
}

std::int64_t Intake::SafeOffset(const std::string& channel, std::int64_t next) const {
  const auto rewind = rewinds_.find(channel);
  if (rewind != rewinds_.end()) next = std::min(next, rewind->second);
  for (const auto& [line, held] : held_) {
    if (held.channel != channel) continue;
    for (const auto& [prevseq, arrival] : held.by_prevseq) next = std::min(next, arrival.offset);
    if (held.first_dropped) next = std::min(next, *held.first_dropped);
  }
  return next;
}

std::optional<std::int64_t> Intake::TakeRewind(const std::string& channel) {
  const auto found = rewinds_.find(channel);
  if (found == rewinds_.end()) return std::nullopt;
  const std::int64_t offset = found->second;
  rewinds_.erase(found);
  return offset;
}

void Intake::Forget(const std::string& channel) {
  std::erase_if(held_, [&](const auto& entry) { return entry.second.channel == channel; });
  rewinds_.erase(channel);
  held_events_ = 0;
  for (const auto& [line, held] : held_) held_events_ += held.by_prevseq.size();
  UpdateGauges();
}

void Intake::Forget() {
  held_.clear();
  rewinds_.clear();
  held_events_ = 0;
  UpdateGauges();
}

void Intake::UpdateGauges() {
  counters_.held_buckets = held_.size();
  counters_.held_events = held_events_;
}

}  // namespace monitor
