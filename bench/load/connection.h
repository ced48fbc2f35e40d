// One client connection that is kept alive: requests as bytes, one at a time, over TCP or TLS.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace monitor::bench {

// Where the load goes: loopback only.
struct Target {
  std::uint16_t port = 0;
  bool tls = false;  // whoever answers is believed: it is a server of our own
};

class Connection {
 public:
  explicit Connection(Target target);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens it if it is not open; false if nobody listens. Counted in opened().
  bool Open();
  void Close();
  bool open() const { return socket_ >= 0; }
  int socket() const { return socket_; }
  int opened() const { return opened_; }

  // Sends all of it, waiting where it must; false: the connection is gone.
  bool Send(std::string_view bytes);

  enum class Progress { kMore, kWhole, kGone };
  // Takes what has come. kWhole: status() and body() are the answer's until the next Send.
  Progress Receive();
  // Waits until there is something to take, or half a minute has passed: then false.
  bool Wait() const;

  int status() const { return status_; }
  std::string_view body() const { return std::string_view(received_).substr(body_, body_bytes_); }

 private:
  bool WaitFor(short events) const;
  bool HandShake();
  long Take(char* into, std::size_t size);  // > 0, or 0: nothing yet, -1: gone
  bool IsWhole();

  struct FreeTls {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  Target target_;
  int socket_ = -1;
  int opened_ = 0;
  std::unique_ptr<SSL, FreeTls> tls_;
  std::string received_;
  int status_ = 0;
  std::size_t body_ = 0, body_bytes_ = 0;
};

}  // namespace monitor::bench
