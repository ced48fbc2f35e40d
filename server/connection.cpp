#include "server/connection.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>

#include "server/sending.h"

namespace monitor::http {
namespace {

constexpr std::chrono::seconds kCloseTimeout{2};
// What a client may send while its last request is being answered, or after it was refused.
constexpr std::size_t kMaxUnreadBytes = 1 << 20;
// Replies of which clients have not taken all yet, together.
constexpr std::size_t kMaxSendingBytes = 128 << 20;

class ReceivedRequest final : public Request {
 public:
  // `stopping` is the server's.
  ReceivedRequest(const Message& message, std::string_view peer_address, int fd, const std::atomic<bool>& stopping)
      : message_(message), peer_address_(peer_address), fd_(fd), stopping_(stopping) {}
  Method method() const override { return message_.method; }
  std::string_view path() const override { return message_.path; }
  std::string_view query() const override { return message_.query; }
  std::string_view body() const override { return message_.body; }
  std::optional<std::string_view> Header(std::string_view name) const override {
    const std::string_view* value = message_.Find(name);
    return value == nullptr ? std::nullopt : std::optional(*value);
  }
  std::string_view peer_address() const override { return peer_address_; }
  bool abandoned() const override {
    if (stopping_.load()) return true;
    char byte;
    const ssize_t received = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR);
  }

 private:
  const Message& message_;
  std::string_view peer_address_;
  const int fd_;
  const std::atomic<bool>& stopping_;
};

// Half of the numbers that the process may have are for duplicates; of many, enough.
int FirstDuplicate() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 2, 1 << 15));
}

}  // namespace

void OpenSockets::Add(int fd) {
  std::lock_guard lock(mutex_);
  fds_.insert(fd);
}

void OpenSockets::Remove(int fd) {
  std::lock_guard lock(mutex_);
  fds_.erase(fd);
  if (fds_.empty()) none_.notify_all();
}

void OpenSockets::CloseAll(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  for (int fd : fds_) ::shutdown(fd, SHUT_RDWR);
  none_.wait_for(lock, patience, [this] { return fds_.empty(); });
}

Core::Core(const ServerOptions& options, Handler handler)
    : handler(std::move(handler)),
      limits{.max_body_bytes = options.max_body_bytes},
      at_once(options.at_once),
      takes_long(options.takes_long),
      complete(options.complete),
      max_drain(options.max_drain_seconds),
      first_duplicate(FirstDuplicate()) {
  if (options.handler_threads > 0) {
    handler_threads = std::make_unique<HandlerThreads>(options.handler_threads, kMaxQueuedRequests);
    slow_sendings = std::make_unique<SlowSendings>(stopping, kMaxSendingBytes);
  }
  if (options.slow_threads > 0) {
    slow_threads = std::make_unique<HandlerThreads>(options.slow_threads, kMaxQueuedSlowRequests);
  }
}

Core::~Core() {
  // Both before either goes: a connection's next request may be for the other.
  if (handler_threads) handler_threads->Stop();
  if (slow_threads) slow_threads->Stop();
  stopping = true;
  if (slow_sendings) slow_sendings->Stop();
}

void Core::Drain() {
  stopping = true;
  const auto end = std::chrono::steady_clock::now() + max_drain;
  while (pending.load() > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  sockets.CloseAll(kCloseTimeout);
}

Connection::Connection(Core& core, int fd, std::string peer_address)
    : core_(core),
      parser_(core.limits),
      peer_address_(std::move(peer_address)),
      fd_(::fcntl(fd, F_DUPFD_CLOEXEC, core.first_duplicate)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category());
  core_.sockets.Add(fd_);
}

Connection::~Connection() {
  core_.sockets.Remove(fd_);
  ::close(fd_);
}

void Connection::OnBytes(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (closing_ || busy_) return Keep(bytes);
  if (core_.handler_threads) {
    received_.append(bytes);
    return Dispatch();
  }
  // Mostly a read is a request: it is then answered in place, without a copy.
  const bool in_place = received_.empty();
  if (!in_place) received_.append(bytes);
  const std::size_t consumed = AnswerAll(in_place ? bytes : std::string_view(received_));
  if (in_place) {
    received_.assign(bytes.substr(consumed));
  } else {
    received_.erase(0, consumed);
  }
}

// Bytes that can not be looked at now.
void Connection::Keep(std::string_view bytes) {
  kept_bytes_ += bytes.size();
  if (kept_bytes_ > kMaxUnreadBytes + core_.limits.max_body_bytes) {
    Close(SHUT_RDWR);
  }
  if (!closing_) later_.append(bytes);
}

// Answers every whole request; returns how many bytes they took.
std::size_t Connection::AnswerAll(std::string_view bytes) {
  std::size_t consumed = 0;
  while (consumed < bytes.size() && !closing_) {
    if (!NextRequest(bytes.substr(consumed))) break;
    consumed += parser_.consumed();
    core_.pending.fetch_add(1);
    Answer(true);
    parser_.Reset();
  }
  return closing_ ? bytes.size() : consumed;
}

