#include "consumers/page/page.h"

#include <span>

#include "server/static_files.h"

namespace monitor {

std::span<const http::StaticFile> PageFiles();  // made by the build

http::Reply PageReply(std::string_view name, const http::Request& request) {
  static const http::StaticFiles kFiles(
      PageFiles(),
      "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n");
  auto reply = kFiles.Find(name, request);
  return reply ? *std::move(reply) : http::ErrorReply(404, 5, "the page has no such file");
}

}  // namespace monitor
