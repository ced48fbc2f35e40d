// Erases the visitors of accounts that were removed, in the background, and goes on with it after a restart. One thread
// of its own; Wake may be called from any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "api/accounts/accounts.h"
#include "api/visits/visits.h"

namespace monitor {

class AccountEnds {
 public:
  // `last_requests`: how long a request may go on that came while the account was in force. Both must outlive it. It
  // begins once the accounts are loaded.
  AccountEnds(Accounts& accounts, Visits& visits, std::chrono::milliseconds last_requests);

  void Wake();  // an account was removed

 private:
  void Run(std::stop_token stop);
  bool Pause(const std::stop_token& stop, std::chrono::milliseconds time);  // false: it is to stop
  // False: not all is done, and it is to be begun again.
  bool End(const std::stop_token& stop, const AccountId& id);
  // How many were erased; nullopt: it failed, or is to stop.
  std::optional<std::size_t> EraseAll(const std::stop_token& stop, const AccountState& account);

  Accounts& accounts_;
  Visits& visits_;
  const std::chrono::milliseconds last_requests_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool wake_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace monitor
