#include "server/sending.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace monitor::http {
namespace {

using std::chrono::steady_clock;

// A client that takes nothing for so long is cut, and one that takes less than so much a second on top of it; the edge
// takes everything at once.
constexpr std::chrono::milliseconds kSendTimeout{5'000};
constexpr std::size_t kLeastBytesPerMs = 128;
// The same while the server is going, for which is looked so often; and all that it then still gets.
constexpr std::chrono::milliseconds kSendSlice{100}, kLastSendTimeout{1'000};

}  // namespace

bool SendAll(int fd, std::string_view head, std::string_view body, const std::atomic<bool>& stopping, bool wait) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  std::size_t left = head.size() + body.size();
  auto end = steady_clock::now() + kSendTimeout + std::chrono::milliseconds(left / kLeastBytesPerMs);
  auto taken = steady_clock::now();  // when the client took something last
  while (left > 0) {
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN || !wait) return false;
      const auto now = steady_clock::now();
      const bool going = stopping.load();
      if (going) end = std::min(end, now + kLastSendTimeout);
      const auto until = std::min(end, taken + (going ? kSendSlice : kSendTimeout));
      const auto patience = std::chrono::ceil<std::chrono::milliseconds>(until - now);
      pollfd writable{fd, POLLOUT, 0};
      if (patience.count() <= 0) return false;
      if (::poll(&writable, 1, static_cast<int>(std::min(kSendSlice, patience).count())) < 0) return false;
      continue;
    }
    taken = steady_clock::now();
    left -= static_cast<std::size_t>(sent);
    std::size_t skip = static_cast<std::size_t>(sent);
    for (iovec& part : parts) {
      const std::size_t step = std::min(skip, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + step;
      part.iov_len -= step;
      skip -= step;
    }
  }
  return true;
}

}  // namespace monitor::http
