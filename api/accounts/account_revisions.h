// Which documents were ever in force for an account: an index beside its stream, so that no request walks the stream.
// Thread-safe; holds nothing.
//
// Keys in StateTable::kAccount (an account id has no `@`): @revision/ACCOUNT/VERSION → the revision, for each
// account-configured; VERSION is the event's in the account's stream, inverted, as 16 hex digits: the newest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "domain/events/event.h"
#include "eventstore/event_store.h"

namespace monitor {

struct AccountRevision {
  Revision revision;
  TimeMs at;
  std::string by;  // AccountConfigured::by
  LogPosition position;
};

constexpr std::size_t kMaxRevisionsListed = 1'000;

// To be written with the event, which will have that version.
StateWrite IndexRevision(const AccountId& id, std::uint64_t version, const Revision& revision);

// The newest kMaxRevisionsListed, the newest first.
std::expected<std::vector<AccountRevision>, StoreError> ReadRevisions(const EventStore& store, const AccountId& id);

// The document of that revision; nullopt: it was never in force.
std::expected<std::optional<std::string>, StoreError> ReadRevision(const EventStore& store, const AccountId& id,
                                                                   const Revision& revision);

// The document that was last put when the account's stream was at this version; nullopt: none was.
std::expected<std::optional<std::string>, StoreError> ReadDocumentAt(const EventStore& store, const AccountId& id,
                                                                     std::uint64_t version);

// Of an account that ended: whoever gets its id begins anew.
std::expected<void, StoreError> ForgetRevisions(EventStore& store, const AccountId& id);

// Makes the index of a stream that was written before there was one. `in_force`: what the stream's newest document is.
std::expected<void, StoreError> IndexOlderRevisions(EventStore& store, const AccountId& id, const Revision& in_force);

}  // namespace monitor
