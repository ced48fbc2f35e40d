// Visitors' keys for who reads a log through: unwrapped once, and what could not be opened is remembered.
// Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

// Keys of a bounded number of visitors. Store and master key must outlive it.
class KeyRing {
 public:
  KeyRing(const EventStore& store, const MasterKey& master_key) : store_(store), master_key_(master_key) {}
  // nullptr: there is none (erased), or it does not open. Good until the next call.
  const VisitorKey* Of(const std::string& partition_key);

 private:
  const EventStore& store_;
  const MasterKey& master_key_;
  std::unordered_map<std::string, std::optional<VisitorKey>> keys_;
};

// Opens by a key that may be missing.
class WatchedCipher : public FieldCipher {
 public:
  explicit WatchedCipher(const VisitorKey* key) : key_(key) {}
  std::string Seal(std::string_view) const override { return {}; }
  std::optional<std::string> Open(std::string_view sealed) const override {
    auto plain = key_ ? key_->Open(sealed) : std::nullopt;
    if (!plain) failed_ = true;
    return plain;
  }
  // Whether anything could not be opened.
  bool failed() const { return failed_; }

 private:
  const VisitorKey* key_;
  mutable bool failed_ = false;
};

}  // namespace monitor
