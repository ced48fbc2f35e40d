// One thread for all replies that their clients do not take at once, so that such clients hold up no handler thread.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "server/sending.h"

namespace monitor::http {

class SlowSendings {
 public:
  // Keeps so many bytes of replies; beyond them it gives up those that it has kept longest. `stopping`: the server is
  // going. Throws std::system_error.
  SlowSendings(const std::atomic<bool>& stopping, std::size_t max_bytes);
  ~SlowSendings();

  // Goes on with it; `done` is told once whether all was sent, on the thread: it must not throw, and others wait for
  // it. Any thread. Throws std::bad_alloc; then nothing was taken.
  void Take(const Sending& sending, std::function<void(bool sent)> done);
  // Waits until nothing is left, which `stopping` bounds, and ends the thread. Nothing may be taken after it.
  void Stop();

 private:
  struct Entry {
    Sending sending;
    std::function<void(bool sent)> done;
    bool writable = false;
  };

  void Run();
  bool TakeOver();
  void Wait();
  void GoOn();
  std::list<Entry>::iterator Finish(std::list<Entry>::iterator entry, bool sent);

  const std::atomic<bool>& stopping_;
  const std::size_t max_bytes_;
  const int wake_;  // an eventfd
  std::mutex mutex_;
  std::list<Entry> new_;
  bool ending_ = false;
  // The thread's own.
  std::list<Entry> kept_;  // the longest kept first
  std::size_t kept_bytes_ = 0;
  std::vector<pollfd> polled_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace monitor::http
