#include "consumers/readers/intake.h"

#include <algorithm>

#include "domain/events/event_size.h"

namespace monitor {
namespace {

// Of a kept event: its node in by_seq and that of its offset, as libstdc++ makes them.
constexpr std::size_t kNodeBytes = 128;

std::size_t BytesOf(const std::string& text) { return text.capacity(); }

// What an event takes while it is kept, without the allocator's own bytes.
std::size_t BytesOf(const Arrival& arrival) {
  const SourceEvent& event = arrival.event;
  const std::size_t content = event.content ? AllocatedBytes(*event.content) : BytesOf(event.content.error());
  return kNodeBytes + sizeof(Arrival) + BytesOf(event.origin) + content + BytesOf(arrival.channel) +
         BytesOf(arrival.key) + BytesOf(arrival.value);
}

}  // namespace

Intake::Intake(ViewStore& store, IntakeOptions options) : store_(store), options_(std::move(options)) {}

std::expected<Taken, std::string> Intake::Take(Arrival arrival) {
  const Line line{arrival.event.origin, arrival.event.bucket};
  const std::optional<std::uint64_t> highest = store_.HighestSeq(line.first, line.second);
  if (highest && arrival.event.seq <= *highest) {
    ++counters_.duplicates;
    return Taken::kDuplicate;
  }
  if (!IsNext(arrival, highest) || arrival.event.unknown) {
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

// By seq: each is looked at once, whether it is counted or came another way meanwhile.
std::expected<void, std::string> Intake::CountFollowers(const Line& line) {
  const auto entry = held_.find(line);
  if (entry == held_.end()) return {};
  Held& held = entry->second;
  while (!held.by_seq.empty()) {
    const auto next = held.by_seq.begin();
    const SourceEvent& event = next->second.arrival.event;
    const std::uint64_t highest = *store_.HighestSeq(line.first, line.second);
    if (event.seq > highest) {
      if (event.prevseq != highest) break;
      if (const auto counted = Count(next->second.arrival); !counted) return counted;
    }
    Release(held, next);
  }
  // The next one may be among those that were not kept.
  if (held.dropped && (held.by_seq.empty() || held.dropped->seq < held.by_seq.begin()->first)) {
    RewindTo(held.channel, held.dropped->offset);
    ForgetOffset(held.channel, held.dropped->offset);
    held.dropped.reset();
  }
  if (held.by_seq.empty()) Close(entry);
  UpdateGauges();
  return {};
}

void Intake::Hold(Arrival arrival) {
  auto [found, began] = held_.try_emplace({arrival.event.origin, arrival.event.bucket});
  Held& held = found->second;
  if (began) {
    held.channel = arrival.channel;
    ++counters_.gaps;
    options_.gap(arrival);
  }
  const std::uint64_t seq = arrival.event.seq;
  if (held.by_seq.contains(seq)) return;
  const std::size_t bytes = BytesOf(arrival);
  if (arrival.event.unknown || held.dropped || held_bytes_ + bytes > options_.max_held_bytes) {
    Drop(held, arrival);
  } else {
    held_offsets_[held.channel].insert(arrival.offset);
    held_bytes_ += bytes;
    ++held_events_;
    held.by_seq.emplace(seq, Kept{std::move(arrival), bytes});
  }
  UpdateGauges();
}

void Intake::Drop(Held& held, const Arrival& arrival) {
  Dropped dropped{.offset = arrival.offset, .seq = arrival.event.seq};
  if (held.dropped) {
    if (held.dropped->offset <= dropped.offset && held.dropped->seq <= dropped.seq) return;
    dropped.offset = std::min(dropped.offset, held.dropped->offset);
    dropped.seq = std::min(dropped.seq, held.dropped->seq);
    ForgetOffset(held.channel, held.dropped->offset);
  }
  held.dropped = dropped;
  held_offsets_[held.channel].insert(dropped.offset);
}

void Intake::Release(Held& held, std::map<std::uint64_t, Kept>::iterator kept) {
  ForgetOffset(held.channel, kept->second.arrival.offset);
  held_bytes_ -= kept->second.bytes;
  --held_events_;
  held.by_seq.erase(kept);
}

void Intake::Close(std::map<Line, Held>::iterator entry) {
  auto& [line, held] = *entry;
  while (!held.by_seq.empty()) Release(held, held.by_seq.begin());
  if (held.dropped) ForgetOffset(held.channel, held.dropped->offset);
  options_.closed(line.first, line.second);
  held_.erase(entry);
}

void Intake::ForgetOffset(const std::string& channel, std::int64_t offset) {
  const auto offsets = held_offsets_.find(channel);
  offsets->second.erase(offsets->second.find(offset));
  if (offsets->second.empty()) held_offsets_.erase(offsets);
}

void Intake::RewindTo(const std::string& channel, std::int64_t offset) {
  auto [rewind, inserted] = rewinds_.try_emplace(channel, offset);
  rewind->second = std::min(rewind->second, offset);
}

std::int64_t Intake::SafeOffset(const std::string& channel, std::int64_t next) const {
  const auto rewind = rewinds_.find(channel);
  if (rewind != rewinds_.end()) next = std::min(next, rewind->second);
  const auto offsets = held_offsets_.find(channel);
  if (offsets != held_offsets_.end()) next = std::min(next, *offsets->second.begin());
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
  for (auto entry = held_.begin(); entry != held_.end();) {
    const auto current = entry++;
    if (current->second.channel == channel) Close(current);
  }
  rewinds_.erase(channel);
  UpdateGauges();
}

void Intake::Forget() {
  held_.clear();
  held_offsets_.clear();
  rewinds_.clear();
  held_events_ = held_bytes_ = 0;
  UpdateGauges();
}

void Intake::UpdateGauges() {
  counters_.held_buckets = held_.size();
  counters_.held_events = held_events_;
  counters_.held_bytes = held_bytes_;
}

}  // namespace monitor
