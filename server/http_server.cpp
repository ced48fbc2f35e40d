#include "server/http_server.h"

#include <fcntl.h>
#include <pistache/endpoint.h>
#include <pistache/peer.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "server/reply.h"
#include "server/request_parser.h"

namespace monitor::http {
namespace {

using std::chrono::steady_clock;

// A client that takes nothing for so long is cut, and one that takes less than so much a second on top of it; the edge
// takes everything at once.
constexpr std::chrono::milliseconds kSendTimeout{5'000};
constexpr std::size_t kLeastBytesPerMs = 128;
// The same while the server is going, for which is looked so often; and all that it then still gets.
constexpr std::chrono::milliseconds kSendSlice{100}, kLastSendTimeout{1'000};
// Idle connections are closed by the edge long before; this is for clients that vanished.
constexpr std::chrono::minutes kIdleTimeout{10};
constexpr std::chrono::seconds kCloseTimeout{2};
// What a client may send while its last request is being answered, or after it was refused.
constexpr std::size_t kMaxUnreadBytes = 1 << 20;
constexpr int kListenBacklog = 4'096;

// Writes everything, or false if the client is gone or takes nothing, or takes nothing for a moment while the server is
// `stopping`.
bool SendAll(int fd, std::string_view head, std::string_view body, const std::atomic<bool>& stopping) {
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
      if (errno != EAGAIN) return false;
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

// Threads that run handlers where connections' workers must not wait.
class HandlerThreads {
 public:
  HandlerThreads(int threads, std::size_t max_queued) : max_queued_(max_queued) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~HandlerThreads() { Stop(); }
  // Runs what is waiting, then ends the threads.
  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    ready_.notify_all();
    threads_.clear();
  }
  // False: too many are waiting, or stopping.
  bool Enqueue(std::function<void()> job) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_ || jobs_.size() >= max_queued_) return false;
      jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
    return true;
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

// The sockets of all open connections, for the end: Pistache closes none when it stops.
class OpenSockets {
 public:
  void Add(int fd) {
    std::lock_guard lock(mutex_);
    fds_.insert(fd);
  }
  void Remove(int fd) {
    std::lock_guard lock(mutex_);
    fds_.erase(fd);
    if (fds_.empty()) none_.notify_all();
  }
  // Tells every peer that it is over, and waits until all have been let go, at most `patience`.
  void CloseAll(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    for (int fd : fds_) ::shutdown(fd, SHUT_RDWR);
    none_.wait_for(lock, patience, [this] { return fds_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::set<int> fds_;
};

// Half of the numbers that the process may have are for duplicates; of many, enough.
int FirstDuplicate() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 2, 1 << 15));
}

// What all connections share. Outlives them and the handler threads.
struct Core {
  Handler handler;
  ParserLimits limits;
  std::vector<std::string_view> at_once, slow;
  std::atomic<int> pending{0};
  std::atomic<bool> stopping{false};
  OpenSockets sockets;
  // Duplicates are numbered from here on. Pistache chooses a connection's worker by its number modulo the workers:
  // duplicates in between would leave every second worker without connections.
  int first_duplicate = FirstDuplicate();
  // null: handlers run on the connection's worker
  std::unique_ptr<HandlerThreads> handler_threads;
  std::unique_ptr<HandlerThreads> slow_threads;  // null: there are none that take long
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Core& core, Pistache::Tcp::Peer& peer)
      : core_(core), parser_(core.limits), peer_address_(peer.address().host()) {
    // A duplicate: a late reply must not find the number in the hands of the next client.
    fd_ = ::fcntl(peer.fd(), F_DUPFD_CLOEXEC, core.first_duplicate);
    if (fd_ < 0) throw std::system_error(errno, std::generic_category());
    core_.sockets.Add(fd_);
  }
  ~Connection() {
    core_.sockets.Remove(fd_);
    ::close(fd_);
  }

  void OnBytes(std::string_view bytes) {
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

 private:
  // Bytes that can not be looked at now.
  void Keep(std::string_view bytes) {
    kept_bytes_ += bytes.size();
    if (kept_bytes_ > kMaxUnreadBytes + core_.limits.max_body_bytes) {
      closing_ = true;
      ::shutdown(fd_, SHUT_RDWR);
    }
    if (!closing_) later_.append(bytes);
  }

  // Answers every whole request; returns how many bytes they took.
  std::size_t AnswerAll(std::string_view bytes) {
    std::size_t consumed = 0;
    while (consumed < bytes.size() && !closing_) {
      if (!NextRequest(bytes.substr(consumed))) break;
      consumed += parser_.consumed();
      core_.pending.fetch_add(1);
      Answer();
      parser_.Reset();
    }
    return closing_ ? bytes.size() : consumed;
  }

  // True: a request is complete. Refusals and `100 Continue` are sent from here.
  bool NextRequest(std::string_view bytes) {
    switch (parser_.Parse(bytes)) {
      case RequestParser::Outcome::kComplete:
        return true;
      case RequestParser::Outcome::kNeedMore:
        return false;
      case RequestParser::Outcome::kContinue:
        SendAll(fd_, "HTTP/1.1 100 Continue\r\n\r\n", {}, core_.stopping);
        return false;
      case RequestParser::Outcome::kRefused:
        break;
    }
    const int status = parser_.status();
    Send(ErrorReply(status, status < 500 ? 5 : 18, parser_.reason()), {.keep_alive = false});
    return false;
  }

  // One pending request less.
  void Answer() {
    const Message& message = parser_.message();
    const ReplyFraming framing{message.method == Method::kHead, message.http10, message.keep_alive};
    Send(Handle(message), framing);
    core_.pending.fetch_sub(1);
  }

  Reply Handle(const Message& message) {
    try {
      return core_.handler(ReceivedRequest(message, peer_address_, fd_, core_.stopping));
    } catch (...) {
      return ErrorReply(500, 18, "unexpected server error");
    }
  }

  void Send(const Reply& reply, ReplyFraming framing) {
    const bool sent = !reply.unanswered && SendWhole(reply, framing);
    if (sent && framing.keep_alive) return;
    closing_ = true;
    // The client reads the reply to its end and closes; what it still sends is read over, or the reply could be lost.
    ::shutdown(fd_, sent ? SHUT_WR : SHUT_RDWR);
  }

  bool SendWhole(const Reply& reply, ReplyFraming framing) {
    head_.clear();
    WriteReplyHead(reply, framing, head_);
    const std::string_view body = HasBody(reply, framing) ? std::string_view(reply.body) : std::string_view();
    return SendAll(fd_, head_, body, core_.stopping);
  }

  // With handler threads: hands the next whole request over, one at a time.
  void Dispatch() {
    while (!busy_ && !closing_ && !received_.empty() && NextRequest(received_)) {
      core_.pending.fetch_add(1);
      if (std::ranges::find(core_.at_once, parser_.message().path) != core_.at_once.end()) {
        Answer();
        received_.erase(0, parser_.consumed());
        parser_.Reset();
        continue;
      }
      busy_ = ThreadsFor(parser_.message().path).Enqueue([self = shared_from_this()] { self->AnswerElsewhere(); });
      if (busy_) return;
      core_.pending.fetch_sub(1);
      Reply overloaded = ErrorReply(503, 18, "too many requests are waiting");
      overloaded.headers.Add("Retry-After", "1");
      Send(overloaded, {.keep_alive = false});
    }
    if (closing_) received_.clear();
  }

  HandlerThreads& ThreadsFor(std::string_view path) const {
    const auto decoded = core_.slow_threads ? PercentDecode(path) : std::nullopt;
    const bool slow = decoded && std::ranges::find(core_.slow, *decoded) != core_.slow.end();
    return slow ? *core_.slow_threads : *core_.handler_threads;
  }

  // received_ and parser_ are this thread's own while busy_.
  void AnswerElsewhere() {
    Answer();
    std::lock_guard lock(mutex_);
    received_.erase(0, parser_.consumed());
    received_.append(later_);
    later_.clear();
    kept_bytes_ = 0;
    parser_.Reset();
    busy_ = false;
    Dispatch();
  }

  Core& core_;
  std::mutex mutex_;  // never contended without handler threads
  RequestParser parser_;
  std::string received_;  // from the first byte of the request that is not whole yet
  std::string later_;     // received while busy
  std::size_t kept_bytes_ = 0;
  std::string head_;  // room for reply heads
  std::string peer_address_;
  int fd_ = -1;
  bool busy_ = false;
  std::atomic<bool> closing_ = false;
};

// Pistache calls it on the worker that owns the peer; every worker has a clone.
class InputHandler : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(InputHandler)

  explicit InputHandler(Core& core) : core_(&core) {}

  // Not reached: onInput is ours.
  void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter) override {}

 private:
  void onInput(const char* bytes, std::size_t size, const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    try {
      auto connection = std::static_pointer_cast<Connection>(peer->getData(kConnection));
      connection->OnBytes({bytes, size});
      // Its parser holds the clock of the idle time-out, and nothing else.
      getParser(peer)->reset();
    } catch (...) {
      // Out of memory, say. Nothing may leave a callback.
      ::shutdown(peer->fd(), SHUT_RDWR);
    }
  }

  void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    try {
      peer->putData(ParserData, std::make_shared<Pistache::Http::RequestParser>(getMaxRequestSize()));
      peer->putData(kConnection, std::make_shared<Connection>(*core_, *peer));
      peer->setIdle(true);  // so that Pistache's time-out closes without a reply of its own
    } catch (...) {
      ::shutdown(peer->fd(), SHUT_RDWR);
    }
  }

