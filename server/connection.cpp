#include "server/connection.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <thread>
#include <utility>

#include "server/sending.h"

namespace monitor::http {
namespace {

constexpr std::chrono::seconds kCloseTimeout{2};
constexpr std::chrono::milliseconds kLook{5};  // at what the server waits for when it goes
// What a client may send while its last request is being answered, or after it was refused.
constexpr std::size_t kMaxUnreadBytes = 1 << 20;
// Replies of which clients have not taken all yet, together.
constexpr std::size_t kMaxSendingBytes = 128 << 20;

// Of a connection's requests so many are begun in a row by who answered the one before, whom others wait for; then it
// is over. Only who sends without ever waiting for answers has as many.
constexpr int kMaxInARow = 10'000;

// What a connection keeps for its next request.
constexpr std::size_t kMaxKeptCapacity = 16 << 10;

// Half of the numbers that the process may have are for duplicates; of many, enough.
int FirstDuplicate() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 2, 1 << 15));
}

}  // namespace

LateHandler Late(Handler handler) {
  return [handler = std::move(handler)](const Request& request, Respond respond) { respond(handler(request)); };
}

std::optional<std::string_view> ReceivedRequest::Header(std::string_view name) const {
  const std::string_view* value = message_.Find(name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

bool ReceivedRequest::abandoned() const {
  if (stopping_.load()) return true;
  char byte;
  const ssize_t received = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR);
}

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

Core::Core(const ServerOptions& options, Handler handler) : Core(options, Late(std::move(handler))) {}

Core::Core(const ServerOptions& options, LateHandler handler)
    : handler(std::move(handler)),
      limits{.max_body_bytes = options.max_body_bytes},
      at_once(options.at_once),
      lane_of(options.lane_of),
      complete(options.complete),
      max_drain(options.max_drain_seconds),
      first_duplicate(FirstDuplicate()),
      slow_sendings(stopping, kMaxSendingBytes) {
  if (options.handler_threads > 0) {
    handler_threads = std::make_unique<HandlerThreads>(options.handler_threads, kMaxQueuedRequests);
  }
  for (const ServerOptions::Lane& lane : options.lanes) {
    lanes.push_back(std::make_unique<HandlerThreads>(lane.threads, lane.max_queued));
  }
}

Core::~Core() {
  // All before any goes: a connection's next request may be for another.
  if (handler_threads) handler_threads->Stop();
  for (const auto& lane : lanes) lane->Stop();
  stopping = true;
  WaitForResponders();
  slow_sendings.Stop();  // those replies' connections may have had another request
  WaitForResponders();
}

void Core::WaitForResponders() const {
  while (responders.load() > 0) std::this_thread::sleep_for(kLook);
}

void Core::Drain() {
  stopping = true;
  const auto end = std::chrono::steady_clock::now() + max_drain;
  while (pending.load() > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kLook);
  }
  sockets.CloseAll(kCloseTimeout);
}

// The right to answer a connection's request; what goes without an answer is a 500.
class Connection::Responder {
 public:
  explicit Responder(std::shared_ptr<Connection> connection)
      : core_(&connection->core_), connection_(std::move(connection)) {
    core_->responders.fetch_add(1);
  }
  Responder(Responder&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)), connection_(std::move(other.connection_)) {}
  Responder& operator=(Responder&&) = delete;
  ~Responder() {
    if (connection_) connection_->RespondWithout();
    connection_.reset();
    if (core_ != nullptr) core_->responders.fetch_sub(1);  // the last that is touched: the server may go
  }
  void operator()(Reply reply) {
    if (const auto connection = std::move(connection_)) connection->Respond(std::move(reply));
  }

 private:
  Core* core_;
  std::shared_ptr<Connection> connection_;
};

Connection::Connection(Core& core, int fd, std::string peer_address)
    : core_(core),
      parser_(core.limits),
      peer_address_(std::move(peer_address)),
      fd_(::fcntl(fd, F_DUPFD_CLOEXEC, core.first_duplicate)),
      request_(parser_.message(), peer_address_, fd_, core.stopping) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category());
  core_.sockets.Add(fd_);
}

Connection::~Connection() {
  core_.sockets.Remove(fd_);
  ::close(fd_);
}

void Connection::OnBytes(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  if (closing_ || busy_) return Keep(bytes);
  received_.append(bytes);
  GoOn(lock, std::numeric_limits<int>::max());
}

// Bytes that can not be looked at now.
void Connection::Keep(std::string_view bytes) {
  kept_bytes_ += bytes.size();
  if (kept_bytes_ > kMaxUnreadBytes + core_.limits.max_body_bytes) {
    Close(SHUT_RDWR);
  }
  if (!closing_) later_.append(bytes);
}

// Begins one whole request after the other, for as long as each is answered before this looks at it again, and they are
// not too many.
void Connection::GoOn(std::unique_lock<std::mutex>& lock, int most) {
  for (; !closing_ && !received_.empty() && NextRequest(); --most) {
    busy_ = true;
    lock.unlock();
    Begin(most <= 1);
    if (!one_is_done_.exchange(true)) return;  // whoever answers it goes on; nothing here is this thread's any more
    lock.lock();
    Finish();
  }
  if (closing_) received_.clear();
}

