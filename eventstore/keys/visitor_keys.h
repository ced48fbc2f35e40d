// Visitors' own keys, wrapped by the master key from a file that only nodes have (events.md section 4). libsodium is
// named in visitor_keys.cpp only.
//
// A visitor's key is made with the first event that needs one and written in the same batch (StateTable::kVisitorKey,
// key `accountId/visitorId`, value nonce and wrapped key). Erasing deletes it; what was sealed with it is then gone.
// Threads: const functions from any thread; a key is made, moved and destroyed by its owner.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/events/event_codec.h"
#include "eventstore/event_store.h"

namespace monitor {

class RocksDbStore;

class MasterKey {
 public:
  // The key that this store's data was written with. The store remembers it by its check value: an empty store gets a
  // key file made if there is none, one that remembers nothing yet takes the file's key if that opens any visitor's
  // key. A store that has data without that key is refused: one sentence that names the file. A read-only store is
  // written nothing to, nor a file made.
  static std::expected<MasterKey, std::string> LoadFor(RocksDbStore& store, const std::string& path);

  // Reads the file (32 bytes as 64 hex digits, mode 600); makes it if it is missing and `create` is set. The error is
  // one clear sentence.
  static std::expected<MasterKey, std::string> Load(const std::string& path, bool create);

  // 32 bytes that tell two keys apart and nothing about either: a keyed hash of a constant.
  std::string CheckValue() const;

  // HMAC of (iss, sub): hex, the same on every node that has the same master key. An absent iss equals "".
  IdentityHash HashIdentity(std::string_view iss, std::string_view sub) const;

  ~MasterKey();
  MasterKey(MasterKey&&) noexcept;
  MasterKey& operator=(MasterKey&&) noexcept;

 private:
  friend class VisitorKey;
  MasterKey();
  struct Secret;
  std::unique_ptr<Secret> secret_;
};

// One visitor's key in the clear; wiped when destroyed.
class VisitorKey : public FieldCipher {
 public:
  static VisitorKey Generate();
  // nullopt: not wrapped by this master key, or damaged.
  static std::optional<VisitorKey> Unwrap(const MasterKey& master, std::string_view wrapped);
  std::string Wrap(const MasterKey& master) const;

  std::string Seal(std::string_view plain) const override;
  std::optional<std::string> Open(std::string_view sealed_base64) const override;
  // The same as bare bytes.
  std::string SealBytes(std::string_view plain) const;
  std::optional<std::string> OpenBytes(std::string_view sealed) const;

  ~VisitorKey() override;
  VisitorKey(VisitorKey&&) noexcept;
  VisitorKey& operator=(VisitorKey&&) noexcept;

 private:
  VisitorKey();
  struct Secret;
  std::unique_ptr<Secret> secret_;
};

}  // namespace monitor
