// What fits into one message of the topics, and what is kept of one that is refused (events.md section 3). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace monitor {

// Key, value and headers together, in bytes; of the topics that are made, too. One event may hold a whole account
// document; Kafka's own default is 1 MiB.
constexpr std::size_t kMaxTopicMessageBytes = 8 << 20;

// A refused message as it goes to the dead letters. The views live as long as the message.
struct DeadLetter {
  std::string_view key, value;
  std::string reason;
};

// Kafka's own limit is on compressed batches, so that a message may come that no producer may send. Of such a one the
// beginning is kept, and the reason says so: it must not hold up those behind it.
inline DeadLetter MakeDeadLetter(std::string_view key, std::string_view value, std::string reason) {
  constexpr std::size_t kMaxValueBytes = 8'000'000;
  constexpr std::size_t kMaxKeyBytes = 100'000;
  static_assert(kMaxValueBytes + 2 * kMaxKeyBytes < kMaxTopicMessageBytes);  // with the headers
  if (value.size() > kMaxValueBytes) reason += "; cut, it has " + std::to_string(value.size()) + " bytes";
  return {key.substr(0, kMaxKeyBytes), value.substr(0, kMaxValueBytes), std::move(reason)};
}

}  // namespace monitor
