// Forgets visitors who were not seen for long: their state, their key, what is indexed of them. No event tells of it;
// one who comes back is a new one. Goes through all of them once a day, on a thread of its own, slowly.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>

#include "api/visits/visitor_owner.h"

namespace monitor {

class VisitorRetention {
 public:
  // `unseen`: how long they are remembered. The owner must outlive it.
  VisitorRetention(VisitorOwner& owner, std::chrono::milliseconds unseen);

  // All of them once; how many were forgotten. Ends early when `stop` says so or the store takes nothing.
  std::uint64_t Sweep(const std::stop_token& stop);

  // From now on every day.
  void Start();
  std::uint64_t forgotten() const { return forgotten_.load(std::memory_order_relaxed); }

 private:
  bool Look(const std::string& key, const std::string& value);

  VisitorOwner& owner_;
  const std::chrono::milliseconds unseen_;
  std::atomic<std::uint64_t> forgotten_ = 0;
  std::jthread thread_;
};

}  // namespace monitor
