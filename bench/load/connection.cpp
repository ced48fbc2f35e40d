#include "connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace monitor::bench {
namespace {

constexpr int kPatienceMs = 30'000;

SSL_CTX* TlsContext() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
  }();
  return context;
}

// 0 if there is none.
std::size_t ContentLength(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line + 2)) {
    const std::string_view rest = head.substr(line + 2);
    if (rest.size() < kName.size() || ::strncasecmp(rest.data(), kName.data(), kName.size()) != 0) continue;
    const std::size_t digits = rest.find_first_not_of(' ', kName.size());
    std::size_t length = 0;
    if (digits != std::string_view::npos) std::from_chars(rest.data() + digits, rest.data() + rest.size(), length);
    return length;
  }
  return 0;
}

}  // namespace

Connection::Connection(Target target) : target_(target) {}
Connection::~Connection() { Close(); }

bool Connection::Open() {
  if (open()) return true;
  received_.clear();
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(target_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_ < 0 || ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    Close();
    return false;
  }
  ++opened_;
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  if (target_.tls && !HandShake()) Close();
  return open();
}

void Connection::Close() {
  tls_.reset();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

bool Connection::WaitFor(short events) const {
  pollfd one = {socket_, events, 0};
  return ::poll(&one, 1, kPatienceMs) == 1;
}

bool Connection::Wait() const { return (tls_ && SSL_pending(tls_.get()) > 0) || WaitFor(POLLIN); }

bool Connection::HandShake() {
  tls_.reset(SSL_new(TlsContext()));
  SSL_set_fd(tls_.get(), socket_);
  SSL_set_tlsext_host_name(tls_.get(), "localhost");
  for (;;) {
    const int done = SSL_connect(tls_.get());
    if (done == 1) return true;
    const int why = SSL_get_error(tls_.get(), done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return false;
    if (!WaitFor(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return false;
  }
}

bool Connection::Send(std::string_view bytes) {
  received_.clear();
  while (!bytes.empty()) {
    long sent = 0;
    bool full = false;
    if (tls_) {
      sent = SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
      full = sent <= 0 && SSL_get_error(tls_.get(), static_cast<int>(sent)) == SSL_ERROR_WANT_WRITE;
    } else {
      sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      full = sent < 0 && errno == EAGAIN;
    }
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (!full || !WaitFor(POLLOUT)) {
      return false;
    }
  }
  return true;
}

long Connection::Take(char* into, std::size_t size) {
  if (tls_) {
    const int taken = SSL_read(tls_.get(), into, static_cast<int>(size));
    if (taken > 0) return taken;
    return SSL_get_error(tls_.get(), taken) == SSL_ERROR_WANT_READ ? 0 : -1;
  }
  const long taken = ::recv(socket_, into, size, 0);
  if (taken > 0) return taken;
  return taken < 0 && errno == EAGAIN ? 0 : -1;
}

Connection::Progress Connection::Receive() {
  char bytes[16'384];
  for (;;) {
    const long taken = Take(bytes, sizeof(bytes));
    if (taken < 0) return Progress::kGone;
    if (taken == 0) return Progress::kMore;
    received_.append(bytes, static_cast<std::size_t>(taken));
    if (IsWhole()) return Progress::kWhole;
  }
}

bool Connection::IsWhole() {
  const std::size_t end = received_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  body_ = end + 4;
  body_bytes_ = ContentLength(std::string_view(received_).substr(0, end));
  constexpr std::size_t kStatusAt = 9;  // "HTTP/1.1 200 OK"
  status_ = 0;
  if (end > kStatusAt + 3) std::from_chars(received_.data() + kStatusAt, received_.data() + kStatusAt + 3, status_);
  return received_.size() >= body_ + body_bytes_;
}

}  // namespace monitor::bench
