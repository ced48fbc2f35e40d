#include "server/request_parser.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

namespace monitor::http {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool SameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsTokenChar(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Does the comma-separated list name this word?
bool ListHas(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (SameWord(Trim(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// In the order of Method.
constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", ""};

Method MethodOf(std::string_view text) {
  const auto found = std::find(std::begin(kMethods), std::end(kMethods) - 1, text);
  return static_cast<Method>(found - std::begin(kMethods));
}

std::optional<std::size_t> ParseNumber(std::string_view text, int base) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::size_t value = 0;
  for (char c : text) {
    const char lower = Lower(c);
    int digit = lower >= '0' && lower <= '9' ? lower - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
    if (digit >= base) return std::nullopt;
    value = value * static_cast<std::size_t>(base) + static_cast<std::size_t>(digit);
  }
  return value;
}

}  // namespace

std::string_view ToText(Method method) { return kMethods[static_cast<std::size_t>(method)]; }

const std::string_view* Message::Find(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (SameWord(field, name)) return &value;
  }
  return nullptr;
}

void RequestParser::Reset() {
  framing_ = Framing::kNone;
  head_known_ = expects_continue_ = false;
  head_bytes_ = content_length_ = chunk_position_ = consumed_ = 0;
  chunked_body_.clear();
  status_ = 0;
  reason_ = {};
}

RequestParser::Outcome RequestParser::Refuse(int status, std::string_view reason) {
  status_ = status;
  reason_ = reason;
  return Outcome::kRefused;
}

RequestParser::Outcome RequestParser::Parse(std::string_view received) {
  const bool head_is_new = !head_known_;
  if (head_is_new) {
    if (Outcome outcome = ParseHead(received); outcome != Outcome::kComplete) return outcome;
    if (Outcome outcome = JudgeFraming(); outcome != Outcome::kComplete) return outcome;
    head_known_ = true;
    chunk_position_ = head_bytes_;
  }
  Outcome body = Outcome::kComplete;
  if (framing_ == Framing::kChunked) {
    body = ReadChunks(received);
  } else {
    consumed_ = head_bytes_ + content_length_;
    if (received.size() < consumed_) body = Outcome::kNeedMore;
  }
  if (body == Outcome::kNeedMore && expects_continue_) {
    expects_continue_ = false;
    if (received.size() == head_bytes_) return Outcome::kContinue;
  }
  if (body != Outcome::kComplete) return body;
  // The bytes may have moved since the head was read: its views are taken anew.
  if (!head_is_new) ParseHead(received);
  message_.body =
      framing_ == Framing::kChunked ? std::string_view(chunked_body_) : received.substr(head_bytes_, content_length_);
  return Outcome::kComplete;
}

// Sets head_bytes_ and the message's head; kComplete if all of it is there.
RequestParser::Outcome RequestParser::ParseHead(std::string_view received) {
  std::size_t position = 0;
  // An empty line before a request is to be ignored (RFC 9112 section 2.2).
  if (received.starts_with("\r\n")) position = 2;
  message_.headers.clear();
  bool first = true;
  for (;;) {
    const std::size_t end = received.find('\n', position);
    const std::size_t line_bytes = std::min(end, received.size()) - position;
    if (first && line_bytes > limits_.max_request_line_bytes) return Refuse(414, "request line is too long");
    if (position + line_bytes > limits_.max_head_bytes) return Refuse(431, "headers are too large");
    if (end == std::string_view::npos) return Outcome::kNeedMore;
    if (line_bytes == 0 || received[end - 1] != '\r') return Refuse(400, "lines must end with CRLF");
    const std::string_view line = received.substr(position, line_bytes - 1);
    position = end + 1;
    if (line.empty() && !first) break;
    Outcome outcome = first ? ParseRequestLine(line) : ParseHeaderLine(line);
    if (outcome != Outcome::kComplete) return outcome;
    first = false;
  }
  head_bytes_ = position;
  return Outcome::kComplete;
}

RequestParser::Outcome RequestParser::ParseRequestLine(std::string_view line) {
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end) return Refuse(400, "malformed request line");
  const std::string_view method = line.substr(0, method_end);
  if (method.empty() || !std::all_of(method.begin(), method.end(), IsTokenChar)) {
    return Refuse(400, "malformed method");
  }
  message_.method = MethodOf(method);
  const std::string_view version = line.substr(target_end + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return version.starts_with("HTTP/") ? Refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
                                        : Refuse(400, "malformed request line");
  }
  message_.http10 = version == "HTTP/1.0";
  return ParseTarget(line.substr(method_end + 1, target_end - method_end - 1));
}

RequestParser::Outcome RequestParser::ParseTarget(std::string_view target) {
  for (char c : target) {
    if (IsControl(c) || c == ' ') return Refuse(400, "malformed request target");
  }
  // The absolute form (RFC 9112 section 3.2.2): what matters is behind the authority.
  if (target.size() > 7 && SameWord(target.substr(0, 7), "http://")) {
    const std::size_t path = target.find_first_of("/?", 7);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    if (target.front() == '?') return Refuse(400, "malformed request target");
  }
  if (target != "*" && !target.starts_with('/')) return Refuse(400, "malformed request target");
  const std::size_t question = target.find('?');
  message_.path = target.substr(0, question);
  message_.query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  return Outcome::kComplete;
}

RequestParser::Outcome RequestParser::ParseHeaderLine(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return Refuse(400, "malformed header");
  const std::string_view name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), IsTokenChar)) return Refuse(400, "malformed header");
  const std::string_view value = Trim(line.substr(colon + 1));
  // Other control characters delimit nothing: kept, as RFC 9110 section 5.5 allows and the edge does.
  if (value.find_first_of(std::string_view("\0\r", 2)) != std::string_view::npos)
    return Refuse(400, "malformed header");
  if (message_.headers.size() == limits_.max_headers) return Refuse(431, "too many headers");
  message_.headers.emplace_back(name, value);
  return Outcome::kComplete;
}

