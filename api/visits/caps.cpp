#include "api/visits/caps.h"

#include <algorithm>
#include <cmath>

#include "domain/values/client_address.h"

namespace monitor {

double TokenBucket::SecondsToToken(const RateLimit& limit, Time now) {
  if (!started_) {
    started_ = true;
    tokens_ = limit.burst;
    filled_at_ = now;
  }
  const double elapsed_s = std::max(0.0, std::chrono::duration<double>(now - filled_at_).count());
  tokens_ = std::min(limit.burst, tokens_ + elapsed_s * limit.per_second);
  filled_at_ = std::max(filled_at_, now);
  if (tokens_ >= 1) return 0;
  // A bucket that can not hold a token, or is never filled, gives none for ever.
  if (limit.burst < 1 || limit.per_second <= 0) return INFINITY;
  return (1 - tokens_) / limit.per_second;
}

std::expected<NewSessionCaps::Taken, int> NewSessionCaps::Take(const AccountId& account, const Settings& settings,
                                                               std::string_view address, Time now) {
  Taken taken;
  if (settings.new_sessions) {
    if (int wait_s = TryTake(accounts_, account.str(), *settings.new_sessions, kMaxAccounts, now); wait_s > 0) {
      return std::unexpected(wait_s);
    }
    taken.account_key = account.str();
  }
  if (!settings.new_sessions_per_address) return taken;
  const std::string network = AddressNetwork(address);
  if (network.empty()) return taken;
  const std::string key = account.str() + "/" + network;
  if (int wait_s = TryTake(networks_, key, *settings.new_sessions_per_address, kMaxNetworks, now); wait_s > 0) {
    Return(taken);
    return std::unexpected(wait_s);
  }
  taken.network_key = key;
  return taken;
}

void NewSessionCaps::Return(const Taken& taken) {
  if (!taken.account_key.empty()) ReturnTo(accounts_, taken.account_key);
  if (!taken.network_key.empty()) ReturnTo(networks_, taken.network_key);
}

int NewSessionCaps::TryTake(Table& table, const std::string& key, const RateLimit& limit, std::size_t max_keys,
                            Time now) {
  Shard& shard = ShardOf(table, key);
  std::lock_guard lock(shard.mutex);
  TokenBucket& bucket = Find(shard, key, max_keys / kShards);
  const double wait_s = bucket.SecondsToToken(limit, now);
  if (wait_s == 0) {
    bucket.Take();
    return 0;
  }
  return static_cast<int>(std::clamp<double>(std::ceil(wait_s), 1, kMaxRetryAfterS));
}

void NewSessionCaps::ReturnTo(Table& table, const std::string& key) {
  Shard& shard = ShardOf(table, key);
  std::lock_guard lock(shard.mutex);
  // Forgotten meanwhile: it will start full.
  if (auto found = shard.by_key.find(key); found != shard.by_key.end()) found->second->tokens.Return();
}

NewSessionCaps::Shard& NewSessionCaps::ShardOf(Table& table, const std::string& key) {
  return table[std::hash<std::string>{}(key) % kShards];
}

TokenBucket& NewSessionCaps::Find(Shard& shard, const std::string& key, std::size_t max_in_shard) {
  if (auto found = shard.by_key.find(key); found != shard.by_key.end()) {
    shard.buckets.splice(shard.buckets.begin(), shard.buckets, found->second);
    return found->second->tokens;
  }
  if (shard.buckets.size() >= max_in_shard) {
    shard.by_key.erase(shard.buckets.back().key);
    shard.buckets.pop_back();
  }
  shard.buckets.push_front({key, {}});
  shard.by_key.emplace(shard.buckets.front().key, shard.buckets.begin());
  return shard.buckets.front().tokens;
}

}  // namespace monitor
