#include "server/sending.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace monitor::http {
namespace {

using std::chrono::steady_clock;

// A client that takes nothing for so long is cut, and one that takes less than so much a second on top of it; the edge
// takes everything at once.
constexpr std::chrono::milliseconds kSendTimeout{5'000};
constexpr std::size_t kLeastBytesPerMs = 128;
// All that it still gets once the server is going. Of a busy machine's polite clients some take nothing for a while.
constexpr std::chrono::milliseconds kLastSendTimeout{2'000};

iovec Bytes(std::string_view view) { return {const_cast<char*>(view.data()), view.size()}; }

}  // namespace

Sending::Sending(int fd, std::string_view head, std::string_view body)
    : fd_(fd),
      size_(head.size() + body.size()),
      head_(head),
      body_(body),
      end_(steady_clock::now() + kSendTimeout + std::chrono::milliseconds(size_ / kLeastBytesPerMs)),
      taken_(steady_clock::now()) {}

Sending::Outcome Sending::Continue() {
  while (head_.size() + body_.size() > 0) {
    iovec parts[2] = {Bytes(head_), Bytes(body_)};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? Outcome::kFull : Outcome::kGone;
    }
    taken_ = steady_clock::now();
    const std::size_t of_head = std::min(static_cast<std::size_t>(sent), head_.size());
    head_.remove_prefix(of_head);
    body_.remove_prefix(static_cast<std::size_t>(sent) - of_head);
  }
  return Outcome::kSent;
}

std::chrono::milliseconds Sending::Patience(bool going) {
  const auto now = steady_clock::now();
  if (going) end_ = std::min(end_, now + kLastSendTimeout);
  return std::chrono::ceil<std::chrono::milliseconds>(std::min(end_, taken_ + kSendTimeout) - now);
}

bool SendAtOnce(int fd, std::string_view head, std::string_view body) {
  return Sending(fd, head, body).Continue() == Sending::Outcome::kSent;
}

}  // namespace monitor::http
