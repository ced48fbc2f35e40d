#include "eventstore/keys/key_ring.h"

namespace monitor {
namespace {

// So many are kept; then all are forgotten and read again.
constexpr std::size_t kMaxKeys = 10'000;

}  // namespace

const VisitorKey* KeyRing::Of(const std::string& partition_key) {
  if (keys_.size() >= kMaxKeys) keys_.clear();
  auto [entry, is_new] = keys_.try_emplace(partition_key);
  if (is_new) {
    auto wrapped = store_.ReadState(StateTable::kVisitorKey, partition_key);
    if (wrapped && *wrapped) entry->second = VisitorKey::Unwrap(master_key_, **wrapped);
  }
  return entry->second ? &*entry->second : nullptr;
}

}  // namespace monitor
