#include "server/reply.h"

#include <charconv>
#include <chrono>

#include "domain/values/json.h"

namespace monitor::http {
namespace {

std::string_view Phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
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

}  // namespace monitor::http
