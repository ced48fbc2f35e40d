#include "api/kafka_ack_store.h"

#include <utility>

namespace monitor {
namespace {

constexpr std::chrono::seconds kLook{60};

class Counted {
 public:
  explicit Counted(std::atomic<int>& count) : count_(count) { count_.fetch_add(1); }
  ~Counted() { count_.fetch_sub(1); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<int>& count_;
};

}  // namespace

std::expected<Appended, StoreError> KafkaAckStore::Append(AppendRequest request) {
  const Counted counted(waiting_);
  if (stopped_.load() || !relay_.Status().refusal.empty()) return std::unexpected(StoreError::kUnavailable);
  const bool has_events = !request.streams.empty();
  auto appended = store_.Append(std::move(request));
  if (!appended || !has_events) return appended;
  while (!relay_.WaitRelayed(appended->last.seq, kLook)) {
  }
  return appended;
}

}  // namespace monitor