// How the body is delimited (RFC 9112 section 6.3), and what else the connection's fate depends on.
RequestParser::Outcome RequestParser::JudgeFraming() {
  int lengths = 0, encodings = 0, hosts = 0;
  message_.keep_alive = !message_.http10;
  for (const auto& [name, value] : message_.headers) {
    if (SameWord(name, "Content-Length")) {
      auto length = ParseNumber(value, 10);
      if (!length || ++lengths > 1) return Refuse(400, "malformed Content-Length");
      content_length_ = *length;
      framing_ = Framing::kLength;
    } else if (SameWord(name, "Transfer-Encoding")) {
      if (!SameWord(value, "chunked") || ++encodings > 1) return Refuse(501, "Transfer-Encoding must be chunked");
      framing_ = Framing::kChunked;
    } else if (SameWord(name, "Connection")) {
      if (ListHas(value, "close")) message_.keep_alive = false;
      if (message_.http10 && ListHas(value, "keep-alive")) message_.keep_alive = true;
    } else if (SameWord(name, "Expect")) {
      if (!SameWord(value, "100-continue")) return Refuse(417, "unknown expectation");
      expects_continue_ = !message_.http10;
    } else if (SameWord(name, "Host")) {
      ++hosts;
    }
  }
  if (hosts > 1 || (hosts == 0 && !message_.http10)) return Refuse(400, "exactly one Host header is required");
  if (encodings > 0 && (lengths > 0 || message_.http10)) return Refuse(400, "ambiguous length of the body");
  if (content_length_ > limits_.max_body_bytes) return Refuse(413, "body is too large");
  return Outcome::kComplete;
}

RequestParser::Outcome RequestParser::ReadChunks(std::string_view received) {
  constexpr std::size_t kMaxSizeLine = 256;  // chunk extensions are skipped
  for (;;) {
    const std::size_t end = received.find('\n', chunk_position_);
    if (end == std::string_view::npos) {
      if (received.size() - chunk_position_ > kMaxSizeLine) return Refuse(400, "malformed chunk");
      return Outcome::kNeedMore;
    }
    std::string_view line = received.substr(chunk_position_, end - chunk_position_);
    if (!line.ends_with('\r') || line.size() > kMaxSizeLine) return Refuse(400, "malformed chunk");
    line.remove_suffix(1);
    const auto size = ParseNumber(Trim(line.substr(0, line.find(';'))), 16);
    if (!size) return Refuse(400, "malformed chunk");
    if (*size > limits_.max_body_bytes - chunked_body_.size()) return Refuse(413, "body is too large");
    if (*size == 0) return ReadTrailer(received, end + 1);
    const std::size_t data = end + 1;
    if (received.size() < data + *size + 2) return Outcome::kNeedMore;
    if (received.substr(data + *size, 2) != "\r\n") return Refuse(400, "malformed chunk");
    chunked_body_.append(received, data, *size);
    chunk_position_ = data + *size + 2;
  }
}

// Trailer fields are read over: nothing here needs one.
RequestParser::Outcome RequestParser::ReadTrailer(std::string_view received, std::size_t position) {
  for (;;) {
    const std::size_t end = received.find('\n', position);
    const std::size_t line_end = std::min(end, received.size());
    if (line_end - chunk_position_ > limits_.max_head_bytes) return Refuse(431, "trailer is too large");
    if (end == std::string_view::npos) return Outcome::kNeedMore;
    if (end == position || received[end - 1] != '\r') return Refuse(400, "lines must end with CRLF");
    const bool last = end - position == 1;
    position = end + 1;
    if (last) break;
  }
  consumed_ = position;
  return Outcome::kComplete;
}

}  // namespace monitor::http
