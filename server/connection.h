// A connection's bytes in, requests to the handler, replies out. Knows a socket and no Pistache.
//
// One request after the other, in order. Without handler threads the handler runs in OnBytes; with them it runs on one
// of those, and what comes meanwhile is kept. A reply is written before anything else happens on the connection: by the
// thread that made it; what of a handler thread's reply the client does not take at once, by the one of
// slow_sendings.h.
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

// What all connections of a server share. Outlives them; its end runs what still waits for a handler thread, and sends
// what is still being sent.
struct Core {
  Core(const ServerOptions& options, Handler handler);
  ~Core();
  // Requests are abandoned from now on; waits until no reply is pending (bounded), then closes.
  void Drain();

  const Handler handler;
  const ParserLimits limits;
  const std::vector<std::string_view> at_once;
  const std::function<bool(const Request&)> takes_long;
  const std::function<void(Reply&, const Request*)> complete;
  const std::chrono::seconds max_drain;
  // Duplicates of sockets are numbered from here on. Pistache chooses a connection's worker by its number modulo the
  // workers: duplicates in between would leave every second worker without connections.
  const int first_duplicate;
  std::atomic<int> pending{0};  // requests in a handler, or whose reply is being written
  std::atomic<bool> stopping{false};
  OpenSockets sockets;
  std::unique_ptr<HandlerThreads> handler_threads;  // null: handlers run in OnBytes
  std::unique_ptr<HandlerThreads> slow_threads;     // null: there are none that take long
  std::unique_ptr<SlowSendings> slow_sendings;      // null: there are no handler threads
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Works on a duplicate of `fd`: a late reply must not find the number in the hands of the next client. Throws
  // std::system_error.
  Connection(Core& core, int fd, std::string peer_address);
  ~Connection();

  // What was read from the socket. From one thread at a time; a handler thread may be at work meanwhile.
  void OnBytes(std::string_view bytes);

 private:
  void Keep(std::string_view bytes);
  std::size_t AnswerAll(std::string_view bytes);
  bool NextRequest(std::string_view bytes);
  void Answer(bool wait);
  Reply Handle(const Message& message);
  Reply Refusal(int status, std::string_view reason, const Message* message) const;
  void Send(const Reply& reply, ReplyFraming framing, bool wait);
  void CloseUnless(bool sent, bool keep_alive);
  void Close(int how);
  void Dispatch();
  bool EnqueueAnswer() noexcept;
  void AnswerElsewhere() noexcept;
  void Answered(bool sent, bool keep_alive) noexcept;

  Core& core_;
  std::mutex mutex_;  // never contended without handler threads
  RequestParser parser_;
  std::string received_;  // from the first byte of the request that is not whole yet
  std::string later_;     // received while busy
  std::size_t kept_bytes_ = 0;
  std::string head_;  // room for reply heads
  std::string body_;  // of the reply that a handler thread made, while it is sent
  const std::string peer_address_;
  const int fd_;
  bool busy_ = false;
  std::atomic<bool> closing_ = false;
};

}  // namespace monitor::http
