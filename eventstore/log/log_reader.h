// Reading the log: by position, by stream, by prefix, states, and everything for Verify.
//
// All functions read one open database, to which the caller holds on. Whatever can be read is synced (database.cpp).
// Threads: pure over a thread-safe database.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/event_store.h"
#include "eventstore/log/database.h"

namespace monitor {

using StateEntries = std::vector<std::pair<std::string, std::string>>;

std::expected<std::vector<StoredEvent>, StoreError> ReadLogFrom(const Database& database, LogPosition from,
                                                                ReadOptions options);
std::expected<std::vector<StoredEvent>, StoreError> ReadStreamFrom(const Database& database, const StreamName& stream,
                                                                   std::uint64_t from_version, std::size_t max_events);
std::expected<std::uint64_t, StoreError> ReadStreamVersion(const Database& database, const StreamName& stream);
std::expected<std::vector<StreamName>, StoreError> ListStreams(const Database& database, std::string_view prefix,
                                                               std::size_t limit);
std::expected<std::optional<std::string>, StoreError> ReadValue(const Database& database, Family family,
                                                                std::string_view key);
std::expected<StateEntries, StoreError> ReadEntries(const Database& database, Family family, std::string_view prefix,
                                                    std::size_t limit, std::string_view after);
// The sequence numbers that are kept of an origin; `last` is the one before `first` if none is.
OriginRange RangeOf(const Database& database, Origin origin);

std::expected<std::uint64_t, std::string> VerifyLog(const Database& database, const std::vector<Origin>& origins,
                                                    const std::function<void(std::uint64_t)>& progress);

}  // namespace monitor
