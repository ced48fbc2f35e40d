#include "api/visits/visitor_cipher.h"

#include <utility>

namespace monitor {

std::string VisitorCipher::Seal(std::string_view plain) const {
  LookUp();
  if (error_) return {};
  if (!visitor_key_) {
    visitor_key_ = VisitorKey::Generate();
    made_ = true;
  }
  return visitor_key_->Seal(plain);
}

std::optional<std::string> VisitorCipher::Open(std::string_view sealed_base64) const {
  LookUp();
  if (!visitor_key_) return std::nullopt;
  return visitor_key_->Open(sealed_base64);
}

void VisitorCipher::LookUp() const {
  if (looked_up_) return;
  looked_up_ = true;
  auto wrapped = store_.ReadState(StateTable::kVisitorKey, key_);
  if (!wrapped) {
    error_ = wrapped.error();
    return;
  }
  if (!*wrapped) return;
  visitor_key_ = VisitorKey::Unwrap(master_, **wrapped);
  if (!visitor_key_) error_ = StoreError::kCorrupt;
}

std::optional<StateWrite> VisitorCipher::NewKeyWrite() const {
  if (!made_) return std::nullopt;
  return StateWrite{StateTable::kVisitorKey, key_, visitor_key_->Wrap(master_)};
}

std::optional<VisitorKey> VisitorCipher::TakeKey() {
  LookUp();
  return std::exchange(visitor_key_, std::nullopt);
}

void VisitorCipher::GiveBack(VisitorKey key) {
  looked_up_ = true;
  visitor_key_ = std::move(key);
}

}  // namespace monitor
