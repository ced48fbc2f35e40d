// An HTTP/1.1 listener on Pistache; pistache/ is named in http_server.cpp only.
//
// Pistache accepts, polls and reads; all else is connection.h's, because Pistache's own parser and write queue lose,
// mix up or invent requests and replies (docs/decisions/pistache.md). Still not to be reached except through the edge
// or on loopback: it speaks no TLS and gives slow clients their time.
//
// Threads: a handler runs on one of `threads` workers, or of `handler_threads` if set. One that answers by a Respond
// need not have an answer when it returns: nothing waits for it but its connection.
#pragma once

#include <cstdint>
#include <forward_list>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace monitor::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kOther };
std::string_view ToText(Method method);  // "" for kOther

// A request as received. Views are into the connection's buffer and live until it is answered.
class Request {
 public:
  virtual ~Request() = default;
  virtual Method method() const = 0;
  virtual std::string_view path() const = 0;   // as sent, not decoded
  virtual std::string_view query() const = 0;  // as sent, without `?`
  virtual std::string_view body() const = 0;
  // The first of that name, without regard to case and to space around the value.
  virtual std::optional<std::string_view> Header(std::string_view name) const = 0;
  virtual std::string_view peer_address() const = 0;
  // True once nobody waits for the answer: the client has closed the connection (or its half of it), or the server is
  // going. For handlers that take long; it costs a system call.
  virtual bool abandoned() const { return false; }
};

// Header lines of a reply. Names and values are written as given; control characters in a value become spaces.
class HeaderLines {
 public:
  void Add(std::string_view name, std::string_view value);
  std::string_view text() const { return text_; }  // "Name: value\r\n"…

 private:
  std::string text_;
};

struct Reply {
  int status = 200;
  std::string body;
  std::string_view content_type =
      "application/json";          // of static lifetime; none is sent if empty, nor with 204 and 304
  HeaderLines headers;             // besides Content-Type, Content-Length and Connection
  std::string_view fixed_headers;  // the same of static lifetime, each line ended by CRLF
  // The connection is closed without a reply: what became of the request can not be said. All else is ignored.
  bool unanswered = false;
};

using Handler = std::function<Reply(const Request&)>;

// Answers a request, once, from any thread. The request lives until then; if it goes without having been called, the
// client is answered 500.
using Respond = std::move_only_function<void(Reply)>;
using LateHandler = std::function<void(const Request&, Respond)>;

// The one form of errors: {"time": now, "message", "internalCode"} (http-api.md section 1).
Reply ErrorReply(int status, int internal_code, std::string_view message);

// 400/5 naming the header, if the request says that its body is encoded (gzip, say): no server of ours reads such.
std::optional<Reply> RefuseEncodedBody(const Request& request);

struct ServerOptions {
  std::string address = "127.0.0.1";  // or an IPv6 address
  std::uint16_t port = 0;             // 0: a free one
  int threads = 4;                    // each serves its share of the connections
  // > 0: handlers run on so many threads of their own, so that one that waits holds up no other connection, nor does a
  // client that takes its reply slowly; beyond kMaxQueuedRequests waiting requests: 503.
  int handler_threads = 0;
  // Paths, of static lifetime, that are answered past all that wait for a handler thread, on the connection's worker:
  // the handler must not block for them, and a client whose socket does not take the reply at once (some 10 KB) is cut.
  std::vector<std::string_view> at_once;
  // Requests that may take long, or that others wait for who take long, have threads of their own beside
  // `handler_threads` and hold up no others. `lane_of`: 0, or the place in `lanes` from 1 on; asked on the connection's
  // worker, it must not block.
  struct Lane {
    int threads = 1;
    std::size_t max_queued = 32;  // beyond so many waiting requests: 503
  };
  std::vector<Lane> lanes;
  std::function<std::size_t(const Request&)> lane_of;
  // Gives an answer that the server makes by itself the headers that all of the handler's have. The request is null if
  // it could not be read. Empty: they stay away.
  std::function<void(Reply&, const Request*)> complete;
  std::string thread_name = "http";  // at most 15 characters
  std::size_t max_body_bytes = 1 << 20;
  // Replies in flight get so long when the server is destroyed; a client that has not taken all within 2 s then is cut.
  int max_drain_seconds = 10;
};

// Requests that are not answered yet, of all connections; beyond: 503.
constexpr int kMaxPendingRequests = 8'192;
constexpr std::size_t kMaxPendingBytes = 128 << 20;
constexpr std::size_t kMaxQueuedRequests = 256;

class Server {
 public:
  // Listens; throws std::runtime_error with one clear sentence if it can not. An exception out of the handler is
  // answered 500 with a fixed text.
  Server(ServerOptions options, LateHandler handler);
  Server(ServerOptions options, Handler handler);
  // Requests are abandoned from now on; waits until no reply is pending (bounded), then closes. Returns once no Respond
  // is left.
  ~Server();

  std::uint16_t port() const;
  // Requests that are in a handler or whose reply is being written.
  int pending() const;

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

// Percent-decodes once; nullopt if malformed (a `%` without two hex digits). `+` stays.
std::optional<std::string> PercentDecode(std::string_view text);

// The query's pairs, decoded; of duplicate keys the first counts. A key or value that can not be decoded is kept as
// sent. Holds views: `raw` must outlive it.
class Query {
 public:
  explicit Query(std::string_view raw);
  // nullopt if absent; an empty parameter counts as absent (http-api.md section 2).
  std::optional<std::string_view> Get(std::string_view key) const;

  // What is wrong with the names: the first that is not among `known`, or that is given twice, in words; nullopt if
  // none is.
  std::optional<std::string> Fault(std::span<const std::string_view> known) const;

 private:
  std::string_view Decoded(std::string_view text);

  std::vector<std::pair<std::string_view, std::string_view>> pairs_;
  std::forward_list<std::string> decoded_;  // what was not sent plainly
};

}  // namespace monitor::http
