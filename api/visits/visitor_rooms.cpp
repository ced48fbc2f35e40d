#include "api/visits/visitor_rooms.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <future>

namespace monitor {
namespace {

// Rooms looked at for one that can be forgotten; taken ones at the cold end are rare.
constexpr int kMaxColdRooms = 16;

constexpr std::chrono::milliseconds kLookAtDeadlines{100};

// This thread calls somebody whose turn it is: who leaves a room meanwhile calls nobody in its turn. Or a visitor for
// whom others come as fast as they are done with it would keep the thread, and take the whole of its stack.
thread_local bool is_calling = false;

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

VisitorRooms::VisitorRooms(Options options, OnForgotten on_forgotten)
    : options_(options),
      on_forgotten_(std::move(on_forgotten)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void VisitorRooms::EnterThen(const std::string& key, std::chrono::steady_clock::time_point deadline, Entered entered) {
  Shard& shard = shards_[std::hash<std::string>{}(key) % kShards];
  std::unique_lock lock(shard.mutex);
  Slot& slot = FindOrMake(shard, key);
  std::optional<Refusal> refusal;
  if (!slot.taken) {
    slot.taken = true;
    lock.unlock();
    return entered(Lease(*this, shard, slot));
  }
  if (slot.waiting >= options_.max_waiting || waiting_.load() >= options_.max_waiting_in_all) {
    refusal = Refusal::kTooManyWaiting;
  } else if (deadline <= std::chrono::steady_clock::now()) {
    refusal = Refusal::kDeadline;
  }
  if (refusal) {
    lock.unlock();
    return entered(std::unexpected(*refusal));
  }
  shard.waiters.push_back({&shard, &slot, deadline, std::move(entered)});
  ++slot.waiting;
  waiting_.fetch_add(1);
}

std::expected<VisitorRooms::Lease, VisitorRooms::Refusal> VisitorRooms::Enter(
    const std::string& key, std::chrono::steady_clock::time_point deadline) {
  std::promise<std::expected<Lease, Refusal>> promise;
  auto entered = promise.get_future();
  EnterThen(key, deadline, [&promise](auto lease) { promise.set_value(std::move(lease)); });
  return entered.get();
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

// The room goes to who has waited longest for it.
void VisitorRooms::Leave(Shard& shard, Slot& slot) {
  std::list<Waiter> next;
  {
    std::lock_guard lock(shard.mutex);
    Weigh(shard, slot);
    if (slot.waiting > 0) {
      const auto waiter = std::ranges::find(shard.waiters, &slot, &Waiter::slot);
      next.splice(next.end(), shard.waiters, waiter);
      --slot.waiting;
      waiting_.fetch_sub(1);
    } else {
      slot.taken = false;
    }
    ForgetCold(shard);
  }
  if (next.empty()) return;
  if (!is_calling) return Call(next.front(), Lease(*this, shard, slot));
  {
    std::lock_guard lock(mutex_);
    handed_over_.splice(handed_over_.end(), next);
  }
  more_.notify_one();
}

void VisitorRooms::Call(Waiter& waiter, std::expected<Lease, Refusal> lease) noexcept {
  const bool was_calling = std::exchange(is_calling, true);
  try {
    waiter.entered(std::move(lease));
  } catch (const std::exception&) {  // where memory ends; who waits is told by what `entered` holds
  }
  is_calling = was_calling;
}

// A thread of its own, for those that are handed over, and those whose deadline passes while they wait.
void VisitorRooms::Run(const std::stop_token& stop) {
  auto look = std::chrono::steady_clock::now() + kLookAtDeadlines;
  for (;;) {
    std::list<Waiter> next;
    {
      std::unique_lock lock(mutex_);
      more_.wait_until(lock, stop, look, [&] { return !handed_over_.empty(); });
      next.swap(handed_over_);
    }
    if (next.empty() && stop.stop_requested()) return;
    for (Waiter& waiter : next) Call(waiter, Lease(*this, *waiter.shard, *waiter.slot));
    if (std::chrono::steady_clock::now() < look) continue;
    if (waiting_.load() > 0) RefuseLate();
    look = std::chrono::steady_clock::now() + kLookAtDeadlines;
  }
}

void VisitorRooms::RefuseLate() {
  for (Shard& shard : shards_) {
    std::list<Waiter> late;
    {
      std::lock_guard lock(shard.mutex);
      const auto now = std::chrono::steady_clock::now();
      for (auto next = shard.waiters.begin(); next != shard.waiters.end();) {
        const auto waiter = next++;
        if (waiter->deadline > now) continue;
        --waiter->slot->waiting;
        waiting_.fetch_sub(1);
        late.splice(late.end(), shard.waiters, waiter);
      }
    }
    for (Waiter& waiter : late) Call(waiter, std::unexpected(Refusal::kDeadline));
  }
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
    if (candidate->taken) continue;
    shard.bytes -= candidate->bytes;
    bytes_.fetch_sub(candidate->bytes, std::memory_order_relaxed);
    count_.fetch_sub(1, std::memory_order_relaxed);
    forgotten_.fetch_add(1, std::memory_order_relaxed);
    shard.by_key.erase(candidate->key);
    Tell(*candidate);
    candidate = shard.slots.erase(candidate);
  }
}

}  // namespace monitor
