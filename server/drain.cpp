#include "server/drain.h"

#include <pthread.h>
#include <signal.h>

#include <thread>

namespace monitor {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void StopSignals::Wait() {
  const sigset_t signals = Signals();
  int received = 0;
  while (sigwait(&signals, &received) != 0) {
  }
  // The default of both is to end.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

bool WaitUntil(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace monitor
