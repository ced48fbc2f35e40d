// Replies onto sockets whose clients may be slow or gone. Any thread.
#pragma once

#include <atomic>
#include <string_view>

namespace monitor::http {

// Writes everything, or false if the client is gone or too slow: takes nothing for 5 s, or less than 128 KB a second on
// top of them; once the server is `stopping`, nothing for 100 ms, or not all within a second more. Without `wait` a
// client is too slow as soon as its socket is full.
bool SendAll(int fd, std::string_view head, std::string_view body, const std::atomic<bool>& stopping, bool wait);

}  // namespace monitor::http
