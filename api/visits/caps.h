// Caps on new sessions (http-api.md section 6): token buckets per account, and per client network of an account.
//
// Thread-safe. Time comes in. Memory is bounded: beyond kMaxNetworks the least recently used network's bucket is
// forgotten (the account's own bucket still holds).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/account/account.h"
#include "domain/values/names.h"

namespace monitor {

// Fills at `per_second` up to `burst`. The limit may change between calls (a new document).
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Seconds until a token is there; 0: there is one now.
  double SecondsToToken(const RateLimit& limit, Time now);
  void Take() { tokens_ -= 1; }
  void Return() { tokens_ += 1; }

 private:
  bool started_ = false;
  double tokens_ = 0;
  Time filled_at_;
};

class NewSessionCaps {
 public:
  using Time = TokenBucket::Time;
  static constexpr std::size_t kShards = 32;
  static constexpr std::size_t kMaxNetworks = 65'536;
  static constexpr std::size_t kMaxAccounts = 16'384;
  static constexpr int kMaxRetryAfterS = 3'600;

  // What was taken for one request, to be given back if it is refused after all.
  struct Taken {
    std::string account_key, network_key;  // empty: nothing was taken there
  };

  // Takes a token of each cap that applies, or of none and says after how many seconds to come again (1 or more).
  // `address` is the client's; empty: it is not counted by address.
  std::expected<Taken, int> Take(const AccountId& account, const Settings& settings, std::string_view address,
                                 Time now);
  void Return(const Taken& taken);

 private:
  struct Bucket {
    std::string key;
    TokenBucket tokens;
  };
  // The most recently used first.
  struct Shard {
    std::mutex mutex;
    std::list<Bucket> buckets;
    std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_key;
  };
  using Table = std::array<Shard, kShards>;

  // The shard's mutex must be held.
  static TokenBucket& Find(Shard& shard, const std::string& key, std::size_t max_in_shard);
  static Shard& ShardOf(Table& table, const std::string& key);
  static int TryTake(Table& table, const std::string& key, const RateLimit& limit, std::size_t max_keys, Time now);
  static void ReturnTo(Table& table, const std::string& key);

  Table accounts_, networks_;
};

}  // namespace monitor
