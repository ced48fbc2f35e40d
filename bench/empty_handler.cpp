// What Pistache can do at most: a handler that answers every request with a fixed reply (empty_reply.h).
//
//   empty_handler PORT THREADS
#include <pistache/endpoint.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

#include "empty_reply.h"

namespace {

class EmptyHandler : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(EmptyHandler)

  void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter response) override {
    response.headers().add<Pistache::Http::Header::Connection>(Pistache::Http::ConnectionControl::KeepAlive);
    response.send(Pistache::Http::Code::Ok, monitor::bench::kEmptyReply, MIME(Application, Json));
  }
};

bool ParseNumber(const char* text, int& number) {
  const char* end = text + std::strlen(text);
  return std::from_chars(text, end, number).ptr == end && end != text;
}

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  int threads = 0;
  if (argc != 3 || !ParseNumber(argv[1], port) || !ParseNumber(argv[2], threads)) {
    std::cerr << "usage: empty_handler PORT THREADS\n";
    return 2;
  }
  Pistache::Http::Endpoint endpoint(
      Pistache::Address(Pistache::Ipv4::loopback(), Pistache::Port(static_cast<std::uint16_t>(port))));
  endpoint.init(Pistache::Http::Endpoint::options().threads(threads).flags(Pistache::Tcp::Options::ReuseAddr));
  endpoint.setHandler(Pistache::Http::make_handler<EmptyHandler>());
  endpoint.serve();
}
