// Compact bytes for what is kept in memory and beside the log. One function template describes a layout in both
// directions, so that what is written and what is read can not drift apart:
//
//   template <class Io, class State>
//   void Fields(Io& io, State& state) { io.Number(state.version); io.Text(state.name); }
//
// Packer writes (State may be const then). Unpacker reads and never trusts: of bytes that no Packer wrote it takes no
// more memory than their length allows, and says failed(). Neither is thread-safe; texts must outlive both.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/values/bytes.h"
#include "domain/values/decimal.h"
#include "domain/values/enumerators.h"
#include "domain/values/names.h"
#include "domain/values/timestamp.h"

namespace monitor {

class Packer {
 public:
  static constexpr bool kReads = false;

  Packer() : bytes_(kFirstSize, '\0') {}
  // What was written.
  std::string Done() && {
    bytes_.resize(size_);
    return std::move(bytes_);
  }

  template <std::integral Number>
  void Int(Number value) {
    if constexpr (std::signed_integral<Number>) {
      const auto wide = static_cast<std::int64_t>(value);  // small ones of either sign become small ones without
      Varint((static_cast<std::uint64_t>(wide) << 1) ^ static_cast<std::uint64_t>(wide >> 63));
    } else {
      Varint(value);
    }
  }
  template <std::unsigned_integral Number>
  void Fixed(Number value) {
    StoreLittle(value, Room(sizeof value));
    size_ += sizeof value;
  }
  void Flag(bool value) { Byte(value ? 1 : 0); }
  template <class Enumeration>
  void Choice(Enumeration value) {
    Byte(static_cast<std::uint8_t>(value));
  }
  void Text(std::string_view text) {
    Varint(text.size());
    Append(text);
  }
  // A text that comes again and again: from the second time on only its place among these.
  void Word(std::string_view word);
  template <class Tag>
  void Word(const NamedString<Tag>& id) {
    Word(std::string_view(id.str()));
  }
  // Digits and hex digits take half their size or less.
  void Id(std::string_view id);
  template <class Tag>
  void Id(const NamedString<Tag>& id) {
    Id(std::string_view(id.str()));
  }
  // As the distance from another time.
  void Time(TimeMs time, TimeMs from) { Int((time - from).count()); }
  void Amount(const Decimal& amount) {
    Int(amount.whole());
    Int(amount.micros());
  }
  template <class T, class Fields>
  void Maybe(const std::optional<T>& value, Fields fields) {
    Flag(value.has_value());
    if (value) fields(*value);
  }
  template <class List, class Fields>
  void Each(const List& list, Fields fields) {
    Varint(list.size());
    for (const auto& element : list) fields(element);
  }

 private:
  static constexpr std::size_t kFirstSize = 512;
  static constexpr std::size_t kMaxVarint = 10;

  // Where so many bytes can be written.
  char* Room(std::size_t size) {
    if (bytes_.size() - size_ < size) bytes_.resize(2 * bytes_.size() + size);
    return bytes_.data() + size_;
  }
  void Byte(std::uint8_t byte) {
    *Room(1) = static_cast<char>(byte);
    ++size_;
  }
  void Varint(std::uint64_t value) {
    char* const begin = Room(kMaxVarint);
    char* end = begin;
    for (; value >= 0x80; value >>= 7) *end++ = static_cast<char>(value | 0x80);
    *end++ = static_cast<char>(value);
    size_ += static_cast<std::size_t>(end - begin);
  }
  void Append(std::string_view bytes) {
    std::memcpy(Room(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void AppendHex(std::string_view digits);

  std::string bytes_;  // longer than what was written
  std::size_t size_ = 0;
  std::vector<std::string_view> words_;
};

class Unpacker {
 public:
  static constexpr bool kReads = true;

  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  void Fail() { failed_ = true; }

  template <std::integral Number>
  void Int(Number& value) {
    const std::uint64_t raw = Varint();
    if constexpr (std::signed_integral<Number>) {
      const auto wide = static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
      value = static_cast<Number>(wide);
      if (value != wide) Fail();
    } else {
      value = static_cast<Number>(raw);
      if (value != raw) Fail();
    }
  }
  template <std::unsigned_integral Number>
  void Fixed(Number& value) {
    const std::string_view bytes = Bytes(sizeof value);
    if (!bytes.empty()) value = LoadLittle<Number>(bytes.data());
  }
  void Flag(bool& value) {
    const std::uint8_t byte = Byte();
    value = byte == 1;
    if (byte > 1) Fail();
  }
  template <class Enumeration>
  void Choice(Enumeration& value) {
    const std::uint8_t byte = Byte();
    if (byte >= kEnumerators<Enumeration>) return Fail();
    value = static_cast<Enumeration>(byte);
  }
  void Text(std::string& text) { text = Bytes(Varint()); }
  void Word(std::string& word) { word = NextWord(); }
  template <class Tag>
  void Word(NamedString<Tag>& id) {
    id = NamedString<Tag>(NextWord());
  }
  void Id(std::string& id);
  template <class Tag>
  void Id(NamedString<Tag>& id) {
    std::string text;
    Id(text);
    id = NamedString<Tag>(std::move(text));
  }
  void Time(TimeMs& time, TimeMs from) {
    std::int64_t distance = 0;
    Int(distance);
    time = FromUnixMs(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(ToUnixMs(from)) + static_cast<std::uint64_t>(distance)));
  }
  void Amount(Decimal& amount);
  template <class T, class Fields>
  void Maybe(std::optional<T>& value, Fields fields) {
    bool there = false;
    Flag(there);
    value.reset();
    if (there) fields(value.emplace());
  }
  // An element takes at least a byte.
  template <class List, class Fields>
  void Each(List& list, Fields fields) {
    const std::uint64_t size = Varint();
    list.clear();
    if (size > rest_.size()) return Fail();
    list.reserve(std::min(size, kReserved));
    for (std::uint64_t i = 0; i < size && !failed_; ++i) fields(list.emplace_back());
  }

 private:
  static constexpr std::uint64_t kReserved = 256;

  std::uint64_t Varint() {
    if (rest_.empty() || static_cast<std::uint8_t>(rest_.front()) >= 0x80) return LongVarint();
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  std::uint64_t LongVarint();
  std::uint8_t Byte() {
    if (rest_.empty()) return Fail(), std::uint8_t{0};
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  std::string_view Bytes(std::uint64_t size);  // empty, and failed, if there are fewer
  std::string_view NextWord();

  std::string_view rest_;
  std::vector<std::string_view> words_;
  bool failed_ = false;
};

}  // namespace monitor