// True: a request is complete. Refusals and `100 Continue` are sent from here.
bool Connection::NextRequest(std::string_view bytes) {
  using enum RequestParser::Outcome;
  const auto outcome = parser_.Parse(bytes);
  const bool wait = !core_.handler_threads;
  if (outcome == kContinue && !SendAll(fd_, "HTTP/1.1 100 Continue\r\n\r\n", {}, core_.stopping, wait)) {
    Close(SHUT_RDWR);
  }
  if (outcome == kRefused) {
    Send(Refusal(parser_.status(), parser_.reason(), nullptr), {.keep_alive = false}, wait);
  }
  return outcome == kComplete;
}

// Answers here and now. One pending request less.
void Connection::Answer(bool wait) {
  const Message& message = parser_.message();
  const ReplyFraming framing{message.method == Method::kHead, message.http10, message.keep_alive};
  try {
    Send(Handle(message), framing, wait);
  } catch (...) {  // out of memory: what was sent of the reply is not known
    Close(SHUT_RDWR);
  }
  core_.pending.fetch_sub(1);
}

Reply Connection::Handle(const Message& message) {
  try {
    return core_.handler(ReceivedRequest(message, peer_address_, fd_, core_.stopping));
  } catch (...) {
    return Refusal(500, "unexpected server error", &message);
  }
}

Reply Connection::Refusal(int status, std::string_view reason, const Message* message) const {
  Reply reply = ErrorReply(status, status < 500 ? 5 : 18, reason);
  if (!core_.complete) return reply;
  if (message) {
    const ReceivedRequest request(*message, peer_address_, fd_, core_.stopping);
    core_.complete(reply, &request);
  } else {
    core_.complete(reply, nullptr);
  }
  return reply;
}

void Connection::Send(const Reply& reply, ReplyFraming framing, bool wait) {
  bool sent = false;
  if (!reply.unanswered) {
    head_.clear();
    WriteReplyHead(reply, framing, head_);
    sent = SendAll(fd_, head_, HasBody(reply, framing) ? reply.body : std::string_view(), core_.stopping, wait);
  }
  CloseUnless(sent, framing.keep_alive);
}

void Connection::CloseUnless(bool sent, bool keep_alive) {
  if (sent && keep_alive) return;
  // The client reads the reply to its end and closes; what it still sends is read over, or the reply could be lost.
  Close(sent ? SHUT_WR : SHUT_RDWR);
}

void Connection::Close(int how) {
  closing_ = true;
  ::shutdown(fd_, how);
}

// With handler threads: hands the next whole request over, one at a time. What is said from here does not wait for the
// client: a worker, and so others, would wait with it.
void Connection::Dispatch() {
  while (!busy_ && !closing_ && !received_.empty() && NextRequest(received_)) {
    core_.pending.fetch_add(1);
    if (std::ranges::find(core_.at_once, parser_.message().path) != core_.at_once.end()) {
      Answer(false);
      received_.erase(0, parser_.consumed());
      parser_.Reset();
      continue;
    }
    busy_ = EnqueueAnswer();
    if (busy_) return;
    core_.pending.fetch_sub(1);
    Reply overloaded = Refusal(503, "too many requests are waiting", &parser_.message());
    overloaded.headers.Add("Retry-After", "1");
    Send(overloaded, {.keep_alive = false}, false);
  }
  if (closing_) received_.clear();
}

bool Connection::EnqueueAnswer() noexcept {
  try {
    const bool slow = core_.slow_threads && core_.takes_long &&
                      core_.takes_long(ReceivedRequest(parser_.message(), peer_address_, fd_, core_.stopping));
    HandlerThreads& threads = slow ? *core_.slow_threads : *core_.handler_threads;
    return threads.Enqueue([self = shared_from_this()] { self->AnswerElsewhere(); });
  } catch (...) {
    return false;  // out of memory, say
  }
}

// received_, parser_, head_ and body_ are this thread's own while busy_, and then that of slow_sendings. Nothing is
// thrown: it would end the process.
void Connection::AnswerElsewhere() noexcept {
  const Message& message = parser_.message();
  const ReplyFraming framing{message.method == Method::kHead, message.http10, message.keep_alive};
  bool sent = false;
  try {
    Reply reply = Handle(message);
    if (!reply.unanswered) {
      head_.clear();
      WriteReplyHead(reply, framing, head_);
      if (HasBody(reply, framing)) body_ = std::move(reply.body);
      Sending sending(fd_, head_, body_);
      const auto outcome = sending.Continue();
      if (outcome == Sending::Outcome::kFull) {
        return core_.slow_sendings->Take(sending, [self = shared_from_this(), keep_alive = framing.keep_alive](
                                                      bool all) { self->Answered(all, keep_alive); });
      }
      sent = outcome == Sending::Outcome::kSent;
    }
  } catch (...) {  // out of memory: what was sent of the reply is not known
  }
  Answered(sent, framing.keep_alive);
}

// One pending request less, and the next in its turn.
void Connection::Answered(bool sent, bool keep_alive) noexcept {
  std::string().swap(body_);
  CloseUnless(sent, keep_alive);
  core_.pending.fetch_sub(1);
  std::lock_guard lock(mutex_);
  try {
    received_.erase(0, parser_.consumed());
    received_.append(later_);
    later_.clear();
    kept_bytes_ = 0;
    parser_.Reset();
    busy_ = false;
    Dispatch();
  } catch (...) {
    Close(SHUT_RDWR);
  }
}

}  // namespace monitor::http
