#include "api/accounts/admin_actions.h"

#include <string>
#include <string_view>
#include <utility>

#include "api/accounts/descending_key.h"
#include "domain/values/whole_number.h"
#include "eventstore/account_events.h"

namespace monitor {
namespace {

constexpr std::string_view kPrefix = "@audit/";

// nullopt: the log does not keep it any more.
std::expected<std::optional<AdminAction>, StoreError> ReadAction(const EventStore& store, std::string_view value) {
  const std::size_t space = value.find(' ');
  const auto version = ParseWhole<std::uint64_t>(value.substr(0, space));
  if (!version || space == std::string_view::npos) return std::unexpected(StoreError::kCorrupt);
  AccountId account(value.substr(space + 1));
  auto events = store.ReadStream(EventScope{.account = account}.stream(), *version, 1);
  if (!events) return std::unexpected(events.error());
  if (events->empty()) return std::nullopt;
  auto event = ReadAccountEvent(events->front());
  auto* data = event ? std::get_if<AdminActionRecorded>(&event->data) : nullptr;
  if (data == nullptr) return std::unexpected(StoreError::kCorrupt);
  return AdminAction{std::move(account), events->front().time, events->front().position, std::move(*data)};
}

}  // namespace

StateWrite IndexAction(std::uint64_t number, const AccountId& account, std::uint64_t version) {
  return {StateTable::kAccount, std::string(kPrefix) + DescendingKey(number),
          std::to_string(version) + ' ' + account.str()};
}

std::expected<std::uint64_t, StoreError> NewestAction(const EventStore& store) {
  const auto newest = store.ReadStates(StateTable::kAccount, kPrefix, 1);
  if (!newest) return std::unexpected(newest.error());
  return newest->empty() ? 0 : NumberOfDescendingKey(newest->front().first);
}

std::expected<ActionPage, StoreError> ReadActions(const EventStore& store, std::uint64_t before, std::size_t limit) {
  const std::string after = before == 0 ? std::string() : std::string(kPrefix) + DescendingKey(before);
  const auto entries = store.ReadStates(StateTable::kAccount, kPrefix, limit, after);
  if (!entries) return std::unexpected(entries.error());
  ActionPage page;
  for (const auto& [key, value] : *entries) {
    auto action = ReadAction(store, value);
    if (!action) return std::unexpected(action.error());
    if (*action) page.actions.push_back(**std::move(action));
  }
  if (entries->size() == limit) page.next = NumberOfDescendingKey(entries->back().first);
  return page;
}

}  // namespace monitor
