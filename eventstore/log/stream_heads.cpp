#include "eventstore/log/stream_heads.h"

namespace monitor {

StreamHead* StreamHeads::Find(std::string_view stream) {
  auto found = index_.find(stream);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->head;
}

StreamHead* StreamHeads::Insert(std::string_view stream, StreamHead head) {
  entries_.push_front({std::string(stream), head});
  index_.emplace(entries_.front().stream, entries_.begin());
  return &entries_.front().head;
}

void StreamHeads::Trim() {
  while (entries_.size() > capacity_) {
    index_.erase(entries_.back().stream);
    entries_.pop_back();
  }
}

void StreamHeads::Clear() {
  index_.clear();
  entries_.clear();
}

}  // namespace monitor
