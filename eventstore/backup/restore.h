// A node out of a backup: docs/decisions/backup.md, architecture decision 11.
//
// All is made in a draft inside the data folder; that it becomes the store is the last step. A data folder with a draft
// in it is started by nobody. Threads: one; blocks its caller, in a process that does nothing else with the folder.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "eventstore/backup/backup_folder.h"
#include "kafka/client_settings.h"

namespace monitor {

struct RestoreWanted {
  std::string backups, keys;                    // as they were given to the backup
  std::string data;                             // monitord's data folder: empty, or not there
  std::optional<std::uint32_t> id;              // absent: the newest
  std::optional<kafka::ClientSettings> client;  // absent: there is no broker
  kafka::Topics topics;
  std::function<bool()> go_on = [] { return true; };                         // false stops it
  std::function<void(const char* what, std::uint64_t count)> progress = {};  // now and then
};

struct Restored {
  Backup backup;
  std::uint64_t from_topic = 0;   // events that came back from there
  LogPosition reaches;            // the last event that is there, of the last origin that has any
  std::optional<TimeMs> newest;   // when that was; none: there is no event at all
  std::uint64_t events = 0;       // all that are there, and were checked
  std::uint64_t keys = 0;         // that were put back
  std::uint64_t erased = 0;       // that were not: of visitors erased since they were copied
  std::uint64_t not_relayed = 0;  // events that the topic does not have yet; the node's relay sends them
  Origin origin;                  // the epoch that begins
};

// After an error the data folder is as it was. The error is one sentence.
std::expected<Restored, std::string> Restore(const RestoreWanted& wanted);

// Why nobody may start on this data folder: one sentence; nullopt: nothing is in the way.
std::optional<std::string> WhyHalfRestored(const std::string& data);

}  // namespace monitor
