#include "server/slow_sendings.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace monitor::http {
namespace {

int NewEvent() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

SlowSendings::SlowSendings(const std::atomic<bool>& stopping, std::size_t max_bytes)
    : stopping_(stopping), max_bytes_(max_bytes), wake_(NewEvent()), polled_{{wake_, POLLIN, 0}} {
  thread_ = std::jthread([this] { Run(); });
}

SlowSendings::~SlowSendings() {
  Stop();
  ::close(wake_);
}

void SlowSendings::Take(const Sending& sending, std::function<void(bool sent)> done) {
  std::list<Entry> one;
  one.push_back({sending, std::move(done)});
  {
    std::lock_guard lock(mutex_);
    new_.splice(new_.end(), one);
  }
  ::eventfd_write(wake_, 1);
}

void SlowSendings::Stop() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ::eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
}

void SlowSendings::Run() {
  while (TakeOver()) {
    Wait();
    GoOn();
  }
}

// False: nothing is left, and nothing will come.
bool SlowSendings::TakeOver() {
  std::list<Entry> taken;
  {
    std::lock_guard lock(mutex_);
    if (ending_ && new_.empty() && kept_.empty()) return false;
    taken.swap(new_);
  }
  for (const Entry& entry : taken) kept_bytes_ += entry.sending.size();
  kept_.splice(kept_.end(), taken);
  while (kept_bytes_ > max_bytes_) Finish(kept_.begin(), false);
  return true;
}

// Until a socket takes something, another reply comes, or it is time to look for clients that are too slow.
void SlowSendings::Wait() {
  polled_.resize(1);
  try {
    for (const Entry& entry : kept_) polled_.push_back({entry.sending.fd(), POLLOUT, 0});
  } catch (const std::bad_alloc&) {  // the last ones wait for their turn
  }
  const int slice_ms = kept_.empty() ? -1 : static_cast<int>(kSendSlice.count());
  if (::poll(polled_.data(), polled_.size(), slice_ms) < 0) polled_.resize(1);
  std::size_t place = 0;
  for (Entry& entry : kept_) entry.writable = ++place < polled_.size() && polled_[place].revents != 0;
  eventfd_t woken = 0;
  ::eventfd_read(wake_, &woken);
}

void SlowSendings::GoOn() {
  using enum Sending::Outcome;
  for (auto entry = kept_.begin(); entry != kept_.end();) {
    const auto outcome = entry->writable ? entry->sending.Continue() : kFull;
    const bool too_slow = outcome == kFull && entry->sending.Patience(stopping_.load()).count() <= 0;
    entry = outcome != kFull || too_slow ? Finish(entry, outcome == kSent) : std::next(entry);
  }
}

std::list<SlowSendings::Entry>::iterator SlowSendings::Finish(std::list<Entry>::iterator entry, bool sent) {
  kept_bytes_ -= entry->sending.size();
  entry->done(sent);
  return kept_.erase(entry);
}

}  // namespace monitor::http
