#include "consumers/view/row_keeper.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace monitor {
namespace {

// Whether there is something to retire, a view of many old days is asked as seldom as that takes long: days turn once a
// day.
constexpr int kPausesOfALookInVain = 1'000;
constexpr std::chrono::hours kLongestPause{1};

// It takes a fifth of a core at most, however dear what changes is: one session may have a hundred thousand facts.
constexpr int kPausesOfItsWork = 4;

}  // namespace

RowKeeper::RowKeeper(RowKeeping keeping) : keeping_(std::move(keeping)) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopping;
    std::unique_lock lock(mutex);
    auto pause = keeping_.pause;
    while (!stopping.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      const auto began = std::chrono::steady_clock::now();
      Look(stop);
      const auto took = std::chrono::steady_clock::now() - began;
      pause = std::max(keeping_.pause, std::chrono::ceil<std::chrono::milliseconds>(kPausesOfItsWork * took));
    }
  });
}

// What is in the way of it, the writer meets as well and tells; what is not kept, a question counts itself.
void RowKeeper::Look(const std::stop_token& stop) {
  const auto stopped = [&] { return stop.stop_requested(); };
  const RowKeeping::Look look = keeping_.look();
  const TimeMs before =
      std::exchange(looked_at_, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  if (!look.view->KeepRows(stopped) || keeping_.facts_days.count() == 0 || !look.has_all) return;
  const auto began = std::chrono::steady_clock::now();
  if (began < retire_again_) return;
  static_cast<void>(
      look.view->Retire({.days = keeping_.facts_days, .now = before, .given_up_to = look.given_up_to}, stopped));
  if (look.view->HasSomeToRetire()) return;
  const auto ended = std::chrono::steady_clock::now();
  retire_again_ =
      ended + std::min<std::chrono::steady_clock::duration>(kPausesOfALookInVain * (ended - began), kLongestPause);
}

}  // namespace monitor
