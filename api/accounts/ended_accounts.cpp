// Accounts that end: Accounts::Remove, until Accounts::Ended.
#include <chrono>

#include "api/accounts/account_revisions.h"
#include "api/accounts/accounts.h"

namespace monitor {
namespace {

constexpr std::chrono::seconds kPatience{10};  // of who puts an account in the place of one that ends

}  // namespace

AccountChange Accounts::Remove(const AccountId& id) {
  if (!told_.Writable()) return AccountChange::kUnavailable;
  const Turn turn = WaitForTurn();
  if (!Known(id) && !IsRefused(id)) return AccountChange::kUnknownAccount;
  const auto written = Commit(id, told_, nullptr, DecideRemoval);
  if (written) return AccountChange::kDone;
  return written.error() == StoreError::kUnacknowledged ? AccountChange::kUnacknowledged : AccountChange::kUnavailable;
}

std::vector<AccountId> Accounts::Ending() const {
  std::vector<AccountId> ending;
  for (const auto& [id, kept] : Map().removed) {
    if (kept.ending) ending.push_back(id);
  }
  return ending;
}

std::expected<void, StoreError> Accounts::Ended(const AccountId& id) {
  if (auto forgotten = ForgetRevisions(store_, id); !forgotten) return forgotten;
  const Turn turn = WaitForTurn();
  AccountSnapshot kept = Kept(id);
  if (!kept.ending) return {};
  kept.ending = false;
  const auto written = store_.Append({.states = {{StateTable::kAccount, id.str(), kept.ToJson()}}});
  if (!written) return std::unexpected(written.error());
  Publish(id, std::move(kept), nullptr);
  return {};
}

bool Accounts::WaitForEnd(const AccountId& id) const {
  std::unique_lock lock(map_mutex_);
  return map_changed_.wait_for(lock, kPatience, [&] {
    const auto removed = map_->removed.find(id);
    return removed == map_->removed.end() || !removed->second.ending;
  });
}

}  // namespace monitor
