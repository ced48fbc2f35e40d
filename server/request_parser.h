// Reads HTTP/1.1 requests out of a connection's bytes (RFC 9112), strictly: what two servers could read differently is
// refused, so nothing can be smuggled through. Knows no sockets. One per connection; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_server.h"

namespace monitor::http {

struct ParserLimits {
  std::size_t max_body_bytes = 1 << 20;
  // What the edge lets through must fit: 8 KiB of target, 44,000 bytes in all, and its own headers.
  std::size_t max_request_line_bytes = 16 << 10;
  std::size_t max_head_bytes = 64 << 10;  // request line and headers
  std::size_t max_headers = 100;
};

// A whole request. Views are into the bytes given to the last Parse, or into the parser.
struct Message {
  Method method = Method::kOther;
  std::string_view path, query, body;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // as sent, values trimmed
  bool keep_alive = true;
  bool http10 = false;

  const std::string_view* Find(std::string_view name) const;  // without regard to case
};

class RequestParser {
 public:
  enum class Outcome : std::uint8_t {
    kNeedMore,
    kContinue,  // need more, and the client waits for `100 Continue`; said once a request
    kComplete,
    kRefused,  // status() and reason(); where the request ends is not known, so the connection must be closed
  };

  explicit RequestParser(ParserLimits limits) : limits_(limits) {}

  // `received` is everything since the request's first byte: the bytes of the call before, and more.
  Outcome Parse(std::string_view received);

  const Message& message() const { return message_; }
  std::size_t consumed() const { return consumed_; }  // bytes of the complete request
  int status() const { return status_; }
  std::string_view reason() const { return reason_; }

  // Before the next request.
  void Reset();

 private:
  enum class Framing : std::uint8_t { kNone, kLength, kChunked };

  Outcome ParseHead(std::string_view received);
  Outcome ParseRequestLine(std::string_view line);
  Outcome ParseTarget(std::string_view target);
  Outcome ParseHeaderLine(std::string_view line);
  Outcome JudgeFraming();
  Outcome ReadChunks(std::string_view received);
  Outcome ReadTrailer(std::string_view received, std::size_t position);
  Outcome Refuse(int status, std::string_view reason);

  ParserLimits limits_;
  Message message_;
  Framing framing_ = Framing::kNone;
  bool head_known_ = false;
  bool expects_continue_ = false;
  std::size_t head_bytes_ = 0;
  std::size_t content_length_ = 0;
  std::size_t chunk_position_ = 0;  // where the next chunk's size line begins
  std::string chunked_body_;
  std::size_t consumed_ = 0;
  int status_ = 0;
  std::string_view reason_;
};

}  // namespace monitor::http
