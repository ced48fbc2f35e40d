// Another instance, asked over HTTP, and whether it answers. Thread-safe; each question has a connection of its own,
// which is kept for later ones.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_client.h"

namespace monitor {

class Peer {
 public:
  // `url`: of ServerUrl's form. `token`: that it asks for; empty: none.
  Peer(std::string url, std::string token) : url_(std::move(url)), token_(std::move(token)) {}

  const std::string& url() const { return url_; }

  struct Asking {
    std::string target;  // path and query
    std::string body;    // empty: it is got, else posted
    std::chrono::milliseconds patience;
    std::function<bool()> abandoned;  // asked about once a second
  };
  // The bytes of its answer. The error says why there is none, in words that follow its URL.
  std::expected<std::string, std::string> Ask(const Asking& asking);

  // Why nothing is to be had of it at present, in words that follow its URL; empty: it answers, or was not asked yet.
  std::string Fault() const;
  // Logs what is new.
  void Tell(const std::string& fault);

 private:
  std::unique_ptr<HttpClient> TakeClient();

  const std::string url_, token_;
  mutable std::mutex mutex_;
  std::string fault_;
  std::vector<std::unique_ptr<HttpClient>> idle_;
};

}  // namespace monitor
