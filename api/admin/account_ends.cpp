#include "api/admin/account_ends.h"

#include <memory>
#include <utility>

#include "server/log.h"

namespace monitor {
namespace {

constexpr std::chrono::seconds kLook{1};  // at accounts that are loaded, or could not be ended

// Sessions are closed by its rules; the account's own are gone.
std::shared_ptr<const AccountState> Ended(const AccountId& id) {
  auto account = std::make_shared<Account>();
  account->id = id;
  return std::make_shared<const AccountState>(std::move(account));
}

}  // namespace

AccountEnds::AccountEnds(Accounts& accounts, Visits& visits, std::chrono::milliseconds last_requests)
    : accounts_(accounts),
      visits_(visits),
      last_requests_(last_requests),
      thread_([this](std::stop_token stop) { Run(std::move(stop)); }) {}

void AccountEnds::Wake() {
  std::lock_guard lock(mutex_);
  wake_ = true;
  woken_.notify_all();
}

bool AccountEnds::Pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void AccountEnds::Run(std::stop_token stop) {
  while (accounts_.loading()) {
    if (!Pause(stop, std::chrono::milliseconds(100))) return;
  }
  while (!stop.stop_requested()) {
    bool all = true;
    for (const AccountId& id : accounts_.Ending()) all = End(stop, id) && all;
    std::unique_lock lock(mutex_);
    if (all) {
      woken_.wait(lock, stop, [this] { return wake_; });
    } else {
      woken_.wait_for(lock, stop, kLook, [this] { return wake_; });
    }
    wake_ = false;
  }
}

// Until no visitor is left that was not erased: a request that came before the end may have brought one since.
bool AccountEnds::End(const std::stop_token& stop, const AccountId& id) {
  const auto account = Ended(id);
  std::size_t visitors = 0;
  for (bool last = false; !last;) {
    if (!Pause(stop, last_requests_)) return false;
    const auto erased = EraseAll(stop, *account);
    if (!erased) return false;
    visitors += *erased;
    last = *erased == 0;
  }
  if (!accounts_.Ended(id)) return false;
  log::Info("account_ended", {{"account", id.str()}, {"visitors", static_cast<std::int64_t>(visitors)}});
  return true;
}

std::optional<std::size_t> AccountEnds::EraseAll(const std::stop_token& stop, const AccountState& account) {
  std::size_t count = 0;
  VisitorId after;
  while (!stop.stop_requested()) {
    const auto erased = visits_.commands.EraseSome(account, after);
    if (!erased) return std::nullopt;
    if (!*erased) return count;
    count += **erased;
  }
  return std::nullopt;
}

}  // namespace monitor
