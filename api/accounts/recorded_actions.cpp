// Accounts::Record: the trail of the admin API.
#include "api/accounts/accounts.h"
#include "api/accounts/admin_actions.h"
#include "eventstore/new_event.h"

namespace monitor {

std::expected<void, StoreError> Accounts::Record(const AccountId& id, const AdminActionRecorded& action) {
  const Turn turn = WaitForTurn();
  if (id.empty()) return RecordOfNode(action);
  const auto written =
      Commit(id, store_, nullptr, [&](const AccountSnapshot& kept) { return DecideAction(kept, action); });
  if (!written) return std::unexpected(written.error());
  return {};
}

std::expected<void, StoreError> Accounts::RecordOfNode(const AdminActionRecorded& action) {
  const auto version = store_.StreamVersion(NodeStream());
  if (!version) return std::unexpected(version.error());
  const Event event{{}, action};
  AppendRequest request{.key = PartitionKey(AccountId(), VisitorId()), .now = store_.Now()};
  request.streams.push_back({NodeStream(), *version, {EncodeNew(event, NoKey())}});
  request.states = {IndexAction(newest_action_ + 1, AccountId(), *version + 1)};
  const auto appended = store_.Append(std::move(request));
  if (!appended) return std::unexpected(appended.error());
  ++newest_action_;
  return {};
}

}  // namespace monitor
