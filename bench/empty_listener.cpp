// What monitord's own listener (server/) can do at most: its workers, and a handler that answers every request with the
// same reply as empty_handler.
//
//   empty_listener PORT THREADS
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>

#include "empty_reply.h"
#include "server/http_server.h"

namespace {

bool ParseNumber(const char* text, int& number) {
  const char* end = text + std::strlen(text);
  return std::from_chars(text, end, number).ptr == end && end != text;
}

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  int threads = 0;
  if (argc != 3 || !ParseNumber(argv[1], port) || !ParseNumber(argv[2], threads)) {
    std::fprintf(stderr, "usage: empty_listener PORT THREADS\n");
    return 2;
  }
  try {
    const monitor::http::Server server({.port = static_cast<std::uint16_t>(port), .threads = threads},
                                       [](const monitor::http::Request&) {
                                         monitor::http::Reply reply;
                                         reply.body = monitor::bench::kEmptyReply;
                                         return reply;
                                       });
    for (;;) ::pause();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "empty_listener: %s\n", error.what());
    return 1;
  }
}