// True: a request is complete. Refusals and `100 Continue` are sent from here.
bool Connection::NextRequest() {
  using enum RequestParser::Outcome;
  const auto outcome = parser_.Parse(received_);
  if (outcome == kContinue && !SendAtOnce(fd_, "HTTP/1.1 100 Continue\r\n\r\n", {})) Close(SHUT_RDWR);
  if (outcome == kRefused) SendRefusal();
  return outcome == kComplete;
}

void Connection::Begin(bool is_last) noexcept {
  const Message& message = parser_.message();
  framing_ = {message.method == Method::kHead, message.http10, message.keep_alive && !is_last};
  at_once_ = std::ranges::find(core_.at_once, message.path) != core_.at_once.end();
  one_is_done_.store(false);
  bytes_ = parser_.consumed();
  const bool fits = core_.pending.fetch_add(1) < kMaxPendingRequests;
  const bool holds = core_.pending_bytes.fetch_add(bytes_) < kMaxPendingBytes;
  if (!core_.handler_threads || at_once_) return fits && holds ? Handle() : RespondOverloaded();
  if (!EnqueueHandle()) RespondOverloaded();
}

bool Connection::EnqueueHandle() noexcept {
  try {
    const std::size_t lane = core_.lanes.empty() ? 0 : core_.lane_of(request_);
    HandlerThreads& threads = lane == 0 ? *core_.handler_threads : *core_.lanes[lane - 1];
    return threads.Enqueue([self = shared_from_this()] { self->Handle(); });
  } catch (...) {
    return false;  // out of memory, say
  }
}

// Nothing is thrown: it would end the process. What the handler throws takes its Respond along.
void Connection::Handle() noexcept {
  try {
    core_.handler(request_, Responder(shared_from_this()));
  } catch (...) {
  }
}

void Connection::RespondOverloaded() noexcept {
  framing_.keep_alive = false;
  try {
    Reply overloaded = Refusal(503, "too many requests are waiting", &request_);
    overloaded.headers.Add("Retry-After", "1");
    Respond(std::move(overloaded));
  } catch (...) {
    Answered(false);
  }
}

void Connection::RespondWithout() noexcept {
  try {
    Respond(Refusal(500, "unexpected server error", &request_));
  } catch (...) {
    Answered(false);
  }
}

// Any thread, once a request.
void Connection::Respond(Reply reply) noexcept {
  bool sent = false;
  try {
    if (!reply.unanswered) {
      head_.clear();
      WriteReplyHead(reply, framing_, head_);
      if (HasBody(reply, framing_)) body_ = std::move(reply.body);
      Sending sending(fd_, head_, body_);
      const auto outcome = sending.Continue();
      if (outcome == Sending::Outcome::kFull && !at_once_) {
        return core_.slow_sendings.Take(sending, [self = shared_from_this()](bool all) { self->Answered(all); });
      }
      sent = outcome == Sending::Outcome::kSent;
    }
  } catch (...) {  // out of memory: what was sent of the reply is not known
  }
  Answered(sent);
}

// One pending request less, and the next in its turn.
void Connection::Answered(bool sent) noexcept {
  if (!sent || !framing_.keep_alive) {
    // The client reads the reply to its end and closes; what it still sends is read over, or the reply could be lost.
    Close(sent ? SHUT_WR : SHUT_RDWR);
  }
  core_.pending_bytes.fetch_sub(bytes_);
  core_.pending.fetch_sub(1);
  if (!one_is_done_.exchange(true)) return;  // whoever began it goes on
  try {
    std::unique_lock lock(mutex_);
    Finish();
    GoOn(lock, kMaxInARow);
  } catch (...) {
    Close(SHUT_RDWR);
  }
}

// The request is over. Under the mutex.
void Connection::Finish() {
  received_.erase(0, parser_.consumed());
  received_.append(later_);
  later_.clear();
  body_.clear();
  for (std::string* text : {&received_, &later_, &body_}) {
    if (text->empty() && text->capacity() > kMaxKeptCapacity) std::string().swap(*text);
  }
  kept_bytes_ = 0;
  parser_.Reset();
  busy_ = false;
}

Reply Connection::Refusal(int status, std::string_view reason, const Request* request) const {
  Reply reply = ErrorReply(status, status < 500 ? 5 : 18, reason);
  if (core_.complete) core_.complete(reply, request);
  return reply;
}

// Of what is no request.
void Connection::SendRefusal() {
  const Reply reply = Refusal(parser_.status(), parser_.reason(), nullptr);
  head_.clear();
  WriteReplyHead(reply, {.keep_alive = false}, head_);
  Close(SendAtOnce(fd_, head_, reply.body) ? SHUT_WR : SHUT_RDWR);
}

void Connection::Close(int how) {
  closing_ = true;
  ::shutdown(fd_, how);
}

}  // namespace monitor::http
