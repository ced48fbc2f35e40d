// An HTTP/1.1 listener on Pistache with blocking workers; pistache/ is named in http_server.cpp only.
//
// Never reachable except through the edge or on loopback: the traps and what is done about them are in
// docs/decisions/ (Pistache). A handler runs on one of `threads` workers and may block; it returns the reply.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace monitor::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kOther };
std::string_view ToText(Method method);

// A request as received. Views are into the connection's buffer and live as long as the handler runs.
class Request {
 public:
  virtual ~Request() = default;
  virtual Method method() const = 0;
  virtual std::string_view path() const = 0;   // as sent, not decoded
  virtual std::string_view query() const = 0;  // as sent, without `?`
  virtual std::string_view body() const = 0;
  virtual std::optional<std::string_view> Header(std::string_view name) const = 0;  // name without regard to case
  virtual std::string_view peer_address() const = 0;
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // besides Content-Type and Content-Length
};

using Handler = std::function<Reply(const Request&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one
  int threads = 4;
  std::string thread_name = "http";
  std::size_t max_body_bytes = 1 << 20;
};

class Server {
 public:
  // Listens; throws std::runtime_error with one clear sentence if it can not. An exception out of the handler is
  // answered 500 with a fixed text.
  Server(ServerOptions options, Handler handler);
  // Waits until no reply is pending (bounded), then closes.
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

// The query's pairs, decoded; of duplicate keys the first counts. A pair that can not be decoded is kept as sent.
class Query {
 public:
  explicit Query(std::string_view raw);
  // nullopt if absent; an empty parameter counts as absent (http-api.md section 2).
  std::optional<std::string_view> Get(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace monitor::http
