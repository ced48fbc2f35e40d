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
  const bool fits = waiting_.fetch_add(1) < options_.max_waiting;
  if (!fits || stopped_.load() || relay_.BrokerIsAway()) {
    waiting_.fetch_sub(1);
    return done(std::unexpected(StoreError::kUnavailable));
  }
  const bool has_events = !request.streams.empty();
  ForwardingStore::AppendThen(std::move(request), [this, has_events, done = std::move(done)](auto appended) mutable {
    Written(std::move(appended), has_events, std::move(done));
  });
}

void KafkaAckStore::Written(std::expected<Appended, StoreError> appended, bool has_events, Done done) {
  if (!appended || !has_events) {
    done(std::move(appended));
    waiting_.fetch_sub(1);
    return;
  }
  const std::uint64_t seq = appended->last.seq;
  {
    std::lock_guard lock(mutex_);
    written_.emplace(seq, Waiting{*std::move(appended), std::move(done), Clock::now() + options_.max_wait});
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
std::vector<KafkaAckStore::Waiting> KafkaAckStore::TakeAcknowledged(std::uint64_t first_waiting) {
  std::vector<Waiting> taken;
  if (!relay_.WaitRelayed(first_waiting, given_up_.load() ? std::chrono::milliseconds(0) : kLook)) return taken;
  const std::uint64_t relayed = relay_.Status().relayed;
  std::lock_guard lock(mutex_);
  const auto end = written_.upper_bound(relayed);
  for (auto one = written_.begin(); one != end; ++one) taken.push_back(std::move(one->second));
  written_.erase(written_.begin(), end);
  return taken;
}

// Those whose patience is over. A node that leaves waits no longer for a broker that is away: the log keeps what was
// written.
std::vector<KafkaAckStore::Waiting> KafkaAckStore::TakeUnacknowledged() {
  std::vector<Waiting> taken;
  const bool all = given_up_.load() || (stopped_.load() && relay_.BrokerIsAway());
  const auto now = Clock::now();
  std::lock_guard lock(mutex_);
  for (auto one = written_.begin(); one != written_.end() && (all || one->second.end <= now);) {
    taken.push_back(std::move(one->second));
    one = written_.erase(one);
  }
  return taken;
}

void KafkaAckStore::Tell(std::vector<Waiting> waiting, bool acknowledged) {
  for (Waiting& one : waiting) {
    if (!acknowledged) unacknowledged_.fetch_add(1, std::memory_order_relaxed);
    try {
      if (acknowledged) {
        one.done(one.appended);
      } else {
        one.done(std::unexpected(StoreError::kUnacknowledged));
      }
    } catch (const std::exception&) {  // where memory ends; whoever waits is told by what `done` holds
    }
    one.done = nullptr;
    waiting_.fetch_sub(1);
  }
}

}  // namespace monitor
