#include "loop.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <random>
#include <stdexcept>

#include "raw_sync.h"

namespace monitor::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kPatience{30};  // for the answers that are left when the time is over

Clock::duration Whole(Seconds seconds) { return std::chrono::duration_cast<Clock::duration>(seconds); }

double CpuSeconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Slot {
  explicit Slot(Target target) : connection(target) {}
  Connection connection;
  Visitor* visitor = nullptr;  // of the request on its way; nullptr: none is
  Clock::time_point due;
  std::string request;
};

class Loop {
 public:
  Loop(const LoadOptions& options, Visits& visits, const NextVisitor& next, const AtEnd& at_end)
      : options_(options), visits_(visits), next_(next), at_end_(at_end), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    // Requests are due to some microseconds: the kernel's leisure of 50 would be counted as the server's.
    ::prctl(PR_SET_TIMERSLACK, 1);
    for (int i = 0; i < options.connections; ++i) {
      slots_.push_back(std::make_unique<Slot>(options.target));
      Open(*slots_.back());
      idle_.push_back(slots_.back().get());
    }
  }
  ~Loop() { ::close(epoll_); }

  LoadResult Run() {
    const double cpu = CpuSeconds();
    begin_ = Clock::now();
    if (options_.rate > 0) {
      RunOpen();
    } else {
      RunClosed();
    }
    result_.cpu_seconds = CpuSeconds() - cpu;
    for (const auto& slot : slots_) result_.opened += slot->connection.opened();
    return std::move(result_);
  }

 private:
  void RunClosed() {
    while (!IsOver()) {
      while (!idle_.empty() && !IsOver()) {
        Visitor* visitor = next_();
        if (visitor == nullptr) break;
        Ask(*visitor, Clock::now());
      }
      TakeAnswers(Clock::now() + std::chrono::milliseconds(1));
    }
    // What is answered later belongs to no measured time.
    result_.seconds = Seconds(Clock::now() - begin_).count();
    const std::uint64_t in_time = result_.requests;
    TakeWhatIsLeft();
    result_.requests = options_.seconds > 0 ? in_time : result_.requests;
  }

  // Requests that are due while every connection is busy wait here for one; their waiting counts.
  void RunOpen() {
    const auto pause = Whole(Seconds(1 / options_.rate));
    for (double second = 0; second < options_.seconds; ++second) {
      const Clock::time_point begin = Clock::now();
      const Clock::time_point end = begin + std::chrono::seconds(1);
      Clock::time_point due = begin;
      while (due < end) {
        for (; due < end && due <= Clock::now(); due += pause) waiting_.push_back(due);
        AskForThoseThatWait();
        TakeAnswers(std::min(due, end));
      }
      while (!waiting_.empty()) {
        AskForThoseThatWait();
        TakeAnswers(Clock::now() + std::chrono::milliseconds(1));
      }
      TakeWhatIsLeft();
      result_.seconds += 1;
      if (!options_.raw_folder.empty()) AppendAndSync(options_.raw_folder, Seconds(1), result_.raw_us);
    }
  }

  void AskForThoseThatWait() {
    while (!waiting_.empty() && !idle_.empty()) {
      Visitor* visitor = next_();
      if (visitor == nullptr) return;
      const Clock::time_point due = waiting_.front();
      waiting_.pop_front();
      Ask(*visitor, due);
    }
  }

  bool IsOver() const {
    if (at_end_()) return true;
    return options_.seconds > 0 && Clock::now() - begin_ >= Whole(Seconds(options_.seconds));
  }

  void Open(Slot& slot) {
    if (slot.connection.open()) return;
    if (!slot.connection.Open())
      throw std::runtime_error("nobody answers at port " + std::to_string(options_.target.port));
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = &slot;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.connection.socket(), &event);
  }

  void Ask(Visitor& visitor, Clock::time_point due) {
    Slot& slot = *idle_.back();
    idle_.pop_back();
    Open(slot);
    visits_.Write(visitor, random_(), slot.request);
    visitor.busy = true;
    slot.visitor = &visitor;
    slot.due = due;
    if (!slot.connection.Send(slot.request)) Fail(slot);
  }

  // Closed by the other side, with or without an answer that was waited for.
  void Fail(Slot& slot) {
    slot.connection.Close();
    if (slot.visitor == nullptr) return;
    ++result_.tally.errors;
    Release(slot);
  }

  void Release(Slot& slot) {
    slot.visitor->busy = false;
    slot.visitor = nullptr;
    idle_.push_back(&slot);
  }

  void TakeAnswers(Clock::time_point until) {
    epoll_event events[64];
    const auto left = std::max(until - Clock::now(), Clock::duration::zero());
    const timespec wait = {static_cast<time_t>(left.count() / 1'000'000'000), left.count() % 1'000'000'000};
    const int count = ::epoll_pwait2(epoll_, events, std::size(events), &wait, nullptr);
    for (int i = 0; i < count; ++i) TakeAnswer(*static_cast<Slot*>(events[i].data.ptr));
  }

  void TakeAnswer(Slot& slot) {
    const Connection::Progress progress = slot.connection.Receive();
    if (progress == Connection::Progress::kMore) return;
    if (progress == Connection::Progress::kGone || slot.visitor == nullptr) return Fail(slot);
    const float wait_us = std::chrono::duration<float, std::micro>(Clock::now() - slot.due).count();
    result_.waits_us.push_back(wait_us);
    ++result_.requests;
    visits_.Take(*slot.visitor, slot.connection.status(), slot.connection.body(), result_.tally);
    Release(slot);
  }

  void TakeWhatIsLeft() {
    const Clock::time_point end = Clock::now() + Whole(kPatience);
    while (idle_.size() < slots_.size()) {
      if (Clock::now() > end) throw std::runtime_error("a request was not answered within half a minute");
      TakeAnswers(Clock::now() + std::chrono::milliseconds(10));
    }
  }

  const LoadOptions& options_;
  Visits& visits_;
  const NextVisitor& next_;
  const AtEnd& at_end_;
  int epoll_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> idle_;
  std::deque<Clock::time_point> waiting_;
  Clock::time_point begin_;
  std::mt19937_64 random_{13};  // which page; the same in every run
  LoadResult result_;
};

}  // namespace

LoadResult RunLoad(const LoadOptions& options, Visits& visits, const NextVisitor& next, const AtEnd& at_end) {
  return Loop(options, visits, next, at_end).Run();
}

}  // namespace monitor::bench
