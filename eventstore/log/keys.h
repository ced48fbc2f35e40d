// The key bytes of every column family, in one place. BE = big-endian, so that keys sort as numbers do.
//
//   family   key                                                        value
//   log      node BE4, epoch BE4, seq BE8                               record (record.h)
//   stream   stream's name, 0x00, node BE4, epoch BE4, first ver. BE8   first seq varint, count varint:
//            one entry per append: its events have consecutive versions and sequence numbers. The origin stands before
//            the version, because versions count anew in every origin and older origins come first.
//   session  accountId/visitorId/sessionId                              snapshot (session_row.h)
//   visitor  accountId/visitorId                                        snapshot (domain/deciding/snapshots.h)
//   account  accountId                                                  snapshot (domain/account/account_snapshot.h)
//            @revision/…                                                api/accounts/account_revisions.h
//            @event/, key of the log                                    record of an account's event that the log
//                                                                       does not keep any more
//            @audit/…                                                   api/accounts/admin_actions.h
//   keys     accountId/visitorId                                        wrapped key (visitor_keys.h)
//   relay    node BE4, epoch BE4                                        acknowledged seq BE8
//   meta     "format"                                                   "2"; a log whose records are all of version 1
//                                                                       says "1" until it is opened to be written
//            "node"                                                     node BE4
//            "epoch"                                                    current epoch BE4
//            "heads", node BE4, epoch BE4                               checkpoint: bucket_heads.h
//            "first", node BE4, epoch BE4                               oldest seq that is kept BE8; absent: 1
//            "longest_session", "restored"                              retention.cpp, restored_rows.h
//            "master_key_check"                                         MasterKey::CheckValue (visitor_keys.h)
//            "snapshots"                                                greatest kSnapshotLayout ever written, in
//            digits
//            "identities"                                               position from which on every identity presented
//                                                                       is in the index (api/visits/visitor_records.h)
//
// A stream's name holds no 0x00. Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/event_store.h"

namespace monitor {

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "2", kOlderFormat = "1";
constexpr std::string_view kNodeKey = "node";
constexpr std::string_view kEpochKey = "epoch";
constexpr const char* kLongestKey = "longest_session";
constexpr const char* kMasterKeyCheckKey = "master_key_check";
constexpr const char* kSnapshotsKey = "snapshots";
constexpr const char* kIdentitiesKey = "identities";

constexpr std::size_t kLogKeySize = 16;
std::array<char, kLogKeySize> LogKey(LogPosition position);
std::optional<LogPosition> ParseLogKey(std::string_view key);

constexpr std::size_t kOriginKeySize = 8;
std::array<char, kOriginKeySize> OriginKey(Origin origin);
// In the same family: longer than an origin's key.
std::string TopicKey(std::string_view topic);

std::string HeadsKey(Origin origin);
std::string FirstKey(Origin origin);
std::string AccountEventKey(LogPosition position);

// How the names of their streams begin (events.md section 1).
constexpr std::string_view kSessionStreams = "session/", kAccountStreams = "account/";

// One append's events in its stream.
struct StreamEntry {
  std::string_view stream;  // of a parsed key: a view into it
  Origin origin;
  std::uint64_t first_version = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t count = 0;

  std::uint64_t last_version() const { return first_version + count - 1; }
  LogPosition last() const { return {origin, first_seq + count - 1}; }
};

// Everything before the origin: begins every key of the stream.
std::string StreamKeyPrefix(std::string_view stream);
// Size of that prefix in a key of the family; the whole key's size if it holds no 0x00.
std::size_t StreamKeyPrefixSize(std::string_view key);
void AppendStreamKey(std::string_view stream, Origin origin, std::uint64_t first_version, std::string& out);
void AppendStreamValue(std::uint64_t first_seq, std::uint64_t count, std::string& out);
std::optional<StreamEntry> ParseStreamEntry(std::string_view key, std::string_view value);

}  // namespace monitor
