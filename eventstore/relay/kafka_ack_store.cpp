#include "eventstore/relay/kafka_ack_store.h"

#include <algorithm>
#include <utility>

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLook{100};  // how long a stop may go unnoticed

class Counted {
 public:
  explicit Counted(std::atomic<int>& count) : count_(count), number_(count.fetch_add(1) + 1) {}
  ~Counted() { count_.fetch_sub(1); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int number() const { return number_; }

 private:
  std::atomic<int>& count_;
  const int number_;
};

}  // namespace

std::expected<Appended, StoreError> KafkaAckStore::Append(AppendRequest request) {
  const Counted counted(waiting_);
  if (stopped_.load() || counted.number() > options_.max_waiting || relay_.BrokerIsAway()) {
    return std::unexpected(StoreError::kUnavailable);
  }
  const bool has_events = !request.streams.empty();
  auto appended = ForwardingStore::Append(std::move(request));
  if (!appended || !has_events || IsAcknowledged(appended->last.seq)) return appended;
  unacknowledged_.fetch_add(1, std::memory_order_relaxed);
  return std::unexpected(StoreError::kUnacknowledged);
}

bool KafkaAckStore::IsAcknowledged(std::uint64_t seq) const {
  const auto end = steady_clock::now() + options_.max_wait;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    if (relay_.WaitRelayed(seq, std::clamp(left, milliseconds(0), kLook))) return true;
    // A node that leaves waits no longer for a broker that is away: the log keeps what was written.
    if (left <= kLook || given_up_.load() || (stopped_.load() && relay_.BrokerIsAway())) return false;
  }
}

}  // namespace monitor
