#include "server/reply.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <utility>

#include "domain/values/json.h"

namespace monitor::http {
namespace {

constexpr std::pair<int, std::string_view> kPhrases[] = {{200, "OK"},
                                                         {201, "Created"},
                                                         {202, "Accepted"},
                                                         {204, "No Content"},
                                                         {304, "Not Modified"},
                                                         {308, "Permanent Redirect"},
                                                         {400, "Bad Request"},
                                                         {401, "Unauthorized"},
                                                         {403, "Forbidden"},
                                                         {404, "Not Found"},
                                                         {405, "Method Not Allowed"},
                                                         {408, "Request Timeout"},
                                                         {410, "Gone"},
                                                         {412, "Precondition Failed"},
                                                         {413, "Content Too Large"},
                                                         {414, "URI Too Long"},
                                                         {417, "Expectation Failed"},
                                                         {421, "Misdirected Request"},
                                                         {429, "Too Many Requests"},
                                                         {431, "Request Header Fields Too Large"},
                                                         {500, "Internal Server Error"},
                                                         {501, "Not Implemented"},
                                                         {503, "Service Unavailable"},
                                                         {505, "HTTP Version Not Supported"}};

std::string_view Phrase(int status) {
  const auto* found = std::ranges::find(kPhrases, status, &std::pair<int, std::string_view>::first);
  return found == std::end(kPhrases) ? "Status" : found->second;
}

void AppendNumber(std::string& out, std::size_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// 1xx, 204 and 304 have neither body nor length (RFC 9110 section 8.6).
bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

void HeaderLines::Add(std::string_view name, std::string_view value) {
  text_.append(name).append(": ");
  for (char c : value) text_ += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  text_.append("\r\n");
}

bool HasBody(const Reply& reply, ReplyFraming framing) {
  return MayHaveBody(reply.status) && !framing.head_request && !reply.body.empty();
}

void WriteReplyHead(const Reply& reply, ReplyFraming framing, std::string& out) {
  out.append("HTTP/1.1 ");
  AppendNumber(out, static_cast<std::size_t>(reply.status));
  out.append(" ").append(Phrase(reply.status)).append("\r\n");
  if (MayHaveBody(reply.status)) {
    if (!reply.content_type.empty()) {
      out.append("Content-Type: ").append(reply.content_type).append("\r\n");
    }
    out.append("Content-Length: ");
    AppendNumber(out, reply.body.size());
    out.append("\r\n");
  }
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.http10) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append(reply.fixed_headers).append(reply.headers.text()).append("\r\n");
}

Reply ErrorReply(int status, int internal_code, std::string_view message) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  Reply reply;
  reply.status = status;
  json::Writer writer(reply.body);
  writer.BeginObject().Key("time").Int(now.time_since_epoch().count());
  writer.Key("message").String(message).Key("internalCode").Int(internal_code).EndObject();
  return reply;
}

std::optional<Reply> RefuseEncodedBody(const Request& request) {
  constexpr std::string_view kPlain = "identity";
  const std::string_view encoding = request.Header("Content-Encoding").value_or("");
  const auto same = [](char a, char b) { return (a | 0x20) == b; };  // letters without regard to case
  if (encoding.empty() || std::ranges::equal(encoding, kPlain, same)) return std::nullopt;
  return ErrorReply(400, 5, "Content-Encoding: must be identity, bodies are read as they are");
}

}  // namespace monitor::http
