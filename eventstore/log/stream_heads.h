// The newest version of the streams that were appended to lately, so that an expected version is checked without
// reading.
//
// Least recently used ones go, but only when Trim is called: within one batch everything stays, because what the batch
// itself appends can not be read back yet. Owned by the writer; not thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace monitor {

struct StreamHead {
  std::uint64_t length = 0;   // events of the stream in this store, over all its origins
  std::uint64_t version = 0;  // of its newest event in the current origin; versions count anew in every origin
};

class StreamHeads {
 public:
  explicit StreamHeads(std::size_t capacity) : capacity_(capacity) {}

  // nullptr: not remembered. Valid until Trim or Clear.
  StreamHead* Find(std::string_view stream);
  StreamHead* Insert(std::string_view stream, StreamHead head);
  void Trim();
  void Clear();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string stream;
    StreamHead head;
  };
  std::size_t capacity_;
  std::list<Entry> entries_;                                                // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;  // keys are views into entries_
};

}  // namespace monitor
