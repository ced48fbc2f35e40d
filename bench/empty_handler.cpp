// What Pistache can do at most: a handler that answers every request with a fixed reply of an engagement's size.
//
//   empty_handler PORT THREADS
#include <pistache/endpoint.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

namespace {

constexpr char kReply[] =
    R"({"sessionId":"f2c4e1a09b7d4c55a3f0c1d2e3b4a596","visitorId":"8a1f0c22d9e74b0f9a5b6c7d8e9f0a1b","pageId":"5959334327",)"
    R"("engagementDetails":[{"campaignId":41,"engagementId":4101,"engagementRevision":7,"contextId":"1","windowId":"77",)"
    R"("language":"en-US","status":"expose"}]})";

class EmptyHandler : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(EmptyHandler)

  void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter response) override {
    response.headers().add<Pistache::Http::Header::Connection>(Pistache::Http::ConnectionControl::KeepAlive);
    response.send(Pistache::Http::Code::Ok, kReply, MIME(Application, Json));
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
