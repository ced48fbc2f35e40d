// A visitor's own key, fetched from the store when something must be sealed or opened, and made with the first event
// that needs one (events.md section 4, visitor_keys.h).
//
// Belongs to its visitor's owner: not thread-safe. After any sealing or opening ask error(): with one, nothing that was
// sealed may be kept (a key that can not be read must never be replaced by a new one).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

class VisitorCipher : public FieldCipher {
 public:
  // `key` is `accountId/visitorId`. `known_to_have_none`: a visitor id just generated has no key to look for.
  VisitorCipher(const EventStore& store, const MasterKey& master, std::string key, bool known_to_have_none)
      : store_(store), master_(master), key_(std::move(key)), looked_up_(known_to_have_none) {}

  std::string Seal(std::string_view plain) const override;
  std::optional<std::string> Open(std::string_view sealed_base64) const override;

  // The write that a key just made needs, in the same batch as what was sealed with it; nullopt if there is none.
  std::optional<StateWrite> NewKeyWrite() const;
  void NewKeyWritten() { made_ = false; }

  std::optional<StoreError> error() const { return error_; }
  // The key, to be taken out; nullopt if there is none.
  std::optional<VisitorKey> TakeKey();
  // One that was taken out before.
  void GiveBack(VisitorKey key);
  // nullptr: the visitor has none, or it can not be read (error).
  const VisitorKey* key() const {
    LookUp();
    return visitor_key_ ? &*visitor_key_ : nullptr;
  }

 private:
  void LookUp() const;

  const EventStore& store_;
  const MasterKey& master_;
  const std::string key_;
  // FieldCipher is const; fetching the key at the first need does not change what it seals or opens.
  mutable bool looked_up_;
  mutable bool made_ = false;
  mutable std::optional<VisitorKey> visitor_key_;
  mutable std::optional<StoreError> error_;
};

}  // namespace monitor
