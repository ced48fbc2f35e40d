#include "eventstore/relay/kafka_ack_store.h"

#include <exception>
#include <utility>

namespace monitor {
namespace {

constexpr std::chrono::milliseconds kLook{100};  // how long a stop, or an end of the patience, may go unnoticed

}  // namespace

KafkaAckStore::KafkaAckStore(EventStore& store, const Relay& relay, KafkaAckOptions options)
    : ForwardingStore(store), relay_(relay), options_(options), thread_([this] { Run(); }) {}

KafkaAckStore::~KafkaAckStore() {
  GiveUp();
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  more_.notify_one();
}

void KafkaAckStore::AppendThen(AppendRequest request, Done done) {
  Place place(waiting_);
  if (place.others() >= options_.max_waiting || stopped_.load() || relay_.BrokerIsAway()) {
    return done(std::unexpected(StoreError::kUnavailable));
  }
  const bool has_events = !request.streams.empty();
  Waiters one;  // made before anything is written: afterwards there may be no memory for it
  one.emplace(0, Waiting{.place = std::move(place), .done = std::move(done)});
  ForwardingStore::AppendThen(std::move(request),
                              [this, has_events, waiter = one.extract(one.begin())](auto appended) mutable {
                                Written(std::move(appended), has_events, std::move(waiter));
                              });
}

void KafkaAckStore::Written(std::expected<Appended, StoreError> appended, bool has_events, Waiters::node_type waiter) {
  Waiting& waiting = waiter.mapped();
  if (!appended || !has_events) return waiting.done(std::move(appended));
  waiter.key() = appended->last.seq;
  waiting.appended = *std::move(appended);
  waiting.end = Clock::now() + options_.max_wait;
  {
    std::lock_guard lock(mutex_);
    written_.insert(std::move(waiter));
  }
  more_.notify_one();
}

void KafkaAckStore::Run() {
  for (;;) {
    std::uint64_t first_waiting = 0;
    {
      std::unique_lock lock(mutex_);
      more_.wait(lock, [this] { return ending_ || !written_.empty(); });
      if (written_.empty()) return;
      first_waiting = written_.begin()->first;
    }
    Tell(TakeAcknowledged(first_waiting), true);
    Tell(TakeUnacknowledged(), false);
  }
}

// Waits a moment for the first of them.
KafkaAckStore::Waiters KafkaAckStore::TakeAcknowledged(std::uint64_t first_waiting) {
  Waiters taken;
  if (!relay_.WaitRelayed(first_waiting, given_up_.load() ? std::chrono::milliseconds(0) : kLook)) return taken;
  const std::uint64_t relayed = relay_.Status().relayed;
  std::lock_guard lock(mutex_);
  while (!written_.empty() && written_.begin()->first <= relayed) taken.insert(written_.extract(written_.begin()));
  return taken;
}

// Those whose patience is over. A node that leaves waits no longer for a broker that is away: the log keeps what was
// written.
KafkaAckStore::Waiters KafkaAckStore::TakeUnacknowledged() {
  Waiters taken;
  const bool all = given_up_.load() || (stopped_.load() && relay_.BrokerIsAway());
  const auto now = Clock::now();
  std::lock_guard lock(mutex_);
  for (auto one = written_.begin(); one != written_.end() && (all || one->second.end <= now);) {
    taken.insert(written_.extract(one++));
  }
  return taken;
}

void KafkaAckStore::Tell(Waiters waiters, bool acknowledged) {
  while (!waiters.empty()) {
    const auto waiter = waiters.extract(waiters.begin());
    Waiting& one = waiter.mapped();
    if (!acknowledged) unacknowledged_.fetch_add(1, std::memory_order_relaxed);
    try {
      if (acknowledged) {
        one.done(one.appended);
      } else {
        one.done(std::unexpected(StoreError::kUnacknowledged));
      }
    } catch (const std::exception&) {  // where memory ends; whoever waits is told by what `done` holds
    }
  }
}

}  // namespace monitor
