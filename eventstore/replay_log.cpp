#include "eventstore/replay_log.h"

#include <optional>
#include <unordered_map>
#include <utility>

namespace monitor {
namespace {

// Keys of so many visitors are kept unwrapped; then all are forgotten and read again.
constexpr std::size_t kMaxKeys = 10'000;

// Opens a visitor's fields, and remembers whether any could not be opened.
class WatchedCipher : public FieldCipher {
 public:
  explicit WatchedCipher(const VisitorKey* key) : key_(key) {}
  std::string Seal(std::string_view) const override { return {}; }
  std::optional<std::string> Open(std::string_view sealed) const override {
    auto plain = key_ ? key_->Open(sealed) : std::nullopt;
    if (!plain) failed_ = true;
    return plain;
  }
  bool failed() const { return failed_; }

 private:
  const VisitorKey* key_;
  mutable bool failed_ = false;
};

class LogReplay {
 public:
  LogReplay(const EventStore& store, const MasterKey& master_key, Replayer& replayer)
      : store_(store), master_key_(master_key), replayer_(replayer) {}

  std::expected<void, std::string> Take(const StoredEvent& stored) {
    const WatchedCipher cipher(KeyOf(stored.key));
    auto event = DecodeEventData(stored.type, stored.data, cipher);
    if (!event) {
      return std::unexpected(stored.position.ToString() + ": " + stored.type + ": " + event.error().message);
    }
    replayer_.Take({stored.position.ToString(), stored.time, *std::move(event), !cipher.failed()});
    return {};
  }

 private:
  const VisitorKey* KeyOf(const std::string& partition_key) {
    if (keys_.size() >= kMaxKeys) keys_.clear();
    auto [entry, is_new] = keys_.try_emplace(partition_key);
    if (is_new) {
      auto wrapped = store_.ReadState(StateTable::kVisitorKey, partition_key);
      if (wrapped && *wrapped) entry->second = VisitorKey::Unwrap(master_key_, **wrapped);
    }
    return entry->second ? &*entry->second : nullptr;
  }

  const EventStore& store_;
  const MasterKey& master_key_;
  Replayer& replayer_;
  std::unordered_map<std::string, std::optional<VisitorKey>> keys_;
};

}  // namespace

std::expected<LogPosition, std::string> ReplayLog(const EventStore& store, const MasterKey& master_key,
                                                  Replayer& replayer, const std::function<bool(std::uint64_t)>& go_on) {
  LogReplay replay(store, master_key, replayer);
  const auto origins = store.Origins();
  LogPosition start;
  std::uint64_t read = 0;
  if (!origins.empty()) start = {origins.front().origin, origins.front().first};
  for (const OriginRange& range : origins) {
    LogPosition next{range.origin, range.first};
    while (next.seq <= range.last) {
      auto events = store.ReadLog(next, {});
      if (!events) return std::unexpected(next.ToString() + ": the log cannot be read from here");
      if (events->empty()) break;
      for (const StoredEvent& stored : *events) {
        if (stored.position.seq > range.last) break;  // came while reading
        if (auto taken = replay.Take(stored); !taken) return std::unexpected(taken.error());
        ++read;
      }
      next.seq = events->back().position.seq + 1;
      if (!go_on(read)) return std::unexpected("interrupted at " + next.ToString());
    }
  }
  replayer.Finish();
  return start;
}

}  // namespace monitor