  static constexpr const char* kConnection = "monitor";
  Core* core_;
};

}  // namespace

class Server::Listener {
 public:
  Listener(const ServerOptions& options, Handler handler) : max_drain_seconds_(options.max_drain_seconds) {
    core_.handler = std::move(handler);
    core_.limits.max_body_bytes = options.max_body_bytes;
    core_.at_once = options.at_once;
    core_.slow = options.slow;
    if (options.handler_threads > 0) {
      core_.handler_threads = std::make_unique<HandlerThreads>(options.handler_threads, kMaxQueuedRequests);
    }
    if (options.slow_threads > 0) {
      core_.slow_threads = std::make_unique<HandlerThreads>(options.slow_threads, kMaxQueuedSlowRequests);
    }
    try {
      Listen(options);
    } catch (const std::exception& error) {
      throw std::runtime_error("cannot listen on " + options.address + " port " + std::to_string(options.port) + ": " +
                               error.what());
    }
  }

  ~Listener() {
    core_.stopping = true;
    const auto end = steady_clock::now() + std::chrono::seconds(max_drain_seconds_);
    while (core_.pending.load() > 0 && steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    core_.sockets.CloseAll(kCloseTimeout);
    endpoint_->shutdown();
    endpoint_.reset();
    if (core_.handler_threads) core_.handler_threads->Stop();
    if (core_.slow_threads) core_.slow_threads->Stop();
  }

  std::uint16_t port() const { return port_; }
  int pending() const { return core_.pending.load(); }

 private:
  void Listen(const ServerOptions& options) {
    using Pistache::Tcp::Options;
    endpoint_ =
        std::make_unique<Pistache::Http::Endpoint>(Pistache::Address(options.address, Pistache::Port(options.port)));
    auto pistache = Pistache::Http::Endpoint::options()
                        .threads(options.threads)
                        .threadsName(options.thread_name)
                        .flags(Pistache::Flags<Options>(Options::ReuseAddr) | Options::NoDelay | Options::CloseOnExec)
                        .backlog(kListenBacklog)
                        .headerTimeout(kIdleTimeout)
                        .bodyTimeout(kIdleTimeout)
                        .keepaliveTimeout(kIdleTimeout);
    endpoint_->init(pistache);
    endpoint_->setHandler(std::make_shared<InputHandler>(core_));
    endpoint_->serveThreaded();
    port_ = endpoint_->getPort();
  }

  const int max_drain_seconds_;
  Core core_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Pistache::Http::Endpoint> endpoint_;
};

Server::Server(ServerOptions options, Handler handler)
    : listener_(std::make_unique<Listener>(options, std::move(handler))) {}
Server::~Server() = default;
std::uint16_t Server::port() const { return listener_->port(); }
int Server::pending() const { return listener_->pending(); }

}  // namespace monitor::http
