#include "api/visits/visitor_retention.h"

#include <condition_variable>
#include <limits>
#include <mutex>
#include <utility>

#include "domain/deciding/snapshots.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenSweeps = std::chrono::days(1);
constexpr std::size_t kPage = 256;
constexpr milliseconds kBetweenPages{50};  // 5,000 a second: nobody else notices
constexpr std::chrono::seconds kPatience{10};

void WaitFor(const std::stop_token& stop, milliseconds pause) {
  std::mutex mutex;
  std::condition_variable_any stopping;
  std::unique_lock lock(mutex);
  stopping.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); });
}

// What is asked of each visitor while it is owned. Its answer: it was forgotten.
class Forget {
 public:
  Forget(const VisitorRecords& records, milliseconds unseen) : records_(records), unseen_(unseen) {}

  VisitOutcome<AppendRequest> operator()(VisitorLease& lease, TimeMs now) {
    forgets_ = false;
    AppendRequest append{.key = PartitionKey(lease.account(), lease.visitor()), .now = now};
    VisitorState& state = lease.Change();
    if (state.seen_at == TimeMs{}) {  // kept before that was: seen now, for all that is known
      state.seen_at = now;
      append.states.push_back(VisitorRecords::WriteVisitor(lease.account(), lease.visitor(), lease.Pack()));
      return append;
    }
    if (now - state.seen_at <= unseen_) return AppendRequest{};
    auto rows = records_.AllOf(lease.account(), lease.visitor(), state);
    if (!rows) return std::unexpected(FailureOf(rows.error()));
    append.states = *std::move(rows);
    lease.KeepNothing();
    forgets_ = true;
    return append;
  }

  bool forgets() const { return forgets_; }

 private:
  const VisitorRecords& records_;
  milliseconds unseen_;
  bool forgets_ = false;
};

}  // namespace

VisitorRetention::VisitorRetention(VisitorOwner& owner, milliseconds unseen) : owner_(owner), unseen_(unseen) {}

void VisitorRetention::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Sweep(stop);
      WaitFor(stop, kBetweenSweeps);
    }
  });
}

std::uint64_t VisitorRetention::Sweep(const std::stop_token& stop) {
  std::uint64_t forgotten = 0;
  std::string after;
  while (!stop.stop_requested() && owner_.store().Writable()) {
    const auto page = owner_.store().ReadStates(StateTable::kVisitor, "", kPage, after);
    if (!page) break;
    for (const auto& [key, value] : *page) {
      if (stop.stop_requested()) return forgotten;
      if (!Look(key, value)) continue;
      ++forgotten;
      forgotten_.fetch_add(1, std::memory_order_relaxed);
    }
    if (page->size() < kPage) break;
    after = page->back().first;
    WaitFor(stop, kBetweenPages);
  }
  return forgotten;
}

// A row of the table of visitors. True: a visitor was forgotten.
bool VisitorRetention::Look(const std::string& key, const std::string& value) {
  const auto name = VisitorRecords::VisitorOfRow(key, value);
  if (!name) return false;
  const TimeMs now = owner_.store().Now();
  if (!name->index) {
    const auto state = UnpackVisitor(value);
    if (!state || (state->seen_at != TimeMs{} && now - state->seen_at <= unseen_)) return false;
  }
  auto lease = owner_.Own(name->account, name->visitor, std::chrono::steady_clock::now() + kPatience);
  if (!lease) return false;
  if (name->index) {
    // Of somebody of whom nothing is known any more.
    if (lease->state() != VisitorState{.version = lease->state().version}) return false;
    owner_.Commit(*std::move(lease), [&key](VisitorLease& one, TimeMs time) -> VisitOutcome<AppendRequest> {
      AppendRequest append{.key = PartitionKey(one.account(), one.visitor()), .now = time};
      append.states.push_back({StateTable::kVisitor, key, std::nullopt});
      return append;
    });
    return false;
  }
  auto [committed, forget] = owner_.Commit(*std::move(lease), Forget(owner_.records(), unseen_));
  return committed && forget.forgets();
}

}  // namespace monitor
