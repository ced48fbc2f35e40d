// Replies onto sockets whose clients may be slow or gone.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace monitor::http {

// A reply on its way onto a socket. Used by one thread at a time.
//
// A client is too slow that takes nothing for 5 s, or less than 128 KB a second on top of them; once the server is
// going, not all within 2 s more.
class Sending {
 public:
  enum class Outcome { kSent, kFull, kGone };

  // What the views show must stay until it is over.
  Sending(int fd, std::string_view head, std::string_view body);

  // Writes what the socket takes now. kFull: that was not all.
  Outcome Continue();
  // For how long the client may still take nothing; zero or less: it is too slow. To be asked again after kSendSlice,
  // as the server may be going by then.
  std::chrono::milliseconds Patience(bool going);

  int fd() const { return fd_; }
  std::size_t size() const { return size_; }  // of all, sent or not

 private:
  int fd_;
  std::size_t size_;
  std::string_view head_, body_;  // what is left of them
  std::chrono::steady_clock::time_point end_;
  std::chrono::steady_clock::time_point taken_;  // when the client took something last
};

constexpr std::chrono::milliseconds kSendSlice{100};

// Writes everything; false if the client is gone, or its socket full.
bool SendAtOnce(int fd, std::string_view head, std::string_view body);

}  // namespace monitor::http
