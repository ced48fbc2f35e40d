#include "server/http_server.h"

#include <pistache/endpoint.h>
#include <pistache/peer.h>
#include <pistache/version.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <tuple>

#include "server/connection.h"

namespace monitor::http {
namespace {

// Idle connections are closed by the edge long before; this is for clients that vanished.
constexpr std::chrono::minutes kIdleTimeout{10};
constexpr int kListenBacklog = 4'096;

// Debian's 12 and 13; in another the following is to be looked at again.
//  - onConnection and onInput are private, and are called on the worker that owns the peer;
//  - a peer's data is kept as long as the peer;
//  - the idle time-out looks at the clock of the RequestParser in the peer's ParserData, which reset() sets;
//  - an idle peer (setIdle) is closed by that time-out without a reply;
//  - a peer's worker is its file descriptor modulo the workers (Core::first_duplicate);
//  - shutdown() closes no socket (Core::Drain).
using namespace Pistache::Version;
static_assert(std::tuple(Major, Minor, Patch, Git) == std::tuple(0, 0, 5, 20220901));

// A peer's data: code of ours drops its reference to the connection, so that the thread sanitizer sees the order.
struct PeerData {
  std::shared_ptr<Connection> connection;
};

// Pistache calls it on the worker that owns the peer; every worker has a clone.
class InputHandler : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(InputHandler)

  explicit InputHandler(Core& core) : core_(&core) {}

  // Not reached: onInput is ours.
  void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter) override {}

 private:
  void onInput(const char* bytes, std::size_t size, const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    try {
      std::static_pointer_cast<PeerData>(peer->getData(kConnection))->connection->OnBytes({bytes, size});
      // Its parser holds the clock of the idle time-out, and nothing else.
      getParser(peer)->reset();
    } catch (...) {
      // Out of memory, say. Nothing may leave a callback.
      ::shutdown(peer->fd(), SHUT_RDWR);
    }
  }

  void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    try {
      peer->putData(ParserData, std::make_shared<Pistache::Http::RequestParser>(getMaxRequestSize()));
      peer->putData(kConnection, std::make_shared<PeerData>(
                                     std::make_shared<Connection>(*core_, peer->fd(), peer->address().host())));
      peer->setIdle(true);  // so that Pistache's time-out closes without a reply of its own
    } catch (...) {
      ::shutdown(peer->fd(), SHUT_RDWR);
    }
  }

  static constexpr const char* kConnection = "monitor";
  Core* core_;
};

}  // namespace

class Server::Listener {
 public:
  Listener(const ServerOptions& options, LateHandler handler) : core_(options, std::move(handler)) {
    try {
      Listen(options);
    } catch (const std::exception& error) {
      throw std::runtime_error("cannot listen on " + options.address + " port " + std::to_string(options.port) + ": " +
                               error.what());
    }
  }

  ~Listener() {
    core_.Drain();
    endpoint_->shutdown();
  }

  std::uint16_t port() const { return endpoint_->getPort(); }
  int pending() const { return core_.pending.load(); }

 private:
  void Listen(const ServerOptions& options) {
    using Pistache::Tcp::Options;
    endpoint_ =
        std::make_unique<Pistache::Http::Endpoint>(Pistache::Address(options.address, Pistache::Port(options.port)));
    auto pistache = Pistache::Http::Endpoint::options()
                        .threads(options.threads)
                        .threadsName(options.thread_name)
                        .flags(Pistache::Flags<Options>(Options::ReuseAddr) | Options::NoDelay | Options::CloseOnExec)
                        .backlog(kListenBacklog)
                        .headerTimeout(kIdleTimeout)
                        .bodyTimeout(kIdleTimeout)
                        .keepaliveTimeout(kIdleTimeout);
    endpoint_->init(pistache);
    endpoint_->setHandler(std::make_shared<InputHandler>(core_));
    endpoint_->serveThreaded();
  }

  Core core_;
  std::unique_ptr<Pistache::Http::Endpoint> endpoint_;  // last: its workers use the core
};

Server::Server(ServerOptions options, LateHandler handler)
    : listener_(std::make_unique<Listener>(options, std::move(handler))) {}
Server::Server(ServerOptions options, Handler handler) : Server(std::move(options), Late(std::move(handler))) {}
Server::~Server() = default;
std::uint16_t Server::port() const { return listener_->port(); }
int Server::pending() const { return listener_->pending(); }

}  // namespace monitor::http
