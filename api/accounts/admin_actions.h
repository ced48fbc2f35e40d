// What was done through the admin API, newest first: an index beside the streams that hold it. Thread-safe; holds
// nothing.
//
// Keys in StateTable::kAccount (an account id has no `@`): @audit/NUMBER → VERSION ACCOUNT, for each
// admin-action-recorded: its version in the account's stream, without an account in the node's own. NUMBER counts them
// over all streams, inverted, as 16 hex digits: the newest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "domain/events/event.h"
#include "eventstore/event_store.h"

namespace monitor {

struct AdminAction {
  AccountId account;  // empty: the node itself
  TimeMs at;
  LogPosition position;
  AdminActionRecorded data;
};

// To be written with the event, which will have that version in its stream.
StateWrite IndexAction(std::uint64_t number, const AccountId& account, std::uint64_t version);
// Of the newest; 0: there is none.
std::expected<std::uint64_t, StoreError> NewestAction(const EventStore& store);
struct ActionPage {
  std::vector<AdminAction> actions;   // the newest first
  std::optional<std::uint64_t> next;  // `before` of the older ones; none: there are none
};
// Those before `before` (all, if it is 0), at most `limit`. What was done to the node itself goes with the log.
std::expected<ActionPage, StoreError> ReadActions(const EventStore& store, std::uint64_t before, std::size_t limit);

}  // namespace monitor
