#include "api/recorded_log.h"

#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "domain/event_codec.h"

namespace monitor {
namespace {

// Opens with a visitor's key and remembers whether something stayed closed.
class WatchedKey : public FieldCipher {
 public:
  explicit WatchedKey(const VisitorKey* key) : key_(key) {}
  std::string Seal(std::string_view) const override { return {}; }
  std::optional<std::string> Open(std::string_view sealed) const override {
    auto plain = key_ != nullptr ? key_->Open(sealed) : std::nullopt;
    if (!plain) all_opened_ = false;
    return plain;
  }
  bool all_opened() const { return all_opened_; }

 private:
  const VisitorKey* key_;
  mutable bool all_opened_ = true;
};

// The keys of the visitors that were met last: a log's neighbours are often one visitor's.
class RecentKeys {
 public:
  explicit RecentKeys(const RecordedLogOptions& options) : options_(options) {}

  const VisitorKey* Find(const VisitorId& visitor) {
    if (auto known = by_visitor_.find(visitor); known != by_visitor_.end()) return known->second->second.get();
    auto key = options_.key_of(visitor);
    recent_.emplace_front(visitor, key ? std::make_unique<VisitorKey>(std::move(*key)) : nullptr);
    by_visitor_[visitor] = recent_.begin();
    if (recent_.size() > kMaxKeys) {
      by_visitor_.erase(recent_.back().first);
      recent_.pop_back();
    }
    return recent_.front().second.get();
  }

 private:
  static constexpr std::size_t kMaxKeys = 10'000;
  using Entries = std::list<std::pair<VisitorId, std::unique_ptr<VisitorKey>>>;

  const RecordedLogOptions& options_;
  Entries recent_;  // the newest first
  std::unordered_map<VisitorId, Entries::iterator> by_visitor_;
};

void Give(const StoredEvent& stored, const std::string& account_prefix, RecentKeys& keys, Replayer& replayer) {
  if (!stored.key.starts_with(account_prefix)) return;
  const VisitorId visitor(std::string_view(stored.key).substr(account_prefix.size()));
  const WatchedKey cipher(visitor.empty() ? nullptr : keys.Find(visitor));
  auto event = DecodeEventData(stored.type, stored.data, cipher);
  if (!event) return;
  replayer.Take({stored.position.ToString(), stored.time, std::move(*event), cipher.all_opened()});
}

}  // namespace

std::expected<LogPosition, StoreError> ReplayLog(const EventStore& store, const AccountId& account,
                                                 const RecordedLogOptions& options, Replayer& replayer) {
  const std::vector<OriginRange> origins = store.Origins();
  const std::string prefix = PartitionKey(account, VisitorId());
  RecentKeys keys(options);
  for (const OriginRange& range : origins) {
    LogPosition from{range.origin, range.first};
    while (from.seq <= range.last) {
      if (options.give_up()) return std::unexpected(StoreError::kUnavailable);
      const auto events = store.ReadLog(from, {});
      if (!events) return std::unexpected(events.error());
      if (events->empty()) break;
      for (const StoredEvent& event : *events) {
        if (event.position.seq <= range.last) Give(event, prefix, keys, replayer);
      }
      from.seq = events->back().position.seq + 1;
    }
  }
  replayer.Finish();
  return LogPosition{origins.front().origin, origins.front().first};
}

}  // namespace monitor
