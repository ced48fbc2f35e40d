// The way out of a damaged write-ahead log, by an operator's word only: it is cut at the damage. Families go to tables
// together (database.cpp), and a batch holds all of a request; so what is left is the log, whole, as it was at an
// earlier moment. What stood behind may be known elsewhere: the log must go on in a new epoch. Nobody may use the
// folder.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "eventstore/event_store.h"
#include "eventstore/log/wal_check.h"

namespace monitor {

// Gives `drop` every event behind the damage that can be read, oldest first, and then cuts the log there, unless it
// said false: then it could not be told of. Gives the damage; nullopt: there was none, and nothing is changed. Refuses,
// by one sentence, if later logs stand behind the damaged one, as it can not be told which of them are in tables
// already.
std::expected<std::optional<WalDamage>, std::string> CutDamagedLog(const std::string& folder,
                                                                   const std::function<bool(StoredEvent&&)>& drop);

}  // namespace monitor
