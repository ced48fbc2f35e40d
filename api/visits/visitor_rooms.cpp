#include "api/visits/visitor_rooms.h"

#include <algorithm>
#include <exception>
#include <functional>

namespace monitor {
namespace {

// Rooms looked at for one that can be forgotten; taken ones at the cold end are rare.
constexpr int kMaxColdRooms = 16;

// What glibc's allocator takes for a block of that size.
constexpr std::size_t HeapBlock(std::size_t size) {
  return size == 0 ? 0 : std::max<std::size_t>(32, (size + 8 + 15) / 16 * 16);
}

std::size_t HeapBytes(const std::string& text) {
  return text.capacity() <= std::string().capacity() ? 0 : HeapBlock(text.capacity() + 1);
}

// A list's node beside its value, and a hash table's node with its place in the table.
constexpr std::size_t kListNode = 2 * sizeof(void*);
constexpr std::size_t kIndexNode = HeapBlock(3 * sizeof(void*) + sizeof(std::string_view)) + 2 * sizeof(void*);
constexpr std::size_t kKeySecret = HeapBlock(32);

}  // namespace

std::size_t RestingVisitor::Bytes() const {
  std::size_t sum = HeapBytes(bytes) + HeapBlock(sessions.capacity() * sizeof(RestingSession));
  for (const RestingSession& session : sessions) sum += HeapBytes(session.bytes);
  return sum + (key ? kKeySecret : 0);
}

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
    const bool left = shard.left.wait_until(lock, deadline, [&] { return !slot.taken; });
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
  count_.fetch_add(1, std::memory_order_relaxed);
  Weigh(shard, slot);
  return slot;
}

void VisitorRooms::Weigh(Shard& shard, Slot& slot) {
  const std::size_t bytes =
      HeapBlock(kListNode + sizeof(Slot)) + kIndexNode + HeapBytes(slot.key) + slot.visitor.Bytes();
  const std::size_t more = bytes - slot.bytes;  // modulo 2^64, as the sums are
  shard.bytes += more;
  bytes_.fetch_add(more, std::memory_order_relaxed);
  slot.bytes = bytes;
}

void VisitorRooms::Leave(Shard& shard, Slot& slot) {
  std::lock_guard lock(shard.mutex);
  Weigh(shard, slot);
  slot.taken = false;
  if (slot.waiting > 0) shard.left.notify_all();
  ForgetCold(shard);
}

// Told while the shard is held: nobody enters one of these rooms before.
void VisitorRooms::Tell(const Slot& forgotten) const noexcept {
  if (!on_forgotten_) return;
  try {
    on_forgotten_(forgotten.key, forgotten.visitor);
  } catch (const std::exception&) {  // where memory ends: it is read from what the store has
  }
}

void VisitorRooms::ForgetCold(Shard& shard) {
  auto candidate = shard.slots.end();
  for (int step = 0; step < kMaxColdRooms && candidate != shard.slots.begin(); ++step) {
    if (shard.bytes <= options_.max_bytes / kShards) break;
    --candidate;
    if (candidate->taken || candidate->waiting > 0) continue;
    shard.bytes -= candidate->bytes;
    bytes_.fetch_sub(candidate->bytes, std::memory_order_relaxed);
    count_.fetch_sub(1, std::memory_order_relaxed);
    shard.by_key.erase(candidate->key);
    Tell(*candidate);
    candidate = shard.slots.erase(candidate);
  }
}

}  // namespace monitor
