#include "api/visits/visitor_rooms.h"

#include <functional>

namespace monitor {
namespace {

// Rooms looked at for one that can be forgotten; taken ones at the cold end are rare.
constexpr int kMaxEvictionSteps = 16;

}  // namespace

std::expected<VisitorRooms::Lease, VisitorRooms::Refusal> VisitorRooms::Enter(
    const std::string& key, std::chrono::steady_clock::time_point deadline) {
  Shard& shard = shards_[std::hash<std::string>{}(key) % kShards];
  std::unique_lock lock(shard.mutex);
  Slot& slot = FindOrMake(shard, key);
  if (slot.taken) {
    if (slot.waiting >= options_.max_waiting) return std::unexpected(Refusal::kTooManyWaiting);
    if (waiting_.fetch_add(1) >= options_.max_waiting_in_all) {
      waiting_.fetch_sub(1);
      return std::unexpected(Refusal::kTooManyWaiting);
    }
    ++slot.waiting;
    const bool left = slot.left.wait_until(lock, deadline, [&] { return !slot.taken; });
    --slot.waiting;
    waiting_.fetch_sub(1);
    if (!left) return std::unexpected(Refusal::kDeadline);
  }
  slot.taken = true;
  return Lease(*this, shard, slot);
}

VisitorRooms::Slot& VisitorRooms::FindOrMake(Shard& shard, const std::string& key) {
  if (auto found = shard.by_key.find(key); found != shard.by_key.end()) {
    shard.slots.splice(shard.slots.begin(), shard.slots, found->second);
    return *found->second;
  }
  Slot& slot = shard.slots.emplace_front(key);
  shard.by_key.emplace(slot.key, shard.slots.begin());
  shard.weight += slot.weight;
  count_.fetch_add(1, std::memory_order_relaxed);
  return slot;
}

void VisitorRooms::Leave(Shard& shard, Slot& slot) {
  std::lock_guard lock(shard.mutex);
  const std::size_t weight = kEmptyRoomBytes + slot.room.event_bytes();
  shard.weight = shard.weight - slot.weight + weight;
  slot.weight = weight;
  slot.taken = false;
  if (slot.waiting > 0) slot.left.notify_one();
  Evict(shard);
}

void VisitorRooms::Evict(Shard& shard) {
  auto candidate = shard.slots.end();
  for (int step = 0; step < kMaxEvictionSteps && candidate != shard.slots.begin(); ++step) {
    if (shard.slots.size() <= options_.max_visitors / kShards && shard.weight <= options_.max_bytes / kShards) return;
    --candidate;
    if (candidate->taken || candidate->waiting > 0) continue;
    shard.weight -= candidate->weight;
    shard.by_key.erase(candidate->key);
    candidate = shard.slots.erase(candidate);
    count_.fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace monitor
