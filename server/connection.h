// A connection's bytes in, requests to the handler, replies out. Knows a socket and no Pistache.
//
// One request after the other, in order; what comes meanwhile is kept. Without handler threads the handler is called in
// OnBytes, with them on one of those. A reply is written by the thread that gives it, before anything else happens on
// the connection; what of it the client does not take at once, by the one of slow_sendings.h.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/handler_threads.h"
#include "server/http_server.h"
#include "server/reply.h"
#include "server/request_parser.h"
#include "server/slow_sendings.h"

namespace monitor::http {

// The sockets of all open connections, for the end. Any thread.
class OpenSockets {
 public:
  void Add(int fd);
  void Remove(int fd);
  // Tells every peer that it is over, and waits until all have been let go, at most `patience`.
  void CloseAll(std::chrono::milliseconds patience);

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::set<int> fds_;
};

// What all connections of a server share. Outlives them; its end runs what still waits for a handler thread, sends what
// is still being sent, and waits for whoever may still answer.
struct Core {
  Core(const ServerOptions& options, LateHandler handler);
  Core(const ServerOptions& options, Handler handler);
  ~Core();
  // Requests are abandoned from now on; waits until no reply is pending (bounded), then closes.
  void Drain();

  const LateHandler handler;
  const ParserLimits limits;
  const std::vector<std::string_view> at_once;
  const std::function<std::size_t(const Request&)> lane_of;
  const std::function<void(Reply&, const Request*)> complete;
  const std::chrono::seconds max_drain;
  // Duplicates of sockets are numbered from here on. Pistache chooses a connection's worker by its number modulo the
  // workers: duplicates in between would leave every second worker without connections.
  const int first_duplicate;
  std::atomic<int> pending{0};                // requests that wait for their reply, or whose reply is being written
  std::atomic<std::size_t> pending_bytes{0};  // what connections hold of these
  std::atomic<int> responders{0};             // who may answer, or has and is not gone yet
  std::atomic<bool> stopping{false};
  OpenSockets sockets;
  std::unique_ptr<HandlerThreads> handler_threads;  // null: handlers run in OnBytes
  std::vector<std::unique_ptr<HandlerThreads>> lanes;
  SlowSendings slow_sendings;

 private:
  void WaitForResponders() const;
};

// A connection's, of the message that its parser holds.
class ReceivedRequest final : public Request {
 public:
  // All must outlive it.
  ReceivedRequest(const Message& message, std::string_view peer_address, int fd, const std::atomic<bool>& stopping)
      : message_(message), peer_address_(peer_address), fd_(fd), stopping_(stopping) {}
  Method method() const override { return message_.method; }
  std::string_view path() const override { return message_.path; }
  std::string_view query() const override { return message_.query; }
  std::string_view body() const override { return message_.body; }
  std::optional<std::string_view> Header(std::string_view name) const override;
  std::string_view peer_address() const override { return peer_address_; }
  bool abandoned() const override;

 private:
  const Message& message_;
  std::string_view peer_address_;
  const int fd_;
  const std::atomic<bool>& stopping_;
};

// Its answer is there when it returns.
LateHandler Late(Handler handler);

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Works on a duplicate of `fd`: a late reply must not find the number in the hands of the next client. Throws
  // std::system_error.
  Connection(Core& core, int fd, std::string peer_address);
  ~Connection();

  // What was read from the socket. From one thread at a time; a handler thread may be at work meanwhile.
  void OnBytes(std::string_view bytes);

 private:
  class Responder;

  void Keep(std::string_view bytes);
  void GoOn(std::unique_lock<std::mutex>& lock, int most);
  bool NextRequest();
  void Begin(bool is_last) noexcept;
  bool EnqueueHandle() noexcept;
  void Handle() noexcept;
  void RespondOverloaded() noexcept;
  void Respond(Reply reply) noexcept;
  void RespondWithout() noexcept;
  void Answered(bool sent) noexcept;
  void Finish();
  Reply Refusal(int status, std::string_view reason, const Request* request) const;
  void SendRefusal();
  void Close(int how);

  Core& core_;
  std::mutex mutex_;
  RequestParser parser_;
  std::string received_;  // from the first byte of the request that is not answered yet
  std::string later_;     // received while busy
  std::size_t kept_bytes_ = 0;
  const std::string peer_address_;
  const int fd_;
  bool busy_ = false;  // a request is with the handler, or its reply on its way
  std::atomic<bool> closing_ = false;

  // Of the request that is being answered; while busy they and the parser are whose turn it is, not the mutex's.
  const ReceivedRequest request_;
  ReplyFraming framing_;
  bool at_once_ = false;
  std::size_t bytes_ = 0;  // counted in Core::pending_bytes
  std::string head_;       // room for reply heads
  std::string body_;       // of the reply, while it is sent
  // Who began the request and who answered it: the second of them to be done with it goes on.
  std::atomic<bool> one_is_done_ = false;
};

}  // namespace monitor::http
