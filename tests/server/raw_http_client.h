// A blocking HTTP/1.1 client for tests that shows every byte: one connection, one request after the other.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace monitor::testing_http {

struct Answer {
  int status = 0;
  std::string head;  // status line and headers
  std::string body;

  std::optional<std::string> Header(std::string name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return std::nullopt;
    const std::size_t value = at + name.size() + 4;
    return head.substr(value, head.find("\r\n", value) - value);
  }
};

inline std::array<int, 2> SocketPair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()) != 0) throw std::runtime_error("no pair of sockets");
  return fds;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : Client(Socket{::socket(AF_INET, SOCK_STREAM, 0)}) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  static Client Over(int connected_fd) { return Client(Socket{connected_fd}); }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // `head`: the reply to a HEAD request, which has a length but no body.
  Answer Receive(bool head = false) {
    Answer answer;
    std::size_t end;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!More()) throw std::runtime_error("no whole reply, but: " + received_);
    }
    answer.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    answer.status = std::atoi(answer.head.c_str() + 9);
    const std::size_t length = std::strtoul(answer.Header("Content-Length").value_or("0").c_str(), nullptr, 10);
    while (!head && received_.size() < length) {
      if (!More()) throw std::runtime_error("the body is cut: " + received_);
    }
    if (!head) {
      answer.body = received_.substr(0, length);
      received_.erase(0, length);
    }
    return answer;
  }

  Answer Do(std::string_view method, std::string_view target, std::string_view body = {},
            std::string_view headers = {}) {
    std::string request = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n";
    request += headers;
    if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    Send(request + "\r\n" + std::string(body));
    return Receive(method == "HEAD");
  }

  void Leave() { ::shutdown(fd_, SHUT_RDWR); }

  // True once the server has closed and nothing is left to read.
  bool Closed() {
    while (More()) {
    }
    return received_.empty() && closed_;
  }

 private:
  struct Socket {
    int fd;
  };
  explicit Client(Socket socket) : fd_(socket.fd) {
    timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  bool More() {
    char bytes[16384];
    const ssize_t size = ::recv(fd_, bytes, sizeof bytes, 0);
    closed_ = size == 0;
    if (size <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

  int fd_;
  std::string received_;
  bool closed_ = false;
};

inline Answer Do(std::uint16_t port, std::string_view method, std::string_view target, std::string_view body = {},
                 std::string_view headers = {}) {
  return Client(port).Do(method, target, body, headers);
}

}  // namespace monitor::testing_http
