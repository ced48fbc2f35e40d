// The log of a copied backup, while what the topic has beyond it is put back. Not thread-safe.
//
// Events keep their seq, prevseq, bucket, time and version: only their rows are made anew. The log is not opened as a
// store meanwhile, for its current origin may get holes in seq, which only a closed one may have.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/backup/key_copy.h"
#include "eventstore/log/bucket_heads.h"
#include "eventstore/log/database.h"

namespace monitor {

class RestoredLog {
 public:
  template <class Value>
  using Result = std::expected<Value, std::string>;  // the error is one sentence

  // `path`: a copied backup that nobody has open. `keys`: of the copy that belongs to it.
  static Result<std::unique_ptr<RestoredLog>> Open(const std::string& path, const KeyCopyHead& keys);

  // An event of the topic, whoever's: in any order of the partitions, in its own within each.
  Result<void> Take(const StoredEvent& event);
  // After the last one: what came back follows on what was there, and is found by its streams.
  Result<void> FinishEvents();

  // Puts a visitor's key back, unless the topic told that it was erased since it was copied. False: it was.
  Result<bool> PutKey(std::string_view visitor, std::string_view wrapped);
  Result<void> Flush();

  // What the topic is known to have of each own origin: what the node's relay must not take for another one's.
  std::vector<LogPosition> RelayedPositions() const;
  // The last step: the next epoch, the relay's positions (if there is a broker), what is to be folded at the first
  // start.
  Result<Origin> BeginEpoch(bool broker);

  std::uint64_t added() const { return added_; }
  std::uint64_t not_relayed() const;

 private:
  struct Own {
    std::uint64_t last = 0;     // in the backup
    std::uint64_t relayed = 0;  // as the backup knew it
    std::uint64_t end = 0;      // with what came back
    std::vector<bool> seen;     // of relayed + 1 to last, on the topic
    BucketHeads heads;          // at `last`
  };

  RestoredLog() = default;
  Result<void> Load(const std::string& path);
  void TakeErasure(const StoredEvent& event);
  Result<void> FinishOrigin(Origin origin, const Own& own);
  Result<void> FlushIfLarge();
  void Put(Family family, std::string_view key, std::string_view value);

  KeyCopyHead keys_;
  std::unique_ptr<Database> database_;
  rocksdb::WriteBatch batch_;
  std::uint32_t node_ = 0;
  LogPosition backup_end_;
  std::map<std::uint32_t, Own> own_;                     // by epoch
  std::set<std::string, std::less<>> erased_;            // keys of these are not put back
  std::set<std::string, std::less<>> erased_accounts_;   // nor of these
  std::set<std::string, std::less<>> erased_elsewhere_;  // by another node
  std::uint64_t added_ = 0;
};

}  // namespace monitor
